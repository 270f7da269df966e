package practice

import (
	"cmp"
	"context"
	"slices"
	"time"

	"pieks/node/booking"
	"pieks/node/control"
)

// daysAtOnce: a month's view.
const daysAtOnce = 31

// showDays lists the appointments of some days with who has them, and counts their vials.
func (n *Node) showDays(_ context.Context, in control.DayRequest) ([]control.Day, error) {
	first, err := readDay(in.From)
	if err != nil {
		return nil, err
	}
	last := first
	if in.To != "" {
		if last, err = readDay(in.To); err != nil {
			return nil, err
		}
	}
	if last.Before(first) || last.After(first.AddDate(0, 0, daysAtOnce-1)) {
		return nil, control.Coded(control.KindUsage, control.CodeDays, "Ask for 1 to %d days, the first one first.", daysAtOnce)
	}
	now := n.home.Now()
	days := []control.Day{}
	at := map[string]int{}
	for d := first; !d.After(last); d = d.AddDate(0, 0, 1) {
		at[d.Format(time.DateOnly)] = len(days)
		days = append(days, control.Day{Day: d.Format(time.DateOnly), Entries: []control.Entry{}})
	}
	shown := map[booking.BookingID]*control.Booking{}
	for _, o := range n.ledger.Between(booking.StartOfDay(first), booking.StartOfDay(last.AddDate(0, 0, 1))) {
		day := &days[at[o.Start.Format(time.DateOnly)]]
		e := control.Entry{Appointment: shownAppointment(o.Appointment, o.Listed), Visit: o.Visit}
		if o.Booking != nil {
			b := shown[o.Booking.ID]
			if b == nil {
				made := n.shown(*o.Booking)
				b = &made
				shown[o.Booking.ID] = b
			}
			e.Booking = b
		}
		day.Entries = append(day.Entries, e)
	}
	for i := range days {
		days[i].Vials = n.vials(days[i].Entries, now)
	}
	return days, nil
}

// vials counts the doses of one day.
func (n *Node) vials(entries []control.Entry, now time.Time) []control.Vial {
	counts := map[string]*control.Vial{}
	for _, e := range entries {
		v := counts[e.Vaccine]
		if v == nil {
			v = &control.Vial{Vaccine: e.Vaccine}
			counts[e.Vaccine] = v
		}
		switch e.State {
		case "booked", "attended":
			if e.Booking == nil || e.Booking.Visits[e.Visit].Outcome != booking.NoShow.String() {
				v.Booked++
			}
		case "open", "held":
			if now.Before(e.Start) {
				v.Open++
			}
		}
	}
	policy := n.home.Network.Policy()
	vials := []control.Vial{}
	for code, v := range counts {
		if policy != nil {
			v.Doses = int(policy.Vaccines[code].VialDoses)
		}
		v.Left = leftOf(v.Booked, v.Doses)
		vials = append(vials, *v)
	}
	slices.SortFunc(vials, func(a, b control.Vial) int { return cmp.Compare(a.Vaccine, b.Vaccine) })
	return vials
}

// leftOf is how many doses the last opened vial has left.
func leftOf(booked, doses int) int {
	if doses == 0 {
		return 0
	}
	return (doses - booked%doses) % doses
}

// readDay reads a date like 2026-12-01, as midnight UTC.
func readDay(text string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return day, control.Coded(control.KindUsage, control.CodeDay, "A day is written like 2026-12-01.")
	}
	return day, nil
}

func shownAppointment(a booking.Appointment, listed bool) control.Appointment {
	return control.Appointment{
		ID: a.ID.String(), Start: a.Start, End: a.End, Vaccine: a.Vaccine, Dose: int(a.Dose), State: a.Status.String(), Listed: listed,
	}
}
