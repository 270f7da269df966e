package main

import (
	"context"
	"strings"

	"github.com/mdp/qrterminal/v3"

	"pieks/node/control"
)

// BookingsCmd lists what is booked, at the patient with the verification tokens.
type BookingsCmd struct {
	ID  string `arg:"" optional:"" name:"booking" help:"Show only this booking, with its verification token."`
	All bool   `help:"Also show what was cancelled, taken or has expired."`
}

func (BookingsCmd) Help() string {
	return `A patient's list works without a network: it shows what to present at the desk.

    pieks bookings
    pieks bookings BOOKING`
}

func (c *BookingsCmd) Run(ctx context.Context, a *app) error {
	var all []control.Booking
	if err := a.ask(ctx, "Listing the bookings", control.MethodBookings, nil, &all, patientRole, practiceRole); err != nil {
		return err
	}
	list := []control.Booking{}
	for _, b := range all {
		if c.ID == b.ID || c.ID == "" && (c.All || a.json || !lost(b.State)) {
			list = append(list, b)
		}
	}
	if c.ID != "" {
		if len(list) == 0 {
			return control.Errorf(control.KindNotFound, "There is no booking %s here. `pieks bookings --all` lists them.", c.ID)
		}
		return a.report(list[0], func(p *page) { bookingPage(p, list[0]) })
	}
	return a.report(list, func(p *page) { bookingsPage(p, list) })
}

func bookingsPage(p *page, list []control.Booking) {
	if len(list) == 0 {
		p.line("No bookings.")
		return
	}
	var rows [][]string
	for _, b := range list {
		who := ""
		switch {
		case b.Practice != nil:
			who = b.Practice.Name
		case b.Patient != nil:
			who = b.Patient.Name
		}
		if len(b.Visits) == 0 {
			rows = append(rows, []string{"until " + instant(b.Until), "", who, p.a.state(b.State), b.ID})
		}
		for _, v := range b.Visits {
			rows = append(rows, []string{span(v.Start, v.End), v.Vaccine + " " + dose(v.Dose), who, p.a.state(or(v.State, b.State)), b.ID})
		}
	}
	p.table([]string{"VISIT", "VACCINE, DOSE", "WITH", "STATE", "BOOKING"}, rows)
}

// bookingPage shows one booking, the token so that it can be read across a desk.
func bookingPage(p *page, b control.Booking) {
	a := p.a
	p.linef("%s  %s", a.bold(a.state(title(b.State))), a.faint("booking "+b.ID))
	if b.Message != "" && sentence(b.Message) != title(b.State)+"." {
		p.line(sentence(b.Message))
	}
	if b.State == "pending" {
		p.linef("Pending until %s; nothing is booked yet.", instant(b.Until))
	}
	p.line("")
	if b.Practice != nil && b.Practice.Name != "" {
		practicePage(p, *b.Practice)
	}
	if b.Patient != nil {
		p.pairs([2]string{"Patient", a.bold(b.Patient.Name)}, [2]string{"Born", b.Patient.BirthDate}, [2]string{"Phone", b.Patient.Phone})
	}
	for _, v := range b.Visits {
		p.line("")
		p.line(a.bold(span(v.Start, v.End)) + "  " + v.Vaccine + ", dose " + dose(v.Dose))
		if v.Outcome != "" {
			p.pairs([2]string{"Outcome", v.Outcome}, [2]string{"Lot", v.Lot})
		}
		if v.Digits != "" && v.State == "booked" {
			p.line("")
			p.line(map[bool]string{true: "To read out or print for the patient:", false: "Show this at the desk:"}[b.Phone])
			codePage(p, v.Digits, v.Words, v.QR)
		}
	}
}

// codePage shows a code in its three forms, so that it can be read across a desk.
func codePage(p *page, digits, words, qr string) {
	p.line("")
	if p.a.terminal {
		for _, row := range bigDigits(digits) {
			p.line("  " + row)
		}
		p.line("")
	}
	p.line("  " + p.a.bold(digits))
	if words != "" {
		p.line("  " + p.a.bold(words))
	}
	if qr != "" && p.a.terminal {
		p.line("")
		qrterminal.GenerateHalfBlock(qr, qrterminal.M, p)
	}
}

// CancelCmd cancels from either side.
type CancelCmd struct {
	Bookings []string `arg:"" optional:"" name:"booking" help:"The booking, as 'pieks bookings' names it; a practice may name several."`
	Day      string   `help:"Practice: all bookings with a visit on this day." placeholder:"DATE"`
	Reason   string   `help:"Say why; the other side reads it." placeholder:"TEXT"`
	Reopen   bool     `help:"Practice: offer the appointments to others, instead of withdrawing them."`
	Preview  bool     `help:"Practice, with several: only show what would be cancelled."`
	Yes      bool     `short:"y" env:"-" help:"Do not ask first."`
}

func (CancelCmd) Help() string {
	return `The other side is told, at once or when it is back. When a patient cancels, the appointment is offered again with the next tick. A practice that cancels several, or a day, can take it back for ten minutes: pieks undo

    pieks cancel BOOKING --reason "Ich bin krank"
    pieks cancel --day 2026-12-01 --reason "Kein Impfstoff" --preview`
}

func (c *CancelCmd) Run(ctx context.Context, a *app) error {
	if (len(c.Bookings) == 0) == (c.Day == "") {
		return usagef("Name the booking to cancel, or at a practice all of one day with --day DATE.")
	}
	if !c.Yes && !c.Preview && a.interactive() {
		what := "all bookings of " + c.Day
		if c.Day == "" {
			what = "booking " + strings.Join(c.Bookings, ", ")
		}
		agreed, err := a.confirm("Cancel " + what + "?")
		if err != nil || !agreed {
			return err
		}
	}
	var out control.Booking
	if len(c.Bookings) != 1 || c.Preview {
		return a.change(ctx, "Cancelling", control.MethodCancelMany,
			control.CancelMany{Bookings: c.Bookings, Day: c.Day, Reason: c.Reason, Reopen: c.Reopen, Preview: c.Preview})
	}
	in := control.CancelRequest{Booking: c.Bookings[0], Reason: c.Reason, Reopen: c.Reopen}
	if err := a.ask(ctx, "Cancelling", control.MethodCancel, in, &out, patientRole, practiceRole); err != nil {
		return err
	}
	return a.report(out, func(p *page) { bookingPage(p, out) })
}
