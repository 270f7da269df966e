package booking

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pieks/node/records"
	"pieks/store"
)

var (
	// ErrNotValid is the one answer for unknown, expired, cancelled and wrong codes.
	ErrNotValid = errors.New("not valid: compare the code once more, ask for another form of it, or look the booking up by name")
	// ErrUsed says that a code is right and was redeemed before; only the practice is told.
	ErrUsed = errors.New("this code was already redeemed")
)

// LockedError says that too many wrong codes were entered here and when the next one is looked at.
type LockedError struct{ Until time.Time }

func (e *LockedError) Error() string {
	return "too many wrong codes were entered: the next one is looked at from " + e.Until.In(berlin).Format("15:04:05")
}

// Verified is a visit whose code was shown.
type Verified struct {
	Booking Booking
	Visit   int       // index into Booking.Visits
	Used    time.Time // zero, or when the code was redeemed before: then the error is ErrUsed
}

// Verify redeems a code in any of its three forms, once, from the booking until the end of the visit's day. Errors: ErrTypo
// and ErrCodeForm (not looked up, no try counted), ErrNotValid, ErrUsed with Verified filled in, *LockedError.
func (l *Ledger) Verify(ctx context.Context, code string) (Verified, error) {
	return l.verify(ctx, code, nil)
}

// Verify is Ledger.Verify that also tells the patient's node: it learns the key of the waiting room.
func (d *Desk) Verify(ctx context.Context, code string) (Verified, error) {
	return d.cfg.Ledger.verify(ctx, code, d.notice)
}

func (l *Ledger) verify(ctx context.Context, code string, tell notice) (Verified, error) {
	typed, err := parseCode(code)
	if err != nil {
		return Verified{}, err
	}
	l.changes.Lock()
	defer l.changes.Unlock()
	now := l.now()
	var out Verified
	var answer error
	var attended *admitted
	// Every answer costs one transaction, so its time does not tell which it is.
	err = l.update(ctx, func(tx *store.Tx) error {
		t, err := loadTries(tx, typed.reference, now)
		if err != nil {
			return err
		}
		if until := t.lockedUntil(now); now.Before(until) {
			answer = &LockedError{until}
			return nil
		}
		out, attended, answer, err = redeem(tx, typed, now, t.deadReference(), tell)
		if err != nil {
			return err
		}
		return t.note(tx, answer, now)
	})
	if err != nil {
		return Verified{}, fmt.Errorf("verify a code: %w", err)
	}
	if attended != nil {
		l.took(attended.id, attended.record)
		l.takeUp(attended.items)
		l.cfg.OnChange()
	}
	return out, answer
}

// redeem looks the code up and marks its visit attended. The third result is the answer for people, the fourth a failure of the store.
func redeem(tx *store.Tx, typed typedCode, now time.Time, dead bool, tell notice) (Verified, *admitted, error, error) {
	var found codeRecord
	if _, err := records.Get(tx, bucketCodes, typed.key, &found); err != nil {
		return Verified{}, nil, nil, err
	}
	if dead {
		return Verified{}, nil, ErrNotValid, nil
	}
	used := Verified{}
	for _, at := range found.Visits {
		var record bookingRecord
		err := getBooking(tx, at.Booking, &record)
		if errors.Is(err, ErrNoBooking) || err == nil && int(at.Visit) >= len(record.Visits) {
			continue
		}
		if err != nil {
			return Verified{}, nil, nil, err
		}
		visit := record.Visits[at.Visit]
		if now.After(endOfDay(unix(visit.End))) {
			continue
		}
		switch visit.State {
		case Attended:
			used = Verified{Booking: record.booking(at.Booking), Visit: int(at.Visit), Used: unix(visit.Attended).In(berlin)}
		case Booked:
			i, err := attend(tx, at, &record, now, tell)
			return Verified{Booking: record.booking(at.Booking), Visit: int(at.Visit)}, i, nil, err
		}
	}
	if !used.Used.IsZero() {
		return used, nil, ErrUsed, nil
	}
	return Verified{}, nil, ErrNotValid, nil
}

// admitted is a booking as a check-in has written it, and its appointment, to be taken into memory.
type admitted struct {
	id     BookingID
	record bookingRecord
	items  []*item
}

// attend marks a visit and its appointment, and lets the patient into the waiting room of the day.
func attend(tx *store.Tx, at codeVisit, record *bookingRecord, now time.Time, tell notice) (*admitted, error) {
	visit := &record.Visits[at.Visit]
	room, err := roomOf(tx, now)
	if err != nil {
		return nil, err
	}
	visit.Outcome = NoOutcome // who was written down as not come has come after all
	visit.State, visit.Attended, visit.Room = Attended, uint64(now.Unix()), room
	record.State = record.state()
	record.Revision++
	record.Changed = uint64(now.Unix())
	if err := records.Put(tx, bucketBookings, at.Booking[:], *record); err != nil {
		return nil, err
	}
	if err := tell.put(tx, at.Booking, *record, now); err != nil {
		return nil, err
	}
	in := &admitted{id: at.Booking, record: *record}
	i := &item{id: visit.Appointment}
	found, err := records.Get(tx, bucketAppointments, i.id[:], &i.record)
	if err != nil || !found {
		return in, err
	}
	i.record.Status = SlotAttended
	in.items = append(in.items, i)
	return in, records.Put(tx, bucketAppointments, i.id[:], i.record)
}
