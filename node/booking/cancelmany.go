package booking

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"pieks/node/records"
	"pieks/store"
)

// CancelOrder says which bookings end. A booking that is named ends with all of its visits to come.
type CancelOrder struct {
	Bookings []BookingID // these, or
	Day      time.Time   // all with a visit that is booked on this date
	Reason   string      // a sentence for the patients, at most 240 bytes
	Reopen   bool        // the appointments are offered again instead of withdrawn
	Preview  bool        // change nothing
}

// CancelMany cancels bookings, all in one transaction with the notices for their patients. Visits that are over or cancelled have a Problem. Errors,
// with nothing changed: ErrNoBooking and those of changes.
func (d *Desk) CancelMany(ctx context.Context, o CancelOrder) (Change, error) {
	return d.cfg.Ledger.cancelMany(ctx, o, d.notice)
}

func (l *Ledger) cancelMany(ctx context.Context, o CancelOrder, tell notice) (Change, error) {
	if err := checkReason(o.Reason); err != nil {
		return Change{}, err
	}
	l.changes.Lock()
	defer l.changes.Unlock()
	now := l.now()
	refs, err := l.visitsOf(o)
	if err != nil {
		return Change{}, err
	}
	all, err := l.touch(refs, time.Time{})
	if err != nil {
		return Change{}, err
	}
	c := Change{Kind: Cancelling, Made: now.In(berlin), Reason: o.Reason}
	w := &rewrite{now: now, tell: tell, reason: o.Reason, keep: l.cfg.Keep}
	id, journal := newJournal(Cancelling, o.Reason, now)
	for n := range all {
		t := &all[n]
		t.problem = t.visit.unfit(now)
		c.Visits = append(c.Visits, t.changed(nil))
		if t.problem != "" {
			continue
		}
		j := journalVisit{Booking: t.Booking, Visit: uint8(t.Visit), From: t.visit.spot()}
		s := step{ref: t.VisitRef, to: t.visit.spot(), state: Cancelled, leave: t.visit.Appointment, leaveAs: SlotWithdrawn}
		if o.Reopen {
			s.leaveAs, s.renew = SlotOpen, true
			j.Generation = l.generation(t.visit.Appointment) + 1
		}
		w.add(s)
		journal.Visits = append(journal.Visits, j)
	}
	if o.Preview || movable(all) == 0 {
		return c, nil
	}
	err = l.update(ctx, func(tx *store.Tx) error {
		if err := w.write(tx, journal.Visits); err != nil {
			return err
		}
		return records.Put(tx, bucketJournal, id[:], journal)
	})
	if err != nil {
		return Change{}, fmt.Errorf("cancel bookings: %w", err)
	}
	l.takeIn(w)
	c.ID, c.Until = id, unix(journal.Until).In(berlin)
	l.cfg.OnChange()
	return c, nil
}

// visitsOf lists all visits of the bookings that an order names.
func (l *Ledger) visitsOf(o CancelOrder) ([]VisitRef, error) {
	ids := o.Bookings
	if len(ids) == 0 && !o.Day.IsZero() {
		booked, err := l.touch(nil, o.Day)
		if err != nil {
			return nil, err
		}
		for _, t := range booked {
			ids = append(ids, t.Booking)
		}
	}
	slices.SortFunc(ids, func(a, b BookingID) int { return cmp.Or(slices.Compare(a[:], b[:])) })
	var refs []VisitRef
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, id := range slices.Compact(ids) {
		record, ok := l.known.bookings[id]
		if !ok {
			return nil, ErrNoBooking
		}
		for n := range record.Visits {
			refs = append(refs, VisitRef{id, n})
		}
	}
	return refs, nil
}

// generation is how often an appointment was offered again.
func (l *Ledger) generation(id AppointmentID) uint32 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if i := l.items[id]; i != nil {
		return i.record.Generation
	}
	return 0
}
