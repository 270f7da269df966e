package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"pieks/node/control"
)

// SlotsCmd hands out appointments. Its commands speak to the running node of the practice.
type SlotsCmd struct {
	Add      SlotsAddCmd      `cmd:"" help:"Offer appointments on one day."`
	Plan     SlotsPlanCmd     `cmd:"" help:"Offer appointments on many days by weekday."`
	Leftover SlotsLeftoverCmd `cmd:"" help:"Offer the doses of an open vial today."`
	List     SlotsListCmd     `cmd:"" help:"List the appointments of this practice."`
	Block    SlotsBlockCmd    `cmd:"" help:"Stop offering appointments until they are unblocked."`
	Unblock  SlotsUnblockCmd  `cmd:"" help:"Offer blocked appointments again."`
	Withdraw SlotsWithdrawCmd `cmd:"" help:"Take open or blocked appointments back for good."`
}

type SlotsAddCmd struct {
	Day     string `required:"" help:"Day of the appointments, such as 2026-12-01." placeholder:"DATE"`
	From    string `required:"" help:"When the first one starts, Berlin time." placeholder:"HH:MM"`
	To      string `required:"" help:"When the last one ends." placeholder:"HH:MM"`
	Every   string `default:"10m" help:"How long each takes (${default})." placeholder:"DURATION"`
	Vaccine string `required:"" help:"Code of the vaccine; 'pieks network show' lists the codes." placeholder:"CODE"`
	Dose    int    `default:"1" help:"Which dose they are for (${default})." placeholder:"N"`
	Count   int    `help:"Offer at most so many; 0 is as many as fit." placeholder:"N"`
	Fold    string `enum:",first,second" default:"" help:"In the night when clocks go back: the first or the second of two equal times." placeholder:"first|second"`
}

func (SlotsAddCmd) Help() string {
	return `Patients of the region see them after the next tick of the network. Until a patient has the practice's offer, only the day, the part of the day and the area are public.

    pieks slots add --day 2026-12-01 --from 09:00 --to 12:00 --every 10m --vaccine comirnaty
    pieks slots add --day 2026-12-01 --from 14:00 --to 15:00 --every 15m --vaccine influenza --count 2`
}

func (c *SlotsAddCmd) Run(ctx context.Context, a *app) error {
	if c.Count < 0 || c.Dose < 0 {
		return usagef("--count and --dose are not negative")
	}
	in := control.SlotsAdd{Day: c.Day, From: c.From, To: c.To, Every: c.Every, Vaccine: c.Vaccine, Dose: c.Dose, Fold: c.Fold, Count: c.Count}
	return changeSlots(ctx, a, "Offered", control.MethodSlotsAdd, in)
}

// selection names appointments of the practice, as `pieks slots list` shows them.
type selection struct {
	IDs []string `arg:"" optional:"" name:"id" help:"Appointments, as 'pieks slots list' names them."`
	Day string   `help:"All appointments of this day." placeholder:"DATE"`
}

func (s selection) change(ctx context.Context, a *app, done, method string) error {
	if (len(s.IDs) == 0) == (s.Day == "") {
		return usagef("Name the appointments, or all of one day with --day DATE. `pieks slots list` shows them.")
	}
	return changeSlots(ctx, a, done, method, control.SlotsSelect{IDs: s.IDs, Day: s.Day})
}

type SlotsBlockCmd struct{ selection }
type SlotsUnblockCmd struct{ selection }
type SlotsWithdrawCmd struct{ selection }

func (c *SlotsBlockCmd) Run(ctx context.Context, a *app) error {
	return c.change(ctx, a, "Blocked", control.MethodSlotsBlock)
}

func (c *SlotsUnblockCmd) Run(ctx context.Context, a *app) error {
	return c.change(ctx, a, "Offered again", control.MethodSlotsUnblock)
}

func (c *SlotsWithdrawCmd) Run(ctx context.Context, a *app) error {
	return c.change(ctx, a, "Withdrawn", control.MethodSlotsWithdraw)
}

func (SlotsWithdrawCmd) Help() string {
	return `Booked appointments are not withdrawn but cancelled, so that the patient is told: pieks cancel BOOKING

    pieks slots withdraw --day 2026-12-01`
}

