package practice

import (
	"context"
	"time"

	"pieks/node/booking"
	"pieks/node/control"
)

const (
	// leftOverNotice: who sees the dose at once has to get here.
	leftOverNotice = 45 * time.Minute
	// leftOverLength: all who come for an open vial come together.
	leftOverLength = 10 * time.Minute
	// leftOverLatest: nobody should be asked to come out later in the evening.
	leftOverLatest = 21 * time.Hour
)

// leftOver offers the doses of an open vial: as many appointments at one time today. They close by being booked.
func (n *Node) leftOver(ctx context.Context, in control.LeftOver) (control.SlotsChanged, error) {
	var none control.SlotsChanged
	vaccine, err := n.offered(in.Vaccine, 0)
	if err != nil {
		return none, err
	}
	if most := int(vaccine.VialDoses) - 1; in.Count < 1 || in.Count > most {
		if most < 1 {
			return none, control.Coded(control.KindUsage, control.CodeSingleVial, "A vial of %s gives one dose, so none can be left over.", vaccine.Name)
		}
		return none, control.Coded(control.KindUsage, control.CodeLeftDoses, "An open vial of %s has 1 to %d doses left.", vaccine.Name, most)
	}
	now := n.home.Now()
	today := booking.InZone(now)
	at := booking.InZone(quarterAfter(now.Add(leftOverNotice)))
	if in.At != "" {
		if at, err = booking.AtClock(today, in.At); err != nil {
			return none, usage(err)
		}
	}
	if at.After(lastCall(today)) {
		return none, control.Coded(control.KindUsage, control.CodeTooLate, "It is too late for today: appointments for left-over doses begin until 21:00.")
	}
	var add []booking.Appointment
	for range in.Count {
		add = append(add, booking.Appointment{Start: at, End: at.Add(leftOverLength), Vaccine: in.Vaccine})
	}
	ids, err := n.ledger.Add(ctx, add)
	if err != nil {
		return none, usage(err)
	}
	return n.slotsChanged(ids), nil
}

// quarterAfter is the first full quarter of an hour that is not before t. Berlin's clocks differ from UTC by whole hours.
func quarterAfter(t time.Time) time.Time {
	const quarter = 15 * time.Minute
	if full := t.Truncate(quarter); full.Equal(t) {
		return t
	}
	return t.Truncate(quarter).Add(quarter)
}

// lastCall is 21:00 of the day of today.
func lastCall(today time.Time) time.Time {
	y, m, d := today.Date()
	return time.Date(y, m, d, int(leftOverLatest/time.Hour), 0, 0, 0, today.Location())
}
