package reception

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"

	"pieks/node/booking"
	"pieks/node/control"
)

// give books appointments for somebody: by phone, or as a patient's node would.
func (p *practice) give(patient control.Patient, phone bool, slots ...*control.Appointment) *control.Booking {
	b := &control.Booking{ID: p.id("b", 32), State: "booked", Created: p.now(), Phone: phone, Patient: &patient}
	for _, a := range slots {
		a.State = "booked"
		p.next++
		sum := sha256.Sum256([]byte{byte(p.next)})
		digits := fmt.Sprintf("%06d-%04d-%d", p.next, 1000+p.next, p.next%10)
		b.Visits = append(b.Visits, control.Visit{Start: a.Start, End: a.End, Vaccine: a.Vaccine, Dose: a.Dose, State: "booked", Appointment: a.ID,
			Digits: digits, Words: "konflikt weisheit trinken station", QR: "TM1:" + base32.StdEncoding.EncodeToString(sum[:25])})
	}
	p.bookings = append(p.bookings, b)
	return b
}

func (p *practice) phone(_ context.Context, in control.Phone) (control.Booking, error) {
	var slots []*control.Appointment
	for _, id := range in.Appointments {
		a := p.slot(id)
		if a == nil {
			return control.Booking{}, control.As(control.KindNotFound, booking.ErrNoAppointment)
		}
		if a.State != "open" && a.State != "blocked" {
			return control.Booking{}, control.As(control.KindConflict, booking.ErrTaken)
		}
		slots = append(slots, a)
	}
	b := p.give(control.Patient{Name: in.Name, BirthDate: in.BirthDate, Phone: in.Phone}, true, slots...)
	p.changes.Changed()
	return *b, nil
}

func (p *practice) visit(name control.VisitName) (*control.Booking, *control.Visit, error) {
	b := p.booking(name.Booking)
	if b == nil || name.Visit < 0 || name.Visit >= len(b.Visits) {
		return nil, nil, control.As(control.KindNotFound, booking.ErrNoBooking)
	}
	return b, &b.Visits[name.Visit], nil
}

func (p *practice) attend(_ context.Context, in control.VisitName) (control.Booking, error) {
	b, v, err := p.visit(in)
	if err != nil {
		return control.Booking{}, err
	}
	if v.State != "booked" || v.Outcome != "" || isoDay(v.Start) < isoDay(p.now()) {
		return control.Booking{}, control.Errorf(control.KindConflict, "Not today, or not booked.")
	}
	v.State, v.Attended = "attended", p.now()
	p.slot(v.Appointment).State = "attended"
	p.changes.Changed()
	return *b, nil
}

func (p *practice) outcome(_ context.Context, in control.Outcome) (control.Booking, error) {
	b, v, err := p.visit(in.VisitName)
	if err != nil {
		return control.Booking{}, err
	}
	ok := in.Outcome == "" || in.Outcome == "vaccinated" && v.State == "attended" || in.Outcome == "noshow" && v.State == "booked" && !p.now().Before(v.Start)
	if !ok {
		return control.Booking{}, control.Errorf(control.KindConflict, "Not in this state.")
	}
	v.Outcome, v.Lot = in.Outcome, in.Lot
	p.changes.Changed()
	return *b, nil
}

func (p *practice) verify(_ context.Context, in control.VerifyRequest) (control.VerifyResult, error) {
	if p.wrong >= 5 {
		return control.VerifyResult{Reason: "locked", Message: "locked", Until: p.now().Add(15 * time.Minute)}, nil
	}
	code := strings.ToUpper(strings.TrimSpace(in.Code))
	switch {
	case strings.HasPrefix(code, "000000-0000-1"):
		return control.VerifyResult{Reason: "typo", Message: "typo"}, nil
	case strings.HasPrefix(code, "PIEKS:"):
		return control.VerifyResult{Reason: "form", Message: "form"}, nil
	}
	for _, b := range p.bookings {
		for i := range b.Visits {
			v := &b.Visits[i]
			if v.Digits != code && v.QR != code || isoDay(v.Start) < isoDay(p.now()) {
				continue
			}
			if v.State == "attended" {
				visit := *v
				return control.VerifyResult{Reason: "used", Message: "used", Used: v.Attended, Booking: b, Visit: &visit}, nil
			}
			if v.State == "booked" {
				v.State, v.Attended = "attended", p.now()
				p.slot(v.Appointment).State = "attended"
				p.changes.Changed()
				visit := *v
				return control.VerifyResult{OK: true, Booking: b, Visit: &visit}, nil
			}
		}
	}
	p.wrong++
	return control.VerifyResult{Reason: "unknown", Message: "unknown"}, nil
}

