package patient

import (
	"pieks/card"
	"pieks/node/booking"
	"pieks/node/control"
)

// shown is a booking as its own user sees it.
func (n *Node) shown(e *entry) control.Booking {
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.attempt
	out := control.Booking{
		ID: a.ID().String(), State: a.State().String(), Until: a.Deadline(), Message: sentence(e), Test: n.test(), Visits: []control.Visit{},
	}
	if view, ok := a.View(); ok {
		practice := practiceOf(view.Licence)
		out.Practice = &practice
	}
	for _, v := range a.Visits() {
		out.Visits = append(out.Visits, visit(v))
	}
	return out
}

// offer is what the user decides on.
func (n *Node) offer(e *entry) control.Offer {
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.attempt
	out := control.Offer{
		Booking: a.ID().String(), State: a.State().String(), Until: a.Deadline(), Message: sentence(e), Test: n.test(), Visits: []control.Visit{},
	}
	if view, ok := a.View(); ok {
		out.Practice = practiceOf(view.Licence)
		out.Licence, out.Telematik = view.Licence.ProfessionName, view.Licence.TelematikID
	}
	for _, v := range a.Visits() {
		out.Visits = append(out.Visits, visit(v))
	}
	return out
}

func practiceOf(l card.Licence) control.Practice {
	s := l.Statement
	return control.Practice{Name: s.Name, Street: s.Street, PLZ: s.PLZ, Place: s.Place, Phone: s.Phone, Directions: s.Directions}
}

func visit(v booking.Visit) control.Visit {
	out := control.Visit{Start: v.Start, End: v.End, Vaccine: v.Vaccine, Dose: int(v.Dose), State: v.State.String()}
	if v.Code != nil {
		out.Digits, out.Words, out.QR = v.Code.Digits(), v.Code.Words(), v.Code.QR()
	}
	return out
}

// sentence says for people what the state means and what comes next.
func sentence(e *entry) string {
	if e.rec.Message != "" {
		return e.rec.Message
	}
	until := e.attempt.Deadline().Local().Format("2006-01-02 15:04")
	switch e.attempt.State() {
	case booking.Pending:
		if e.rec.Mailed != 0 {
			return "The practice is offline. Your request waits for it, sealed, until " + until + "."
		}
		return "The practice has not answered yet."
	case booking.Offered:
		return "Held for you until " + until + ". Confirm to book."
	case booking.Confirmed:
		return "Your confirmation is on its way; the practice has not written it down yet."
	case booking.Booked:
		if e.rec.Cancel {
			return "You cancelled. The practice hears of it as soon as it is reached."
		}
		return "Booked."
	case booking.Cancelled:
		if receipt, ok := e.attempt.Receipted(); ok && receipt.Reason != "" {
			return "Cancelled: " + receipt.Reason
		}
		return "Cancelled."
	case booking.Taken:
		return "Somebody else was faster: search again."
	case booking.Expired:
		return "The practice did not answer in time: search again."
	}
	return ""
}
