package booking

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"pieks/gossip"
)

// ChangeID names a change of bookings that can be taken back.
type ChangeID [8]byte

func (id ChangeID) String() string { return hex.EncodeToString(id[:]) }

// ParseChangeID reads what String gives, or gives ErrChangeID.
func ParseChangeID(text string) (ChangeID, error) {
	var id ChangeID
	err := parseHex(id[:], text, ErrChangeID)
	return id, err
}

// Errors of changes. With each nothing was changed.
var (
	ErrChangeID   = errors.New("a change id is 16 characters 0-9 and a-f: `pieks undo` shows those that can be taken back")
	ErrNoChange   = errors.New("this change cannot be taken back: it is older than ten minutes, or was taken back already")
	ErrNobody     = errors.New("nobody is booked there: name visits, or a day that has some")
	ErrManyVisits = fmt.Errorf("at most %d visits can be changed at once: name fewer", maxChange)
	ErrOneVisit   = errors.New("only one visit can take an appointment: name one")
	ErrNoTarget   = errors.New("say where to: another day, another time, or one appointment")
	ErrReasonText = fmt.Errorf("%w: the reason has more than %d bytes or control characters", ErrMessage, maxReason)
	ErrFarAhead   = fmt.Errorf("that is more than %d years ahead: check the year", maxYearsAhead)
)

// ChangeKind is what a change did.
type ChangeKind uint8

// The kinds.
const (
	Moving     ChangeKind = 1
	Cancelling ChangeKind = 2
	Undoing    ChangeKind = 3
)

// String is the word of the control API.
func (k ChangeKind) String() string {
	return [...]string{"", "move", "cancel", "undo"}[min(k, Undoing)]
}

// Problem is why a visit stays as it is while others change; "" is none.
type Problem string

// The problems.
const (
	ProblemPast      Problem = "past"      // the visit has begun, or would begin in the past
	ProblemAttended  Problem = "attended"  // its patient was here
	ProblemCancelled Problem = "cancelled" // it is not booked any more
	ProblemSame      Problem = "same"      // it is at that time already
	ProblemClock     Problem = "clock"     // that day has no such time of day, or has it twice
	ProblemFull      Problem = "full"      // that day has too many appointments
	ProblemHeld      Problem = "held"      // the appointment is not open, or somebody is just booking it
	ProblemVaccine   Problem = "vaccine"   // the appointment is for another vaccine or dose
	ProblemInterval  Problem = "interval"  // first and second dose would be too close or too far apart
	ProblemTaken     Problem = "taken"     // taking back: somebody else has the appointment by now
	ProblemChanged   Problem = "changed"   // taking back: the booking was changed since
)

// VisitRef is one visit of a booking.
type VisitRef struct {
	Booking BookingID
	Visit   int // index into Booking.Visits
}

// Change is what was done, or would be done, with some visits.
type Change struct {
	ID     ChangeID // zero when nothing was changed
	Kind   ChangeKind
	Made   time.Time
	Until  time.Time // it can be taken back until then
	Reason string
	Visits []ChangedVisit // by start
}

// ChangedVisit is one visit of a change. One with a Problem stays as it is.
type ChangedVisit struct {
	VisitRef
	Patient Patient
	From    Visit
	To      *Visit // nil: cancelled, or nothing
	Problem Problem
	Told    bool // the patient has a node that is told
}

// touched is one visit in the hands of a change.
type touched struct {
	VisitRef
	record  bookingRecord
	visit   visitRecord
	to      appointmentRecord // where it goes; End is 0 while that is not known
	take    AppointmentID     // the appointment that it takes; zero: one is made
	problem Problem
}

// unfit says why a visit cannot be changed at the time now.
func (v visitRecord) unfit(now time.Time) Problem {
	switch {
	case v.State == Attended:
		return ProblemAttended
	case v.State != Booked:
		return ProblemCancelled
	case !now.Before(unix(v.Start)):
		return ProblemPast
	}
	return ""
}

func (t touched) changed(to *Visit) ChangedVisit {
	b := t.record.booking(t.Booking)
	return ChangedVisit{VisitRef: t.VisitRef, Patient: t.record.Patient, From: b.Visits[t.Visit], To: to, Problem: t.problem, Told: !t.record.ByPhone}
}

// touch finds the visits that are named, or all that are booked on a day, by start.
func (l *Ledger) touch(refs []VisitRef, day time.Time) ([]touched, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var all []touched
	if len(refs) == 0 && !day.IsZero() {
		for id, record := range l.known.bookings {
			for n, v := range record.Visits {
				if v.State == Booked && gossip.DayOf(unix(v.Start).In(berlin)) == gossip.DayOf(day) {
					refs = append(refs, VisitRef{id, n})
				}
			}
		}
	}
	seen := map[VisitRef]bool{}
	for _, ref := range refs {
		record, ok := l.known.bookings[ref.Booking]
		switch {
		case !ok:
			return nil, ErrNoBooking
		case ref.Visit < 0 || ref.Visit >= len(record.Visits):
			return nil, ErrNoVisit
		case !seen[ref]:
			all = append(all, touched{VisitRef: ref, record: record, visit: record.Visits[ref.Visit]})
		}
		seen[ref] = true
	}
	switch {
	case len(all) == 0:
		return nil, ErrNobody
	case len(all) > maxChange:
		return nil, ErrManyVisits
	}
	slices.SortFunc(all, func(a, b touched) int {
		return cmp.Or(cmp.Compare(a.visit.Start, b.visit.Start), slices.Compare(a.Booking[:], b.Booking[:]), cmp.Compare(a.Visit, b.Visit))
	})
	return all, nil
}

func checkReason(reason string) error {
	if len(reason) > maxReason || !isText(reason) || !utf8.ValidString(reason) {
		return ErrReasonText
	}
	return nil
}
