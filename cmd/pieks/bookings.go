package main

import (
	"context"

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
		if v.Digits != "" && v.State == "booked" {
			p.line("")
			p.line("Show this at the desk:")
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
	Booking string `arg:"" help:"The booking, as 'pieks bookings' names it."`
	Reason  string `help:"Say why; the other side reads it." placeholder:"TEXT"`
	Yes     bool   `short:"y" env:"-" help:"Do not ask first."`
}

func (CancelCmd) Help() string {
	return `The other side is told, at once or when it is back, and the appointment is offered again with the next tick.

    pieks cancel BOOKING --reason "Ich bin krank"`
}

func (c *CancelCmd) Run(ctx context.Context, a *app) error {
	if !c.Yes && a.interactive() {
		agreed, err := a.confirm("Cancel booking " + c.Booking + "?")
		if err != nil || !agreed {
			return err
		}
	}
	var out control.Booking
	in := control.CancelRequest{Booking: c.Booking, Reason: c.Reason}
	if err := a.ask(ctx, "Cancelling", control.MethodCancel, in, &out, patientRole, practiceRole); err != nil {
		return err
	}
	return a.report(out, func(p *page) { bookingPage(p, out) })
}
