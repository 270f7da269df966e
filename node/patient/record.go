package patient

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"pieks/gossip/wire"
	"pieks/node/booking"
	"pieks/store"
)

// attemptBucket holds one record for each booking that was ever tried, by its local id.
var attemptBucket = store.NewBucket("attempts")

// record is a booking as the patient keeps it. It is written down before anything of it is sent.
type record struct {
	Attempt []byte           `cbor:"1,keyasint"` // booking.Attempt
	Consent *booking.Patient `cbor:"2,keyasint,omitempty"`
	Cancel  bool             `cbor:"3,keyasint,omitempty"`  // the user wants it cancelled; the practice may not know yet
	Mailed  booking.Kind     `cbor:"4,keyasint,omitempty"`  // the last message that a relay keeps for the practice
	Ends    uint64           `cbor:"5,keyasint"`            // unix seconds: forgotten after this
	Message string           `cbor:"6,keyasint,omitempty"`  // why it ended, for people
	Why     string           `cbor:"7,keyasint,omitempty"`  // the same as a code of package control
	Moved   uint64           `cbor:"8,keyasint,omitempty"`  // unix seconds: when the practice last moved a visit
	Over    uint64           `cbor:"9,keyasint,omitempty"`  // unix seconds: when its cancellation was heard of
	Left    bool             `cbor:"10,keyasint,omitempty"` // its user cancelled it: a practice that takes its own cancellation back does not change that

	Instead  string `cbor:"11,keyasint,omitempty"` // local id of the booking that this one takes the place of
	Replaced bool   `cbor:"12,keyasint,omitempty"` // that one was told to go
}

// keepAfter is how long a booking is remembered after its last visit or its end (design.md 11).
const keepAfter = 30 * 24 * time.Hour

// entry is a record in memory. One goroutine at a time drives it; mu is held for moments only.
type entry struct {
	driving chan struct{} // holds one while somebody drives it

	mu      sync.Mutex
	attempt *booking.Attempt
	rec     record
	away    bool              // neither the practice nor a relay of it took the last message
	asked   bool              // past the end of a hold by this clock the practice was asked and holds it still
	written [sha256.Size]byte // of the record as it is on the disk
}

func newEntry(attempt *booking.Attempt) *entry {
	return &entry{driving: make(chan struct{}, 1), attempt: attempt}
}

// tryDrive takes an entry for driving when nobody has it.
func (e *entry) tryDrive() bool {
	select {
	case e.driving <- struct{}{}:
		return true
	default:
		return false
	}
}

// startDrive waits for an entry until ctx ends.
func (e *entry) startDrive(ctx context.Context) bool {
	select {
	case e.driving <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (e *entry) driven() { <-e.driving }

func loadEntries(st *store.Store) (map[booking.BookingID]*entry, error) {
	entries := map[booking.BookingID]*entry{}
	err := st.View(func(tx *store.Tx) error {
		return tx.Each(attemptBucket, func(key, value []byte) error {
			var rec record
			if err := wire.Unmarshal(value, &rec); err != nil {
				return err
			}
			attempt, err := booking.UnmarshalAttempt(rec.Attempt)
			if err != nil {
				return err
			}
			e := newEntry(attempt)
			e.rec, e.written = rec, sha256.Sum256(value)
			entries[attempt.ID()] = e
			return nil
		})
	})
	return entries, err
}

// save writes the entry down, unless it is so already, and tells who shows it. Call it with the entry's mutex held, before what changed is
// sent.
func (b *bookings) save(ctx context.Context, e *entry) error {
	attempt, err := e.attempt.Marshal()
	if err != nil {
		return err
	}
	e.rec.Attempt = attempt
	last := e.attempt.Created()
	if end := e.attempt.Deadline(); end.After(last) {
		last = end
	}
	for _, v := range e.attempt.Visits() {
		if v.End.After(last) {
			last = v.End
		}
	}
	e.rec.Ends = max(e.rec.Ends, uint64(last.Add(keepAfter).Unix()))
	data, err := wire.Marshal(e.rec)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	if sum == e.written {
		return nil
	}
	id := e.attempt.ID()
	if err := b.node.home.Store.Update(ctx, func(tx *store.Tx) error { return tx.Put(attemptBucket, id[:], data) }); err != nil {
		return err
	}
	e.written = sum
	b.node.changes.Changed()
	return nil
}

func retainRecord(_, value []byte, now time.Time) bool {
	var r record
	return wire.Unmarshal(value, &r) == nil && uint64(now.Unix()) < r.Ends
}

func (e *entry) state() booking.State {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.attempt.State()
}

func (e *entry) mailed() booking.Kind {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.rec.Mailed
}
