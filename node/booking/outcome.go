package booking

import (
	"context"
	"errors"
	"fmt"

	"pieks/node/records"
	"pieks/store"
)

// Outcome is what became of a visit. Reception says it, never a clock, and it stays at the practice.
type Outcome uint8

// The outcomes.
const (
	NoOutcome  Outcome = 0
	Vaccinated Outcome = 1
	NoShow     Outcome = 2
)

var outcomeNames = [...]string{"", "vaccinated", "noshow"}

// String is the word of the control API.
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return "unknown"
}

// ParseOutcome reads what String gives, or gives ErrOutcome.
func ParseOutcome(word string) (Outcome, error) {
	for n, name := range outcomeNames {
		if name == word {
			return Outcome(n), nil
		}
	}
	return 0, ErrOutcome
}

// Errors of check-ins without a code and of outcomes.
var (
	ErrOutcome     = errors.New("an outcome is vaccinated, noshow, or nothing")
	ErrLot         = errors.New("a lot number has at most 32 bytes and no control characters, and goes with vaccinated")
	ErrNoVisit     = errors.New("this booking has no such visit")
	ErrNotBooked   = errors.New("this visit is not booked any more: look the booking up again")
	ErrOtherDay    = errors.New("this visit is on another day: move it to today first")
	ErrNotAttended = errors.New("check the patient in first")
	ErrNotBegun    = errors.New("this visit has not begun yet, so nobody has missed it")
)

// SetOutcome writes down what became of a visit: Vaccinated, with the lot if it is known, once it was attended; NoShow of a visit
// that has begun and was not attended; NoOutcome takes either back. Errors: ErrNoBooking, ErrNoVisit, ErrLot, ErrNotAttended, ErrNotBooked, ErrNotBegun.
func (l *Ledger) SetOutcome(ctx context.Context, id BookingID, visit int, outcome Outcome, lot string) (Booking, error) {
	if len(lot) > maxLot || !isText(lot) || lot != "" && outcome != Vaccinated {
		return Booking{}, ErrLot
	}
	l.changes.Lock()
	defer l.changes.Unlock()
	now := l.now()
	var record bookingRecord
	err := l.update(ctx, func(tx *store.Tx) error {
		if err := getBooking(tx, id, &record); err != nil {
			return err
		}
		if visit < 0 || visit >= len(record.Visits) {
			return ErrNoVisit
		}
		v := &record.Visits[visit]
		switch {
		case outcome == Vaccinated && v.State != Attended:
			return ErrNotAttended
		case outcome == NoShow && v.State != Booked:
			return ErrNotBooked
		case outcome == NoShow && now.Before(unix(v.Start)):
			return ErrNotBegun
		}
		v.Outcome, v.Lot = outcome, lot
		return records.Put(tx, bucketBookings, id[:], record)
	})
	if err != nil {
		return Booking{}, fmt.Errorf("write an outcome: %w", err)
	}
	l.took(id, record)
	l.cfg.OnChange()
	return record.booking(id), nil
}
