package main

import (
	"context"
	"time"

	"pieks/node/control"
)

// DayCmd shows the appointments of a day with who has them.
type DayCmd struct {
	Day string `arg:"" optional:"" help:"The day, such as 2026-12-01; left out, today." placeholder:"DATE"`
}

func (c *DayCmd) Run(ctx context.Context, a *app) error {
	from := or(c.Day, time.Now().In(berlin).Format(time.DateOnly))
	var days []control.Day
	if err := a.ask(ctx, "Looking at the day", control.MethodDay, control.DayRequest{From: from}, &days, practiceRole); err != nil {
		return err
	}
	return a.report(days, func(p *page) {
		for _, d := range days {
			dayPage(p, d)
		}
	})
}

func dayPage(p *page, d control.Day) {
	if len(d.Entries) == 0 {
		p.linef("No appointments on %s.", d.Day)
		return
	}
	var rows [][]string
	for _, e := range d.Entries {
		who, state := "", e.State
		if e.Booking != nil && e.Booking.Patient != nil {
			who = e.Booking.Patient.Name
			state = or(e.Booking.Visits[e.Visit].Outcome, state)
		}
		rows = append(rows, []string{clock(e.Start) + "-" + clock(e.End), e.Vaccine + " " + dose(e.Dose), p.a.state(state), who, e.ID})
	}
	p.table([]string{"TIME", "VACCINE, DOSE", "STATE", "WHO", "ID"}, rows)
	for _, v := range d.Vials {
		if v.Left > 0 {
			p.linef("%s: %s left of the last vial. `pieks slots leftover` offers them.", v.Vaccine, count(v.Left, "dose is", "doses are"))
		}
	}
}

// PhoneCmd books for a caller.
type PhoneCmd struct {
	Appointments []string `arg:"" name:"appointment" help:"Open or blocked appointments of 'pieks slots list': one, or first and second dose."`
	Data         string   `help:"Read name and birth date from a JSON file, '-' is standard input." placeholder:"FILE" env:"-" type:"path"`
	Name         string   `help:"Name of the patient." placeholder:"NAME" env:"-"`
	BirthDate    string   `help:"Birth date of the patient." placeholder:"1950-03-01" env:"-"`
	Phone        string   `help:"Phone number, to call when something changes." placeholder:"NUMBER" env:"-"`
}

func (PhoneCmd) Help() string {
	return `For patients who call. The answer has the code to read out or print; 'pieks bookings BOOKING' shows it again. Nobody can tell the patient of changes but you.

    pieks phone APPOINTMENT
    echo '{"name": "Erika Beispiel", "birth_date": "1950-03-01"}' | pieks phone APPOINTMENT --data -`
}

func (c *PhoneCmd) Run(ctx context.Context, a *app) error {
	who, err := (&BookCmd{Yes: true, Data: c.Data, Name: c.Name, BirthDate: c.BirthDate, Phone: c.Phone}).person(a)
	if err != nil {
		return err
	}
	in := control.Phone{Appointments: c.Appointments, Name: who.Name, BirthDate: who.BirthDate, Phone: who.Phone}
	return a.oneBooking(ctx, "Booking", control.MethodPhone, in)
}

// oneBooking asks for something that answers with the booking as it is then.
func (a *app) oneBooking(ctx context.Context, what, method string, in any) error {
	var out control.Booking
	if err := a.ask(ctx, what, method, in, &out, practiceRole); err != nil {
		return err
	}
	return a.report(out, func(p *page) { bookingPage(p, out) })
}

// AttendCmd checks a patient in who shows no code.
type AttendCmd struct {
	Visit string `arg:"" help:"The booking; BOOKING/2 is its second visit."`
}

func (AttendCmd) Help() string {
	return `Only on the day of the visit, and after you have compared name and birth date. With a code use 'pieks verify'.

    pieks attend BOOKING`
}

func (c *AttendCmd) Run(ctx context.Context, a *app) error {
	v, err := visitName(c.Visit)
	if err != nil {
		return err
	}
	return a.oneBooking(ctx, "Checking in", control.MethodAttend, v)
}

// OutcomeCmd writes down what became of a visit.
type OutcomeCmd struct {
	Visit   string `arg:"" help:"The booking; BOOKING/2 is its second visit."`
	Outcome string `arg:"" enum:"vaccinated,noshow,none" help:"vaccinated, after the check-in; noshow, after the start; none takes either back."`
	Lot     string `help:"Lot number of the vaccine." placeholder:"NUMBER"`
}

func (OutcomeCmd) Help() string {
	return `It stays at the practice.

    pieks outcome BOOKING vaccinated --lot EX1234
    pieks outcome BOOKING noshow`
}

func (c *OutcomeCmd) Run(ctx context.Context, a *app) error {
	v, err := visitName(c.Visit)
	if err != nil {
		return err
	}
	in := control.Outcome{VisitName: v, Outcome: c.Outcome, Lot: c.Lot}
	if in.Outcome == "none" {
		in.Outcome = ""
	}
	return a.oneBooking(ctx, "Writing down", control.MethodOutcome, in)
}
