package booking

import (
	"context"
	"fmt"

	"pieks/gossip"
	"pieks/store"
)

// Attend checks a patient in who shows no code, with all that a code does: the patient's node learns the key of the waiting room. Checking in again changes
// nothing. Errors: ErrNoBooking, ErrNoVisit, ErrNotBooked, ErrOtherDay.
func (d *Desk) Attend(ctx context.Context, id BookingID, visit int) (Booking, error) {
	return d.cfg.Ledger.attend(ctx, VisitRef{id, visit}, d.notice)
}

func (l *Ledger) attend(ctx context.Context, ref VisitRef, tell notice) (Booking, error) {
	l.changes.Lock()
	defer l.changes.Unlock()
	now := l.now()
	var record bookingRecord
	var in *admitted
	err := l.update(ctx, func(tx *store.Tx) error {
		if err := getBooking(tx, ref.Booking, &record); err != nil {
			return err
		}
		if ref.Visit < 0 || ref.Visit >= len(record.Visits) {
			return ErrNoVisit
		}
		switch v := record.Visits[ref.Visit]; {
		case v.State == Attended:
			return nil
		case v.State != Booked:
			return ErrNotBooked
		case gossip.DayOf(unix(v.Start).In(berlin)) != gossip.DayOf(now.In(berlin)):
			return ErrOtherDay
		}
		var err error
		in, err = attend(tx, codeVisit{Booking: ref.Booking, Visit: uint8(ref.Visit)}, &record, now, tell)
		return err
	})
	if err != nil {
		return Booking{}, fmt.Errorf("check a patient in: %w", err)
	}
	if in != nil {
		l.took(in.id, in.record)
		l.takeUp(in.items)
		l.cfg.OnChange()
	}
	return record.booking(ref.Booking), nil
}
