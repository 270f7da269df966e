package patient

import (
	"errors"
	"time"

	"pieks/node/booking"
	"pieks/node/control"
)

// standing is how an entry stood before a message was taken.
type standing struct {
	state  booking.State
	visits []booking.Visit
}

func (e *entry) standing() standing { return standing{e.attempt.State(), e.attempt.Visits()} }

// settle notes for people what a message changed, and why an entry ended. Call it with the entry's mutex held; err is what the attempt said of the message.
func (e *entry) settle(was standing, err error, now time.Time) {
	state, r := e.attempt.State(), &e.rec
	switch {
	case errors.Is(err, booking.ErrPatient) && state == booking.Offered:
		r.Message, r.Why, r.Consent = err.Error(), control.WhyDetails, nil // or it would be sent again and again
	case errors.Is(err, booking.ErrLate) && state == booking.Booked && r.Cancel:
		r.Message, r.Why, r.Cancel = err.Error(), control.WhyLate, false
	case state != was.state && state.Ended() && err != nil:
		r.Message, r.Why = err.Error(), whyOf(err)
	case state != was.state:
		r.Message, r.Why = "", "" // what was said of the state before
	}
	e.settleVisits(was)
	switch {
	case state == booking.Cancelled && was.state != booking.Cancelled:
		r.Over, r.Left, r.Cancel = uint64(now.Unix()), r.Left || r.Cancel, false
	case state == booking.Booked && was.state == booking.Cancelled:
		r.Over = 0
		if r.Left {
			r.Cancel, r.Mailed = true, 0 // the practice took its cancellation back, which does not bring the patient back
		}
	}
}

// expire ends an entry whose time is over, and says whether it did. What was wrong with somebody's data is no longer the reason then.
func (e *entry) expire(now time.Time) bool {
	if !e.attempt.Expire(now) {
		return false
	}
	if e.rec.Why == control.WhyDetails {
		e.rec.Message, e.rec.Why = "", ""
	}
	return true
}

// settleVisits notes what the practice did to visits: moved them, or cancelled them without having been asked.
func (e *entry) settleVisits(was standing) {
	receipt, told := e.attempt.Receipted()
	visits := e.attempt.Visits()
	if !told || len(visits) != len(was.visits) {
		return
	}
	for i, v := range visits {
		before := was.visits[i]
		if !v.Start.Equal(before.Start) || !v.End.Equal(before.End) {
			e.rec.Moved = receipt.Issued
		}
		if v.State == booking.Cancelled && before.State != booking.Cancelled && !e.rec.Cancel {
			e.rec.Why = control.WhyCancelledByPractice
		}
	}
}

// refutes says that an answer is none that this node takes from a practice.
func refutes(err error) bool {
	return errors.Is(err, booking.ErrOffer) || errors.Is(err, booking.ErrLicence) || errors.Is(err, booking.ErrArea)
}

// whyOf is the code for what an attempt said of a message.
func whyOf(err error) string {
	for _, w := range whys {
		if errors.Is(err, w.err) {
			return w.code
		}
	}
	return control.WhyRefused
}

// whys are looked through from the top: a licence that was revoked is both.
var whys = []struct {
	err  error
	code string
}{
	{booking.ErrTaken, control.WhyTaken},
	{booking.ErrExpired, control.WhyExpired}, {booking.ErrUnknown, control.WhyExpired}, {booking.ErrCommit, control.WhyExpired},
	{booking.ErrLimit, control.WhyLimit},
	{booking.ErrPatient, control.WhyDetails},
	{booking.ErrShutOut, control.WhyRevoked}, {booking.ErrLicence, control.WhyLicence}, {booking.ErrArea, control.WhyArea},
	{booking.ErrOffer, control.WhyForged}, {booking.ErrReceipt, control.WhyForged}, {booking.ErrSignature, control.WhyForged},
	{booking.ErrLate, control.WhyLate},
}

// setAway notes whether the practice, or a relay for it, took the last message.
func (e *entry) setAway(away bool, changes *control.Changes) {
	e.mu.Lock()
	turned := e.away != away
	e.away = away
	e.mu.Unlock()
	if turned {
		changes.Changed()
	}
}

// isAway says whether nobody took the last message.
func (e *entry) isAway() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.away
}
