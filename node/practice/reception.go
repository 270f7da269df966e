package practice

import (
	"context"

	"pieks/node/booking"
	"pieks/node/control"
)

// interval is how many days a vaccine asks for between two doses.
func (n *Node) interval(vaccine string) (least, most int) {
	policy := n.home.Network.Policy()
	if policy == nil {
		return 0, 0
	}
	v := policy.Vaccines[vaccine]
	return v.IntervalDays[0], v.IntervalDays[1]
}

// bookByPhone books for a caller. The answer has the codes.
func (n *Node) bookByPhone(ctx context.Context, in control.Phone) (control.Booking, error) {
	order := booking.PhoneOrder{
		Patient:  booking.Patient{Name: in.Name, BirthDate: in.BirthDate, Phone: in.Phone},
		Interval: n.interval,
	}
	for _, text := range in.Appointments {
		id, err := booking.ParseAppointmentID(text)
		if err != nil {
			return control.Booking{}, usage(err)
		}
		order.Appointments = append(order.Appointments, id)
	}
	b, err := n.ledger.Phone(ctx, order)
	if err != nil {
		return control.Booking{}, usage(err)
	}
	return n.shown(b), nil
}

// attend checks in without a code.
func (n *Node) attend(ctx context.Context, in control.VisitName) (control.Booking, error) {
	id, err := booking.ParseBookingID(in.Booking)
	if err != nil {
		return control.Booking{}, usage(err)
	}
	b, err := n.openedDesk().booking.Attend(ctx, id, in.Visit)
	if err != nil {
		return control.Booking{}, usage(err)
	}
	return n.shown(b), nil
}

// setOutcome writes down what became of a visit.
func (n *Node) setOutcome(ctx context.Context, in control.Outcome) (control.Booking, error) {
	id, err := booking.ParseBookingID(in.Booking)
	if err != nil {
		return control.Booking{}, usage(err)
	}
	outcome, err := booking.ParseOutcome(in.Outcome)
	if err != nil {
		return control.Booking{}, usage(err)
	}
	b, err := n.ledger.SetOutcome(ctx, id, in.Visit, outcome, in.Lot)
	if err != nil {
		return control.Booking{}, usage(err)
	}
	return n.shown(b), nil
}
