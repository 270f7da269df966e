package patient

import (
	"cmp"
	"slices"
	"time"

	"pieks/node/control"
)

// Stage is how far a booking has come, as its card says it: the keys of the texts pt_stage_*.
type Stage string

// The stages.
const (
	Asking     Stage = "asking"     // the practice is asked, or draws
	Waiting    Stage = "waiting"    // the practice is offline: the request waits for it
	Held       Stage = "held"       // an offer that is to be confirmed
	Confirming Stage = "confirming" // accepted; the practice's receipt is not here yet
	Booked     Stage = "booked"
	Leaving    Stage = "leaving"   // cancelled here, the practice does not know yet
	Past       Stage = "past"      // booked, and its last visit is over
	Attended   Stage = "attended"  // the practice checked them in
	Cancelled  Stage = "cancelled" // by the patient
	Withdrawn  Stage = "withdrawn" // by the practice
	Taken      Stage = "taken"
	Expired    Stage = "expired"
	Refused    Stage = "refused"
	Released   Stage = "released" // given back by the patient before it was booked
)

// stageOf reads it from the booking.
func stageOf(b control.Booking, now time.Time) Stage {
	switch b.State {
	case "pending", "offered":
		switch {
		case b.Patient != nil:
			return Confirming
		case b.State == "offered":
			return Held
		case b.Mailed:
			return Waiting
		}
		return Asking
	case "booked":
		if b.Leaving {
			return Leaving
		}
		if end := lastEnd(b); !end.IsZero() && end.Before(now) {
			return Past
		}
		return Booked
	case "attended":
		if end := lastEnd(b); end.After(now) && slices.ContainsFunc(b.Visits, func(v control.Visit) bool { return v.State == "booked" }) {
			return Booked // the first of two
		}
		return Attended
	case "cancelled":
		if b.Why == control.WhyCancelledByPractice || b.Reason != "" {
			return Withdrawn
		}
		return Cancelled
	case "taken":
		return Taken
	case "expired":
		if b.Why == control.WhyReleased {
			return Released
		}
		return Expired
	}
	return Refused
}

// Lost says that there will be no appointment of it, and not because the patient wished so.
func (s Stage) Lost() bool { return s == Withdrawn || s == Taken || s == Expired || s == Refused }

// Open says that the practice has not answered for good.
func (s Stage) Open() bool {
	return s == Asking || s == Waiting || s == Held || s == Confirming || s == Leaving
}

func firstStart(b control.Booking) (first time.Time) {
	for _, v := range b.Visits {
		if first.IsZero() || v.Start.Before(first) {
			first = v.Start
		}
	}
	return first
}

func lastEnd(b control.Booking) (last time.Time) {
	for _, v := range b.Visits {
		if v.State != "cancelled" && v.End.After(last) {
			last = v.End
		}
	}
	return last
}

// upcoming are the bookings that the first page shows: what is booked or under way, and what its practice cancelled until the day
// that it was for. By start.
func upcoming(all []control.Booking, now time.Time) []control.Booking {
	var some []control.Booking
	for _, b := range all {
		switch s := stageOf(b, now); {
		case s == Booked || s.Open():
		case s == Withdrawn && firstStart(b).After(now):
		default:
			continue
		}
		some = append(some, b)
	}
	slices.SortStableFunc(some, func(a, b control.Booking) int { return cmp.Compare(firstStart(a).Unix(), firstStart(b).Unix()) })
	return some
}

// over are all others that came to an appointment or were cancelled, newest first; requests that came to nothing are left out.
func over(all []control.Booking, now time.Time) []control.Booking {
	var some []control.Booking
	for _, b := range all {
		switch s := stageOf(b, now); {
		case s == Past, s == Attended, s == Cancelled, s == Withdrawn && !firstStart(b).After(now):
			some = append(some, b)
		}
	}
	slices.SortStableFunc(some, func(a, b control.Booking) int { return cmp.Compare(firstStart(b).Unix(), firstStart(a).Unix()) })
	return some
}

// people are those who were booked for, the newest first, each once.
func people(all []control.Booking) []control.Patient {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b control.Booking) int { return b.Created.Compare(a.Created) })
	var some []control.Patient
	for _, b := range sorted {
		if b.Patient == nil || b.Patient.Name == "" || len(some) == knownPeople {
			continue
		}
		if !slices.ContainsFunc(some, func(p control.Patient) bool { return p.Name == b.Patient.Name && p.BirthDate == b.Patient.BirthDate }) {
			some = append(some, *b.Patient)
		}
	}
	return some
}