func (p *practice) move(_ context.Context, in control.Move) (control.Change, error) {
	names := in.Visits
	for _, b := range p.bookings {
		for i, v := range b.Visits {
			if in.Day != "" && isoDay(v.Start) == in.Day && v.State == "booked" {
				names = append(names, control.VisitName{Booking: b.ID, Visit: i})
			}
		}
	}
	change := control.Change{Kind: "move", Reason: in.Reason, Made: p.now(), Until: p.now().Add(10 * time.Minute)}
	var shift time.Duration
	for n, name := range names {
		b, v, err := p.visit(name)
		if err != nil {
			return change, err
		}
		c := control.Changed{VisitName: name, Patient: *b.Patient, From: *v, Told: !b.Phone}
		to := *v
		if in.Appointment != "" {
			a := p.slot(in.Appointment)
			if a == nil || a.State != "open" {
				return change, control.As(control.KindConflict, booking.ErrTaken)
			}
			to.Start, to.End, to.Appointment = a.Start, a.End, a.ID
		} else {
			at, err := time.ParseInLocation("2006-01-02 15:04", in.ToDay+" "+v.Start.Format("15:04"), v.Start.Location())
			if err != nil {
				return change, control.Errorf(control.KindUsage, "Say where to.")
			}
			if n == 0 && in.ToTime != "" {
				first, err := time.ParseInLocation("2006-01-02 15:04", in.ToDay+" "+in.ToTime, v.Start.Location())
				if err != nil {
					return change, control.Errorf(control.KindUsage, "Say where to.")
				}
				shift = first.Sub(at)
			}
			to.Start, to.End = at.Add(shift), at.Add(shift).Add(v.End.Sub(v.Start))
		}
		switch {
		case v.State == "attended":
			c.Problem = "attended"
		case !to.Start.After(p.now()):
			c.Problem = "past"
		default:
			c.To = &to
		}
		change.Visits = append(change.Visits, c)
	}
	if in.Preview {
		return change, nil
	}
	change.ID = p.id("c", 16)
	for i, c := range change.Visits {
		if c.Problem != "" {
			continue
		}
		_, v, _ := p.visit(c.VisitName)
		p.slot(v.Appointment).State = "withdrawn"
		to := *c.To
		if in.Appointment == "" {
			a := p.add(to.Start, to.End.Sub(to.Start), to.Vaccine, to.Dose)
			to.Appointment = a.ID
		}
		p.slot(to.Appointment).State = "booked"
		*v = to
		p.booking(c.Booking).Moved = p.now()
		change.Visits[i].To = &to
	}
	p.note(change)
	return change, nil
}

func (p *practice) note(change control.Change) {
	p.journal = append([]*control.Change{&change}, p.journal...)
	p.changes.Changed()
}

func (p *practice) cancelMany(_ context.Context, in control.CancelMany) (control.Change, error) {
	change := control.Change{Kind: "cancel", Reason: in.Reason, Made: p.now(), Until: p.now().Add(10 * time.Minute)}
	for _, b := range p.bookings {
		on := func(v control.Visit) bool { return in.Day != "" && isoDay(v.Start) == in.Day && v.State == "booked" }
		if !slices.Contains(in.Bookings, b.ID) && !slices.ContainsFunc(b.Visits, on) {
			continue
		}
		for i, v := range b.Visits {
			c := control.Changed{VisitName: control.VisitName{Booking: b.ID, Visit: i}, Patient: *b.Patient, From: v, Told: !b.Phone}
			if v.State == "attended" {
				c.Problem = "attended"
			}
			change.Visits = append(change.Visits, c)
		}
	}
	if in.Preview {
		return change, nil
	}
	change.ID = p.id("c", 16)
	for _, c := range change.Visits {
		if c.Problem != "" {
			continue
		}
		b, v, _ := p.visit(c.VisitName)
		v.State, b.State = "cancelled", "cancelled"
		p.slot(v.Appointment).State = "withdrawn"
		if in.Reopen {
			p.slot(v.Appointment).State = "open"
		}
	}
	p.note(change)
	return change, nil
}

func (p *practice) undo(_ context.Context, in control.UndoRequest) (control.Change, error) {
	i := slices.IndexFunc(p.journal, func(c *control.Change) bool { return c.ID == in.Change })
	if i < 0 || !p.now().Before(p.journal[i].Until) {
		return control.Change{}, control.Errorf(control.KindConflict, "This can no longer be taken back.")
	}
	was := p.journal[i]
	change := control.Change{ID: was.ID, Kind: "undo", Made: p.now()}
	for _, c := range was.Visits {
		if c.Problem != "" {
			continue
		}
		b, v, err := p.visit(c.VisitName)
		if err != nil {
			return change, err
		}
		if a := p.slot(v.Appointment); v.Appointment != c.From.Appointment {
			a.State = "withdrawn"
		}
		*v, b.State = c.From, "booked"
		p.slot(v.Appointment).State = "booked"
		to := *v
		change.Visits = append(change.Visits, control.Changed{VisitName: c.VisitName, Patient: c.Patient, From: c.From, To: &to, Told: c.Told})
	}
	p.journal = slices.Delete(p.journal, i, i+1)
	p.changes.Changed()
	return change, nil
}

func (p *practice) recent(context.Context) (list []control.Change, _ error) {
	for _, c := range p.journal {
		if p.now().Before(c.Until) {
			list = append(list, *c)
		}
	}
	return list, nil
}
