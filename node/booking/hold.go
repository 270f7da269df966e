package booking

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"pieks/gossip"
	"pieks/gossip/wire"
	"pieks/node/records"
	"pieks/store"
)

// phase is how far a hold is.
type phase uint8

const (
	placing  phase = iota // reserved in memory, the write is under way
	standing              // offered until its end
	booking               // the booking is being written
	booked                // a booking came of it; it only answers repeats now
	void                  // given up: n_p did not open the commitment
	unknown               // the disk failed while saving: whether it is booked is known when the store is opened again
)

// hold is what one B has asked for in one epoch, and what it was answered.
type hold struct {
	epoch  *epoch
	key    []byte // where it is kept
	record holdRecord
	until  time.Time
	items  []*item
	from   Origin

	opened [32]byte // n_p while the booking is written
	phase  phase
	ready  chan struct{} // closed when the write under way is over
}

// ended says whether the hold keeps nobody else out any more.
func (h *hold) ended(now time.Time) bool {
	switch h.phase {
	case standing:
		return now.After(h.until)
	case booked, void:
		return true
	}
	return false
}

// refusal is a no from the ledger.
type refusal struct {
	reason Reason
	until  time.Time
}

func (r *refusal) Error() string { return refusalErrors[r.reason].Error() }

func no(reason Reason) error { return &refusal{reason: reason} }

// asked is a request as a front hands it in.
type asked struct {
	epoch   uint64
	hash    [32]byte // of the request's body
	request Request
	from    Origin
	// offer makes the message for a hold; it is called without locks.
	offer func(*hold) ([]byte, error)
}

// taken says without any lock for writing that a request can only be answered with "taken".
func (l *Ledger) taken(a *asked) bool {
	now := l.now()
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.drawDue(now) || l.holds[a.request.Key] != nil {
		return false
	}
	e := l.epochs[a.epoch]
	if e == nil {
		return true
	}
	for _, t := range a.request.Tokens {
		if i := e.tokens[t]; i == nil || !i.free(now) {
			return true
		}
	}
	return false
}

