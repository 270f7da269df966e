package practice

import (
	"context"
	"time"

	"pieks/node/booking"
	"pieks/node/control"
)

// move moves bookings to other times.
func (n *Node) move(ctx context.Context, in control.Move) (control.Change, error) {
	order, err := readMove(in)
	if err != nil {
		return control.Change{}, err
	}
	order.Interval = n.interval
	c, err := n.openedDesk().booking.Move(ctx, order)
	if err != nil {
		return control.Change{}, usage(err)
	}
	return shownChange(c), nil
}

func readMove(in control.Move) (order booking.MoveOrder, err error) {
	order = booking.MoveOrder{Reason: in.Reason, Preview: in.Preview}
	for _, v := range in.Visits {
		id, err := booking.ParseBookingID(v.Booking)
		if err != nil {
			return order, usage(err)
		}
		order.Visits = append(order.Visits, booking.VisitRef{Booking: id, Visit: v.Visit})
	}
	if in.Appointment != "" {
		id, err := booking.ParseAppointmentID(in.Appointment)
		if err != nil {
			return order, usage(err)
		}
		order.Appointment = &id
	}
	if in.ToTime != "" {
		at, err := time.Parse("15:04", in.ToTime)
		if err != nil || len(in.ToTime) != len("15:04") {
			return order, control.Coded(control.KindUsage, control.CodeClock, "A time of day is written like 09:00.")
		}
		clock := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
		order.ToTime = &clock
	}
	if order.Day, err = optionalDay(in.Day); err != nil {
		return order, err
	}
	order.ToDay, err = optionalDay(in.ToDay)
	return order, err
}

func optionalDay(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return readDay(text)
}

// cancelMany cancels bookings.
func (n *Node) cancelMany(ctx context.Context, in control.CancelMany) (control.Change, error) {
	order := booking.CancelOrder{Reason: in.Reason, Reopen: in.Reopen, Preview: in.Preview}
	for _, text := range in.Bookings {
		id, err := booking.ParseBookingID(text)
		if err != nil {
			return control.Change{}, usage(err)
		}
		order.Bookings = append(order.Bookings, id)
	}
	var err error
	if order.Day, err = optionalDay(in.Day); err != nil {
		return control.Change{}, err
	}
	c, err := n.openedDesk().booking.CancelMany(ctx, order)
	if err != nil {
		return control.Change{}, usage(err)
	}
	return shownChange(c), nil
}

// undo takes a change back.
func (n *Node) undo(ctx context.Context, in control.UndoRequest) (control.Change, error) {
	id, err := booking.ParseChangeID(in.Change)
	if err != nil {
		return control.Change{}, usage(err)
	}
	c, err := n.openedDesk().booking.Undo(ctx, id)
	if err != nil {
		return control.Change{}, usage(err)
	}
	return shownChange(c), nil
}

// listChanges lists what can be taken back.
func (n *Node) listChanges(context.Context) ([]control.Change, error) {
	all, err := n.ledger.Changes()
	if err != nil {
		return nil, err
	}
	list := []control.Change{}
	for _, c := range all {
		list = append(list, shownChange(c))
	}
	return list, nil
}

func shownChange(c booking.Change) control.Change {
	out := control.Change{Kind: c.Kind.String(), Made: c.Made, Until: c.Until, Reason: c.Reason, Visits: []control.Changed{}}
	if c.ID != (booking.ChangeID{}) {
		out.ID = c.ID.String()
	}
	for _, v := range c.Visits {
		one := control.Changed{
			VisitName: control.VisitName{Booking: v.Booking.String(), Visit: v.Visit}, Patient: *shownPatient(v.Patient),
			From: shownVisit(v.From), Problem: string(v.Problem), Told: v.Told,
		}
		if v.To != nil {
			to := shownVisit(*v.To)
			one.To = &to
		}
		out.Visits = append(out.Visits, one)
	}
	return out
}
