package booking

import (
	"context"
	"fmt"
	"time"

	"pieks/store"
)

// Sweep runs draws that have closed, ends holds whose time is over and forgets what is no longer needed. Call it each few
// seconds; nothing is wrong when it comes late.
func (l *Ledger) Sweep(ctx context.Context) error {
	if err := l.runDraws(ctx); err != nil {
		return fmt.Errorf("sweep the ledger: %w", err)
	}
	holds, items := l.outdated()
	if len(holds)+len(items) == 0 {
		return nil
	}
	err := l.update(ctx, func(tx *store.Tx) error {
		for _, h := range holds {
			if err := tx.Delete(bucketHolds, h.key); err != nil {
				return err
			}
		}
		for _, i := range items {
			if err := tx.Delete(bucketAppointments, i.id[:]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("sweep the ledger: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range holds {
		if l.holds[h.record.Key] == h {
			delete(l.holds, h.record.Key)
		}
	}
	for _, i := range items {
		for _, e := range l.epochs {
			e.hide(i)
		}
		delete(l.items, i.id)
	}
	return nil
}

// outdated releases lapsed holds and lists what is to be deleted: holds some time after their end, appointments when their bookings go.
func (l *Ledger) outdated() ([]*hold, []*item) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sources.forget(now)
	l.known.forget(now)
	var holds []*hold
	for _, h := range l.holds {
		if h.phase == standing && h.ended(now) {
			l.lapse(h, now)
		}
		if (h.phase == standing || h.phase == void) && now.After(h.until.Add(holdGrace)) {
			holds = append(holds, h)
		}
	}
	var items []*item
	for _, i := range l.items {
		if now.After(unix(i.record.End).Add(l.cfg.Keep+24*time.Hour)) && (i.hold == nil || i.hold.ended(now)) {
			items = append(items, i)
		}
	}
	return holds, items
}
