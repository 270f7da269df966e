package booking

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"pieks/gossip"
	"pieks/node/records"
	"pieks/store"
)

// Move gives booked visits other times, all in one transaction with the notices for their patients. A visit that cannot be moved has a
// Problem and stays. The booking keeps its id, its key and its codes, which are good until the end of the new day; the old appointment is
// withdrawn. Errors, with nothing changed: ErrNoBooking, ErrNoVisit, ErrNoAppointment, and those of changes.
func (d *Desk) Move(ctx context.Context, o MoveOrder) (Change, error) {
	return d.cfg.Ledger.move(ctx, o, d.notice)
}

func (l *Ledger) move(ctx context.Context, o MoveOrder, tell notice) (Change, error) {
	if err := checkReason(o.Reason); err != nil {
		return Change{}, err
	}
	if o.Appointment == nil && o.ToTime == nil && o.ToDay.IsZero() {
		return Change{}, ErrNoTarget
	}
	l.changes.Lock()
	defer l.changes.Unlock()
	now := l.now()
	all, err := l.touch(o.Visits, o.Day)
	if err != nil {
		return Change{}, err
	}
	if o.Appointment != nil {
		err = l.aimAt(o, all, now)
	} else if err = o.aim(all, now); err == nil {
		l.leaveFull(all)
		o.keepIntervals(all) // one dose may stay now that the other goes
	}
	if err != nil {
		return Change{}, err
	}
	c := Change{Kind: Moving, Made: now.In(berlin), Reason: o.Reason}
	for n := range all {
		c.Visits = append(c.Visits, all[n].changed(all[n].target()))
	}
	if o.Preview || movable(all) == 0 {
		return c, nil
	}
	return c, l.writeMoves(ctx, &c, all, now, tell)
}

// target is the visit at its new time, nil when it does not move.
func (t touched) target() *Visit {
	if t.to.End == 0 {
		return nil
	}
	return spot{t.take, t.to.Start, t.to.End}.of(t.record.booking(t.Booking).Visits[t.Visit])
}

func movable(all []touched) int {
	n := 0
	for _, t := range all {
		if t.problem == "" {
			n++
		}
	}
	return n
}

// aimAt has the one visit take an appointment.
func (l *Ledger) aimAt(o MoveOrder, all []touched, now time.Time) error {
	if len(all) != 1 {
		return ErrOneVisit
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	i := l.items[*o.Appointment]
	if i == nil {
		return ErrNoAppointment
	}
	t := &all[0]
	if t.problem = t.visit.unfit(now); t.problem != "" {
		return nil
	}
	t.take, t.to = i.id, i.record
	switch {
	case i.id == t.visit.Appointment:
		t.problem = ProblemSame
	case !now.Before(unix(i.record.Start)):
		t.problem = ProblemPast
	case !i.unclaimed(now):
		t.problem = ProblemHeld
	case i.record.Vaccine != t.visit.Vaccine, i.record.Dose != t.visit.Dose && i.record.Dose != 0 && t.visit.Dose != 0:
		t.problem = ProblemVaccine
	}
	o.keepIntervals(all)
	return nil
}

// unclaimed says whether the practice itself can give the appointment away: it is open or blocked and nobody holds it.
func (i *item) unclaimed(now time.Time) bool {
	return (i.record.Status == SlotOpen || i.record.Status == SlotBlocked) && (i.hold == nil || i.hold.ended(now))
}

// leaveFull has visits stay that would make a day too full.
func (l *Ledger) leaveFull(all []touched) {
	days := map[uint32]int{}
	l.mu.RLock()
	for _, i := range l.items {
		if i.record.Status != SlotWithdrawn {
			days[gossip.DayOf(unix(i.record.Start).In(berlin))]++
		}
	}
	l.mu.RUnlock()
	for n := range all {
		t := &all[n]
		if t.problem != "" {
			continue
		}
		from, to := gossip.DayOf(unix(t.visit.Start).In(berlin)), gossip.DayOf(unix(t.to.Start).In(berlin))
		if from != to && days[to] >= maxDay {
			t.problem = ProblemFull
			continue
		}
		days[from]--
		days[to]++
	}
}

// writeMoves occupies what the visits take, writes all, and brings it into memory. It fills in the change's id and end.
func (l *Ledger) writeMoves(ctx context.Context, c *Change, all []touched, now time.Time, tell notice) error {
	var take []AppointmentID
	for _, t := range all {
		if t.problem == "" && t.take != (AppointmentID{}) {
			take = append(take, t.take)
		}
	}
	taken, err := l.seize(take, now)
	if err != nil { // somebody was faster than since we looked
		for n := range all {
			all[n].problem = ProblemHeld
			c.Visits[n].Problem = ProblemHeld
		}
		return nil
	}
	id, journal := newJournal(Moving, c.Reason, now)
	w := &rewrite{now: now, tell: tell, reason: c.Reason, moved: true, keep: l.cfg.Keep}
	for n := range all {
		t := &all[n]
		if t.problem != "" {
			continue
		}
		next := &item{id: t.take, record: t.to}
		j := journalVisit{Booking: t.Booking, Visit: uint8(t.Visit), From: t.visit.spot()}
		if t.take == (AppointmentID{}) {
			rand.Read(next.id[:])
		} else {
			j.Was = t.to.Status
		}
		next.record.Status = SlotBooked
		j.To = spot{next.id, next.record.Start, next.record.End}
		c.Visits[n].To.Appointment = next.id
		w.add(step{ref: t.VisitRef, to: j.To, state: Booked, leave: t.visit.Appointment, leaveAs: SlotWithdrawn, next: next})
		journal.Visits = append(journal.Visits, j)
	}
	err = l.update(ctx, func(tx *store.Tx) error {
		if err := w.write(tx, journal.Visits); err != nil {
			return err
		}
		return records.Put(tx, bucketJournal, id[:], journal)
	})
	if err != nil {
		l.letGo(taken)
		return fmt.Errorf("move visits: %w", err)
	}
	l.takeIn(w)
	c.ID, c.Until = id, unix(journal.Until).In(berlin)
	l.cfg.OnChange()
	return nil
}

// errClaimed says that an appointment is not free, or not any more.
var errClaimed = errors.New("not free")

// seize occupies appointments for the practice itself, all or none.
func (l *Ledger) seize(ids []AppointmentID, now time.Time) ([]*item, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var taken []*item
	for _, id := range ids {
		i := l.items[id]
		if i == nil {
			return nil, ErrNoAppointment
		}
		if !i.unclaimed(now) {
			return nil, errClaimed
		}
		taken = append(taken, i)
	}
	for _, i := range taken {
		i.hold = ownHold
	}
	return taken, nil
}

// letGo frees what seize occupied, when it was not written.
func (l *Ledger) letGo(items []*item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, i := range items {
		if i.hold == ownHold {
			i.hold = nil
		}
	}
}
