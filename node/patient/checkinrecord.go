package patient

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"pieks/gossip/wire"
	"pieks/node/checkin"
	"pieks/node/control"
	"pieks/store"
)

var (
	checkinBucket   = store.NewBucket("checkins")         // local id, a UUID -> checkinRecord
	favouriteBucket = store.NewHiddenBucket("favourites") // Telematik-ID -> favouriteRecord
	checkinKey      = []byte("checkin options")           // in patientBucket
)

// checkinOptions are what this node remembers of its user's check-ins, sealed as everything in the store.
type checkinOptions struct {
	CAN        string `cbor:"1,keyasint,omitempty"`
	Insurer    string `cbor:"2,keyasint,omitempty"` // issuer URL of last time's login
	Introduced bool   `cbor:"3,keyasint,omitempty"`
	OwnCards   uint64 `cbor:"4,keyasint,omitempty"` // check-ins with one's own card
}

// newCheckinID is a random UUID (RFC 9562, version 4): this node's own name of a check-in.
func newCheckinID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// checkinEntry is a check-in in memory. One goroutine at a time goes on with it, who has its turn; mu is held for moments only.
type checkinEntry struct {
	id   string
	turn chan struct{} // holds one while somebody goes on with it

	mu          sync.Mutex
	rec         checkinRecord
	institution control.Institution
	attempt     *checkin.Attempt
	kept        bool // on the disk
	gone        bool // forgotten: nothing of it is written any more

	// Of whoever has the turn.
	reading *reading
	unsure  bool      // the practice may have got all of it, and did not say so
	asked   time.Time // when somebody was last asked how it stands
}

func newCheckinEntry(id string, rec checkinRecord, institution control.Institution) *checkinEntry {
	return &checkinEntry{id: id, turn: make(chan struct{}, 1), rec: rec, institution: institution}
}

// takeTurn waits until nobody else goes on with an entry.
func (e *checkinEntry) takeTurn(ctx context.Context) error {
	select {
	case e.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *checkinEntry) tryTurn() bool {
	select {
	case e.turn <- struct{}{}:
		return true
	default:
		return false
	}
}

func (e *checkinEntry) endTurn() { <-e.turn }

// look is a copy of the record as it is.
func (e *checkinEntry) look() checkinRecord {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.rec
}

// isGone says that nothing is left of it.
func (e *checkinEntry) isGone() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.gone
}

func loadCheckins(st *store.Store) (map[string]*checkinEntry, error) {
	entries := map[string]*checkinEntry{}
	err := st.View(func(tx *store.Tx) error {
		return tx.Each(checkinBucket, func(key, value []byte) error {
			var rec checkinRecord
			var institution control.Institution
			if err := wire.Unmarshal(value, &rec); err != nil {
				return fmt.Errorf("read check-ins: %w", store.ErrDamaged)
			}
			if err := json.Unmarshal(rec.Institution, &institution); err != nil {
				return fmt.Errorf("read the institution of a check-in: %w", store.ErrDamaged)
			}
			e := newCheckinEntry(string(key), rec, institution)
			e.kept = true
			if len(rec.Attempt) > 0 {
				attempt, err := checkin.LoadAttempt(rec.Attempt)
				if err != nil {
					return fmt.Errorf("read a check-in: %w", err)
				}
				e.attempt = attempt
			}
			entries[e.id] = e
			return nil
		})
	})
	return entries, err
}

// change changes a record and writes it down, before anything that follows from it is sent; when that fails nothing has changed. What was not agreed
// to is changed in memory only.
func (c *checkins) change(ctx context.Context, e *checkinEntry, f func(r *checkinRecord)) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.gone {
		return errNoCheckin
	}
	before := e.rec
	f(&e.rec)
	if e.rec.State == control.CheckinStateConsent {
		return nil
	}
	if !e.rec.listens(c.node.home.Now()) && e.rec.over() {
		e.rec.Attempt, e.rec.Device, e.rec.Sealing, e.rec.Relays = nil, nil, nil, nil // its keys are for nothing any more
	}
	data, err := wire.Marshal(e.rec)
	if err == nil {
		err = c.node.home.Store.Update(ctx, func(tx *store.Tx) error { return tx.Put(checkinBucket, []byte(e.id), data) })
	}
	if err != nil {
		e.rec = before
		return fmt.Errorf("write the check-in down: %w", err)
	}
	e.kept = true
	c.announce()
	return nil
}

// forget removes an entry, on the disk, too.
func (c *checkins) forget(ctx context.Context, e *checkinEntry) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.kept {
		if err := c.node.home.Store.Update(ctx, func(tx *store.Tx) error { return tx.Delete(checkinBucket, []byte(e.id)) }); err != nil {
			return fmt.Errorf("forget the check-in: %w", err)
		}
	}
	e.gone, e.kept = true, false
	c.mu.Lock()
	delete(c.entries, e.id)
	c.mu.Unlock()
	c.announce()
	return nil
}

func loadCheckinOptions(st *store.Store) (o checkinOptions, err error) {
	err = st.View(func(tx *store.Tx) error {
		data, err := tx.Get(patientBucket, checkinKey)
		if err != nil || data == nil {
			return err
		}
		return wire.Unmarshal(data, &o)
	})
	return o, err
}

// changeOptions writes changed options down, and only then goes by them.
func (c *checkins) changeOptions(ctx context.Context, f func(*checkinOptions)) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	next := c.optionsNow()
	f(&next)
	data, err := wire.Marshal(next)
	if err != nil {
		return err
	}
	if err := c.node.home.Store.Update(ctx, func(tx *store.Tx) error { return tx.Put(patientBucket, checkinKey, data) }); err != nil {
		return fmt.Errorf("write the options of check-ins down: %w", err)
	}
	c.mu.Lock()
	c.options = next
	c.mu.Unlock()
	c.node.changes.Changed()
	return nil
}

func (c *checkins) optionsNow() checkinOptions {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.options
}
