package patient

import (
	"time"

	"pieks/card"
	"pieks/node/booking"
	"pieks/node/control"
)

// shown is a booking as its own user sees it.
func (n *Node) shown(e *entry) control.Booking {
	usable := n.home.Network.Usable() == nil
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.attempt
	out := control.Booking{
		ID: a.ID().String(), State: a.State().String(), Until: a.Deadline(), Message: sentence(e), Test: n.test(), Visits: []control.Visit{},
		Created: a.Created(), Why: e.why(usable), Mailed: e.waitsAtRelay(), Leaving: e.leaving(), Instead: e.rec.Instead,
	}
	if e.rec.Moved != 0 {
		out.Moved = time.Unix(int64(e.rec.Moved), 0).UTC()
	}
	if c := e.rec.Consent; c != nil {
		out.Patient = &control.Patient{Name: c.Name, BirthDate: c.BirthDate, Phone: c.Phone}
	}
	if receipt, ok := a.Receipted(); ok {
		out.Reason = receipt.Reason
	}
	if view, ok := a.View(); ok {
		practice := practiceOf(view.Licence)
		out.Practice, out.Licence = &practice, view.Licence.ProfessionName
	}
	offered := a.Offered()
	for i, v := range a.Visits() {
		shown := visit(v)
		if i < len(offered) && !offered[i].Start.Equal(v.Start) {
			shown.Before = offered[i].Start
		}
		out.Visits = append(out.Visits, shown)
	}
	return out
}

// offer is what the user decides on.
func (n *Node) offer(e *entry) control.Offer {
	usable := n.home.Network.Usable() == nil
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.attempt
	out := control.Offer{
		Booking: a.ID().String(), State: a.State().String(), Why: e.why(usable), Until: a.Deadline(), Message: sentence(e), Test: n.test(),
		Visits: []control.Visit{},
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

// waitsAtRelay says that what was last sent lies at a relay until the practice is there again.
func (e *entry) waitsAtRelay() bool {
	switch e.attempt.State() {
	case booking.Pending:
		return e.rec.Mailed == booking.KindRequest
	case booking.Confirmed:
		return e.rec.Mailed == booking.KindConfirm
	case booking.Booked:
		return e.rec.Cancel && e.rec.Mailed == booking.KindOrder
	}
	return false
}

// leaving says that its user cancelled it, and the practice has not said that it knows.
func (e *entry) leaving() bool { return e.rec.Cancel && !e.attempt.State().Ended() }

// why is the code for what an entry waits for, or why nothing came of it; "" when there is nothing to explain.
func (e *entry) why(usable bool) string {
	state := e.attempt.State()
	switch {
	case e.rec.Why != "":
		return e.rec.Why
	case state == booking.Taken:
		return control.WhyTaken
	case state == booking.Expired:
		return control.WhyExpired
	case state == booking.Refused:
		return whyOf(e.attempt.Err())
	case !usable && (state == booking.Pending || state == booking.Offered):
		return control.WhyNetwork
	case e.waitsAtRelay():
		return control.WhyOffline
	case e.away && (state == booking.Pending || state == booking.Confirmed || e.leaving()):
		return control.WhyUnreached
	}
	return ""
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
