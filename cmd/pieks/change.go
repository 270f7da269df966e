package main

import (
	"context"
	"strconv"
	"strings"

	"pieks/node/control"
)

// MoveCmd gives booked visits other times.
type MoveCmd struct {
	Visits      []string `arg:"" optional:"" name:"visit" help:"Bookings, as 'pieks bookings' names them; BOOKING/2 is the second visit of one."`
	Day         string   `help:"All visits that are booked on this day." placeholder:"DATE"`
	ToDay       string   `help:"Day to move to; the times of day stay, unless --to-time says another." placeholder:"DATE"`
	ToTime      string   `help:"When the first one begins; the others keep their distance." placeholder:"HH:MM"`
	Appointment string   `help:"An open or blocked appointment that the one visit takes." placeholder:"ID"`
	Reason      string   `help:"Say why; the patients read it." placeholder:"TEXT"`
	Preview     bool     `help:"Only show what would change."`
}

func (MoveCmd) Help() string {
	return `Patients are told at once or when they are back, and keep their codes. Those who booked by phone have to be called: the list says so. For ten minutes 'pieks undo' takes it back.

    pieks move --day 2026-12-01 --to-day 2026-12-03 --reason "Lieferung fehlt" --preview
    pieks move BOOKING --to-time 11:30`
}

func (c *MoveCmd) Run(ctx context.Context, a *app) error {
	if (len(c.Visits) == 0) == (c.Day == "") {
		return usagef("Name the bookings to move, or all of one day with --day DATE.")
	}
	in := control.Move{Day: c.Day, ToDay: c.ToDay, ToTime: c.ToTime, Appointment: c.Appointment, Reason: c.Reason, Preview: c.Preview}
	for _, text := range c.Visits {
		v, err := visitName(text)
		if err != nil {
			return err
		}
		in.Visits = append(in.Visits, v)
	}
	return a.change(ctx, "Moving", control.MethodMove, in)
}

// visitName reads BOOKING or BOOKING/2.
func visitName(text string) (control.VisitName, error) {
	booking, number, two := strings.Cut(text, "/")
	v := control.VisitName{Booking: booking}
	if two {
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 {
			return v, usagef("%q is no visit of a booking: write BOOKING/1 or BOOKING/2", text)
		}
		v.Visit = n - 1
	}
	return v, nil
}

// change asks for a change of bookings and shows it.
func (a *app) change(ctx context.Context, what, method string, in any) error {
	var out control.Change
	if err := a.ask(ctx, what, method, in, &out, practiceRole); err != nil {
		return err
	}
	err := a.report(out, func(p *page) { changePage(p, out) })
	if err == nil && out.ID == "" && allStay(out.Visits) {
		return &reportedError{}
	}
	return err
}

func allStay(visits []control.Changed) bool {
	for _, v := range visits {
		if v.Problem == "" {
			return false
		}
	}
	return true
}

// problemTexts are the sentences for the problems of visits.
var problemTexts = map[string]string{
	"past": "is past, or would be", "attended": "was attended", "cancelled": "is cancelled", "same": "is there already",
	"clock": "that day has no such time, or has it twice", "full": "that day is full", "held": "the appointment is not free",
	"vaccine": "the appointment is for another vaccine or dose", "interval": "the doses would be too close or too far apart",
	"taken": "somebody else has the appointment", "changed": "was changed since",
}

func changePage(p *page, c control.Change) {
	a := p.a
	head := map[string]string{"move": "Moved", "cancel": "Cancelled", "undo": "Taken back"}[c.Kind]
	if c.ID == "" && c.Kind != "undo" {
		head = "Nothing was changed. This would be " + strings.ToLower(head)
	}
	p.line(a.bold(head) + ":")
	var rows [][]string
	for _, v := range c.Visits {
		to, tell := "", "is told"
		switch {
		case v.To != nil:
			to = span(v.To.Start, v.To.End)
		case c.Kind == "cancel":
			to = "cancelled"
		}
		if !v.Told {
			tell = a.bold("has to be called") + " " + v.Patient.Phone
		}
		if v.Problem != "" {
			to, tell = "stays", a.red(or(problemTexts[v.Problem], v.Problem))
		}
		rows = append(rows, []string{span(v.From.Start, v.From.End), to, v.Patient.Name, tell})
	}
	p.table([]string{"FROM", "TO", "WHO", ""}, rows)
	if c.ID != "" {
		p.linef("Until %s it can be taken back: pieks undo %s", clock(c.Until), c.ID)
	}
}

// UndoCmd takes a change back.
type UndoCmd struct {
	Change string `arg:"" optional:"" help:"The change; left out, those are listed that can be taken back."`
}

func (UndoCmd) Help() string {
	return `Moved and cancelled bookings can be taken back for ten minutes, as far as nobody else has the appointments by then. The patients are told again.

    pieks undo
    pieks undo CHANGE`
}

func (c *UndoCmd) Run(ctx context.Context, a *app) error {
	if c.Change != "" {
		return a.change(ctx, "Taking the change back", control.MethodUndo, control.UndoRequest{Change: c.Change})
	}
	list := []control.Change{}
	if err := a.ask(ctx, "Listing the changes", control.MethodChanges, nil, &list, practiceRole); err != nil {
		return err
	}
	return a.report(list, func(p *page) {
		if len(list) == 0 {
			p.line("Nothing can be taken back.")
			return
		}
		var rows [][]string
		for _, one := range list {
			rows = append(rows, []string{clock(one.Made), one.Kind, count(len(one.Visits), "visit", "visits"), clock(one.Until), one.ID})
		}
		p.table([]string{"MADE", "WHAT", "", "UNTIL", "CHANGE"}, rows)
	})
}