func changeSlots(ctx context.Context, a *app, done, method string, in any) error {
	var out control.SlotsChanged
	if err := a.ask(ctx, "Changing the appointments", method, in, &out, practiceRole); err != nil {
		return err
	}
	return a.report(out, func(p *page) {
		p.linef("%s: %s. Open now: %d.", done, count(out.Changed, "appointment", "appointments"), out.Open)
		if !out.Visible.IsZero() {
			p.linef("Patients see it from %s on.", precise(out.Visible))
		}
	})
}

type SlotsListCmd struct {
	Day   string `help:"Only this day." placeholder:"DATE"`
	State string `enum:",open,blocked,held,booked,attended,withdrawn" default:"" help:"Only appointments in this state: open, blocked, held, booked, attended or withdrawn." placeholder:"STATE"`
}

func (c *SlotsListCmd) Run(ctx context.Context, a *app) error {
	if c.Day != "" {
		if _, err := time.Parse(time.DateOnly, c.Day); err != nil {
			return usagef("--day is a date such as 2026-12-01")
		}
	}
	var all []control.Appointment
	if err := a.ask(ctx, "Listing the appointments", control.MethodSlotsList, nil, &all, practiceRole); err != nil {
		return err
	}
	list := []control.Appointment{} // an empty result is [], not null
	for _, one := range all {
		if (c.State == "" || one.State == c.State) && (c.Day == "" || one.Start.In(berlin).Format(time.DateOnly) == c.Day) {
			list = append(list, one)
		}
	}
	return a.report(list, func(p *page) {
		if len(list) == 0 {
			p.line("No appointments. Offer some with `pieks slots add --help`.")
			return
		}
		var rows [][]string
		for _, one := range list {
			rows = append(rows, []string{day(one.Start), clock(one.Start) + "-" + clock(one.End), one.Vaccine, dose(one.Dose), a.state(one.State), one.ID})
		}
		p.table([]string{"DAY", "TIME", "VACCINE", "DOSE", "STATE", "ID"}, rows)
	})
}

// dose is which dose an appointment is for; 0 is any.
func dose(n int) string {
	if n == 0 {
		return "any"
	}
	return strconv.Itoa(n)
}

// state colours what someone has to look at.
func (a *app) state(s string) string {
	switch strings.ToLower(s) {
	case "booked", "attended", "success":
		return a.green(s)
	case "held", "pending", "offered":
		return a.paint("33", s)
	case "cancelled", "canceled", "taken", "expired", "refused", "withdrawn":
		return a.faint(s)
	}
	return s
}

// VerifyCmd checks what a patient shows at the desk.
type VerifyCmd struct {
	Code []string `arg:"" optional:"" help:"The digits, the four words, or the text of the QR code. Left out or '-': it is read from standard input, so that it is in no process list."`
}

func (VerifyCmd) Help() string {
	return `Works without a network. A code is accepted once, and after a few wrong tries each further one waits longer. Unknown, expired and wrong codes get the same answer.

    pieks verify 123456-7890-1
    pieks verify apfel birne wolke zaun
    pieks verify                       asks for the code, or reads it from a scanner`
}

func (c *VerifyCmd) Run(ctx context.Context, a *app) error {
	code, err := a.argumentOrLine(c.Code, "Code:")
	if err != nil {
		return err
	}
	var out control.VerifyResult
	if err := a.ask(ctx, "Checking the code", control.MethodVerify, control.VerifyRequest{Code: code}, &out, practiceRole); err != nil {
		return err
	}
	err = a.report(out, func(p *page) {
		if !out.OK {
			p.line(a.red("Not accepted. ") + sentence(out.Message))
			return
		}
		p.line(a.green("Accepted. ") + sentence(out.Message))
		var rows [][2]string
		if out.Booking != nil && out.Booking.Patient != nil {
			rows = append(rows, [2]string{"Patient", a.bold(out.Booking.Patient.Name)}, [2]string{"Born", out.Booking.Patient.BirthDate})
		}
		if v := out.Visit; v != nil {
			rows = append(rows, [2]string{"Visit", span(v.Start, v.End)}, [2]string{"Vaccine", fmt.Sprintf("%s, dose %s", v.Vaccine, dose(v.Dose))})
		}
		p.pairs(rows...)
	})
	if err == nil && !out.OK {
		return &reportedError{}
	}
	return err
}
