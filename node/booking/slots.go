package booking

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"pieks/node/records"
	"pieks/store"
)

// Add makes open appointments, all or none. Status and ID of the arguments are not read. It gives ErrTooMany, ErrBounds, ErrPast.
func (l *Ledger) Add(ctx context.Context, add []Appointment) ([]AppointmentID, error) {
	now := l.now()
	made := make([]*item, 0, len(add))
	for _, a := range add {
		if !a.Start.After(now) {
			return nil, fmt.Errorf("%s: %w", a.Start.In(berlin).Format("2006-01-02 15:04"), ErrPast)
		}
		record := appointmentRecord{Start: uint64(a.Start.Unix()), End: uint64(a.End.Unix()), Vaccine: a.Vaccine, Dose: a.Dose, Status: SlotOpen}
		if a.End.Sub(a.Start) < minVisit || checkVisit(record.Start, record.End, record.Vaccine) != nil {
			return nil, ErrBounds
		}
		i := &item{record: record}
		rand.Read(i.id[:])
		made = append(made, i)
	}
	l.changes.Lock()
	defer l.changes.Unlock()
	if err := l.Room(len(made)); err != nil {
		return nil, err
	}
	if err := l.writeItems(ctx, made); err != nil {
		return nil, fmt.Errorf("add appointments: %w", err)
	}
	ids := make([]AppointmentID, 0, len(made))
	l.mu.Lock()
	for _, i := range made {
		l.items[i.id] = i
		for _, e := range l.epochs {
			e.show(i)
		}
		ids = append(ids, i.id)
	}
	l.mu.Unlock()
	l.cfg.OnChange()
	return ids, nil
}

// Room says whether n more appointments can be offered, or gives ErrTooMany.
func (l *Ledger) Room(n int) error {
	if l.OpenCount()+n > maxOpen {
		return ErrTooMany
	}
	return nil
}

// OpenCount is how many appointments to come are open, held or blocked.
func (l *Ledger) OpenCount() int {
	now := l.now()
	l.mu.RLock()
	defer l.mu.RUnlock()
	n := 0
	for _, i := range l.items {
		if (i.record.Status == SlotOpen || i.record.Status == SlotBlocked) && now.Before(unix(i.record.Start)) {
			n++
		}
	}
	return n
}

// Appointments lists all that are kept, by start.
func (l *Ledger) Appointments() []Appointment {
	now := l.now()
	l.mu.RLock()
	all := make([]Appointment, 0, len(l.items))
	for _, i := range l.items {
		all = append(all, i.seen(now))
	}
	l.mu.RUnlock()
	slices.SortFunc(all, func(a, b Appointment) int {
		return cmp.Or(a.Start.Compare(b.Start), slices.Compare(a.ID[:], b.ID[:]))
	})
	return all
}

// Block takes open appointments out of the sheet. It returns those that changed: one that is held or booked stays as it is.
func (l *Ledger) Block(ctx context.Context, ids []AppointmentID) ([]AppointmentID, error) {
	return l.setStatus(ctx, ids, SlotBlocked, SlotOpen)
}

// Unblock offers blocked appointments again.
func (l *Ledger) Unblock(ctx context.Context, ids []AppointmentID) ([]AppointmentID, error) {
	return l.setStatus(ctx, ids, SlotOpen, SlotBlocked)
}

// Withdraw takes open and blocked appointments away for good.
func (l *Ledger) Withdraw(ctx context.Context, ids []AppointmentID) ([]AppointmentID, error) {
	return l.setStatus(ctx, ids, SlotWithdrawn, SlotOpen, SlotBlocked)
}

// setStatus moves free appointments from one of the statuses from to another. An id that is not here gives ErrNoAppointment.
func (l *Ledger) setStatus(ctx context.Context, ids []AppointmentID, to Status, from ...Status) ([]AppointmentID, error) {
	l.changes.Lock()
	defer l.changes.Unlock()
	changed, err := l.closeItems(ids, from)
	if err != nil {
		return nil, err
	}
	if len(changed) == 0 {
		return nil, nil
	}
	next := make([]*item, len(changed))
	for n, i := range changed {
		next[n] = &item{id: i.id, record: i.record}
		next[n].record.Status = to
	}
	err = l.writeItems(ctx, next)
	l.mu.Lock()
	done := make([]AppointmentID, 0, len(changed))
	for n, i := range changed {
		i.hold = nil
		if err == nil {
			i.record = next[n].record
			done = append(done, i.id)
		}
	}
	l.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("change appointments: %w", err)
	}
	l.cfg.OnChange()
	return done, nil
}

// closeItems occupies the free ones among ids, so that nobody books them while their new status is written.
func (l *Ledger) closeItems(ids []AppointmentID, from []Status) ([]*item, error) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	var taken []*item
	for _, id := range ids {
		if l.items[id] == nil {
			return nil, fmt.Errorf("%s: %w", id, ErrNoAppointment)
		}
	}
	for _, id := range ids {
		i := l.items[id]
		if slices.Contains(from, i.record.Status) && (i.hold == nil || i.hold.ended(now)) && !slices.Contains(taken, i) {
			taken = append(taken, i)
		}
	}
	for _, i := range taken {
		i.hold = ownHold
	}
	return taken, nil
}

// writeItems writes the records of items.
func (l *Ledger) writeItems(ctx context.Context, items []*item) error {
	return l.update(ctx, func(tx *store.Tx) error {
		for _, i := range items {
			if err := records.Put(tx, bucketAppointments, i.id[:], i.record); err != nil {
				return err
			}
		}
		return nil
	})
}

// ownHold occupies an appointment that the practice itself is changing.
var ownHold = &hold{phase: placing}

// StartOfDay is the first instant of a date in Germany; of the argument only the date is read.
func StartOfDay(date time.Time) time.Time {
	y, m, d := date.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, berlin)
}

// endOfDay of an instant is the last second of its local day.
func endOfDay(t time.Time) time.Time {
	y, m, d := t.In(berlin).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, berlin).Add(-time.Second)
}