// place holds what is asked for, or enters it into the draw, or repeats the answer that was given. The offer comes back
// after it is on the disk. A refusal is a *refusal.
func (l *Ledger) place(ctx context.Context, a *asked) ([]byte, error) {
	if l.taken(a) {
		return nil, no(ReasonTaken)
	}
	for {
		if err := l.runDraws(ctx); err != nil {
			return nil, err
		}
		h, wait, err := l.reserve(a)
		if err != nil {
			return nil, err
		}
		if wait == nil {
			if err := l.write(ctx, []*hold{h}, a.offer); err != nil {
				return nil, err
			}
			return h.record.Offer, nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// reserve finds out under the lock what to do: it gives a hold that is now reserved and to be written, or a channel to wait
// for, or the answer as error. A repeated offer is an *repeated.
func (l *Ledger) reserve(a *asked) (*hold, <-chan struct{}, error) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.drawDue(now) {
		return nil, nothing, nil // it closed since runDraws looked
	}
	if h := l.holds[a.request.Key]; h != nil {
		return l.repeat(h, a, now)
	}
	e := l.epochs[a.epoch]
	if e == nil {
		return nil, nil, no(ReasonTaken)
	}
	items, closes, ok := e.find(a.request.Tokens, now)
	if !ok {
		return nil, nil, no(ReasonTaken)
	}
	if now.Before(closes) {
		return nil, nil, l.enter(a, items, closes)
	}
	h, err := l.occupy(e, a, items, now)
	return h, nil, err
}

// nothing to wait for.
var nothing = func() <-chan struct{} { c := make(chan struct{}); close(c); return c }()

// repeat answers a request of a B that is known.
func (l *Ledger) repeat(h *hold, a *asked, now time.Time) (*hold, <-chan struct{}, error) {
	if h.record.Request != a.hash || h.epoch.number != a.epoch {
		return nil, nil, no(ReasonReused)
	}
	switch h.phase {
	case placing:
		return nil, h.ready, nil
	case standing:
		if h.ended(now) {
			return nil, nil, no(ReasonExpired)
		}
	case void:
		return nil, nil, no(ReasonExpired)
	case unknown:
		return nil, nil, no(ReasonBusy)
	}
	return nil, nil, &repeated{h.record.Offer}
}

// repeated carries a recorded answer out of the lock.
type repeated struct{ offer []byte }

func (r *repeated) Error() string { return "already offered" }

// find gives the appointments behind tokens when all are free, and when the last of their draws closes.
func (e *epoch) find(tokens []gossip.TokenID, now time.Time) ([]*item, time.Time, bool) {
	var items []*item
	var closes time.Time
	for _, t := range tokens {
		i := e.tokens[t]
		if i == nil || !i.free(now) {
			return nil, closes, false
		}
		visible, ok := e.visible[slotKey{i.id, i.record.Generation}]
		if !ok {
			return nil, closes, false // never published: nobody can know the token
		}
		if visible.to.After(closes) {
			closes = visible.to
		}
		items = append(items, i)
	}
	return items, closes, true
}

// occupy reserves free items for a request. The caller writes the hold and calls settle.
func (l *Ledger) occupy(e *epoch, a *asked, items []*item, now time.Time) (*hold, error) {
	if until, ok := l.withinLimits(a.from, now); !ok {
		return nil, &refusal{ReasonLimit, until}
	}
	stands := l.cfg.Rules().Hold
	if a.from.Mail && l.cfg.MailHold > 0 {
		stands = l.cfg.MailHold
	}
	h := &hold{epoch: e, key: e.holdKey(a.request.Key), items: items, from: a.from, ready: make(chan struct{}),
		until: time.Unix(now.Add(stands).Unix(), 0)}
	h.record = holdRecord{Request: a.hash, Key: a.request.Key, Sealing: a.request.Sealing, Relays: a.request.Relays,
		Commitment: a.request.Commitment, Tokens: a.request.Tokens, Until: uint64(h.until.Unix())}
	rand.Read(h.record.Nonce[:])
	for _, i := range items {
		if i.hold != nil {
			l.lapse(i.hold, now)
		}
		i.hold = h
		h.record.Appointments = append(h.record.Appointments, i.id)
	}
	l.holds[a.request.Key] = h
	l.live[h] = struct{}{}
	return h, nil
}

// write makes the offers of reserved holds and writes them in one transaction.
func (l *Ledger) write(ctx context.Context, holds []*hold, offer func(*hold) ([]byte, error)) error {
	sealed := make([][]byte, len(holds))
	err := func() error {
		for n, h := range holds {
			msg, err := offer(h)
			if err != nil {
				return fmt.Errorf("make an offer: %w", err)
			}
			h.record.Offer = msg
			if sealed[n], err = h.seal(); err != nil {
				return err
			}
		}
		return l.update(ctx, func(tx *store.Tx) error {
			for n, h := range holds {
				if err := h.stillOpen(tx); err != nil {
					return err
				}
				if err := tx.Put(bucketHolds, h.key, sealed[n]); err != nil {
					return err
				}
			}
			return nil
		})
	}()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range holds {
		close(h.ready)
		switch {
		case err == nil:
			h.phase = standing
		case errors.Is(err, store.ErrFailed):
			h.phase = unknown
		default:
			l.release(h)
			delete(l.holds, h.record.Key)
		}
	}
	return err
}

// seal is the record as it is kept.
func (h *hold) seal() ([]byte, error) {
	plain, err := wire.Marshal(h.record)
	if err != nil {
		return nil, fmt.Errorf("write a hold: %w", err)
	}
	return h.epoch.sealer.Seal(h.key, plain), nil
}

// stillOpen looks into the transaction whether the appointments are open: memory says so already, the disk decides.
func (h *hold) stillOpen(tx *store.Tx) error {
	for _, id := range h.record.Appointments {
		var record appointmentRecord
		found, err := records.Get(tx, bucketAppointments, id[:], &record)
		if err != nil {
			return err
		}
		if !found || record.Status != SlotOpen {
			return no(ReasonTaken)
		}
	}
	return nil
}

// release lets go of the appointments of a hold.
func (l *Ledger) release(h *hold) {
	for _, i := range h.items {
		if i.hold == h {
			i.hold = nil
		}
	}
	delete(l.live, h)
}

// lapse releases a hold that ended without a booking, and remembers that at its source.
func (l *Ledger) lapse(h *hold, now time.Time) {
	if _, live := l.live[h]; live && h.phase == standing {
		l.sources.abandoned(h.from, now)
	}
	l.release(h)
}

// loadHold takes up a hold that was written before.
func (l *Ledger) loadHold(e *epoch, record holdRecord) {
	h := &hold{epoch: e, key: e.holdKey(record.Key), record: record, until: unix(record.Until), phase: standing, ready: make(chan struct{})}
	close(h.ready)
	switch {
	case record.Booking != BookingID{}:
		h.phase = booked
	case record.Void:
		h.phase = void
	default:
		for _, id := range record.Appointments {
			if i := l.items[id]; i != nil {
				h.items = append(h.items, i)
				// Two holds of one appointment are left when the first ended: the later one counts.
				if i.hold == nil || i.hold.until.Before(h.until) {
					i.hold = h
				}
			}
		}
		l.live[h] = struct{}{}
	}
	l.holds[record.Key] = h
}
