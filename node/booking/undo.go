package booking

import (
	"context"
	"fmt"
	"time"

	"pieks/node/records"
	"pieks/store"
)

// Undo takes a change back within ten minutes, as far as it still can be, in one transaction with the notices for the patients. A visit whose booking
// was changed since, whose old time has passed, or whose appointment somebody else has or holds by now has a Problem and stays. Once anything
// was taken back the change is gone. Errors, with nothing changed: ErrNoChange.
func (d *Desk) Undo(ctx context.Context, id ChangeID) (Change, error) {
	return d.cfg.Ledger.undo(ctx, id, d.notice)
}

func (l *Ledger) undo(ctx context.Context, id ChangeID, tell notice) (Change, error) {
	l.changes.Lock()
	defer l.changes.Unlock()
	now := l.now()
	var journal journalRecord
	err := l.store.View(func(tx *store.Tx) error {
		found, err := records.Get(tx, bucketJournal, id[:], &journal)
		if err == nil && (!found || now.After(unix(journal.Until))) {
			err = ErrNoChange
		}
		return err
	})
	if err != nil {
		return Change{}, err
	}
	c := Change{Kind: Undoing, Made: now.In(berlin)}
	w := &rewrite{now: now, tell: tell, moved: journal.Kind == Moving, keep: l.cfg.Keep}
	var seized []*item
	for _, j := range journal.Visits {
		l.mu.Lock()
		s, t, problem := l.back(j, now)
		if problem == "" {
			if i := l.items[j.From.Appointment]; i.hold == nil || i.hold.ended(now) {
				i.hold = ownHold // so that nobody books it meanwhile
				seized = append(seized, i)
			}
			w.add(s)
		}
		l.mu.Unlock()
		if t.record.Visits == nil {
			continue // the booking is not kept any longer
		}
		t.problem = problem
		v := t.changed(nil)
		if problem == "" {
			v.To = j.From.of(v.From)
			v.To.State = Booked
		}
		c.Visits = append(c.Visits, v)
	}
	if len(w.steps) == 0 {
		return c, nil
	}
	err = l.update(ctx, func(tx *store.Tx) error {
		if err := w.write(tx, nil); err != nil {
			return err
		}
		return tx.Delete(bucketJournal, id[:])
	})
	if err != nil {
		l.letGo(seized)
		return Change{}, fmt.Errorf("take a change back: %w", err)
	}
	l.takeIn(w)
	l.cfg.OnChange()
	return c, nil
}

// back is the step that brings a visit back to where it was, or why there is none. l.mu is held.
func (l *Ledger) back(j journalVisit, now time.Time) (step, touched, Problem) {
	record := l.known.bookings[j.Booking]
	t := touched{VisitRef: VisitRef{j.Booking, int(j.Visit)}, record: record}
	if int(j.Visit) >= len(record.Visits) {
		return step{}, touched{}, ProblemChanged
	}
	t.visit = record.Visits[j.Visit]
	old := l.items[j.From.Appointment]
	switch {
	case record.Revision != j.Revision:
		return step{}, t, ProblemChanged
	case !now.Before(unix(j.From.Start)):
		return step{}, t, ProblemPast
	case old == nil, old.record.Start != j.From.Start:
		return step{}, t, ProblemTaken
	case j.Generation == 0 && old.record.Status != SlotWithdrawn:
		return step{}, t, ProblemTaken
	case j.Generation != 0 && (old.record.Generation != j.Generation || !old.free(now)):
		return step{}, t, ProblemTaken
	}
	next := &item{id: old.id, record: old.record}
	next.record.Status = SlotBooked
	s := step{ref: t.VisitRef, to: j.From, state: Booked, next: next}
	if j.To != (spot{}) {
		s.leave, s.leaveAs = j.To.Appointment, SlotWithdrawn
		if j.Was != 0 {
			s.leaveAs, s.renew = j.Was, true
		}
	}
	return s, t, ""
}
