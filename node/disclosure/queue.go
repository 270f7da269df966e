package disclosure

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"time"

	"pieks/gossip/wire"
	"pieks/store"
)

var (
	// waitBucket has the tick of each item that waits, dataBucket its data, under the same random key: the order of keys says nothing.
	waitBucket = store.NewBucket("disclosure.wait")
	dataBucket = store.NewBucket("disclosure.data")
	// spentBucket remembers commitments, as an HMAC, for as long as they could be posted again.
	spentBucket = store.NewHiddenBucket("disclosure.spent")
)

// instant is a time in a record: whole cycles only.
type instant struct {
	At uint64 `cbor:"1,keyasint"` // Unix seconds
}

var (
	errSpent = errors.New("commitment was posted before")
	errFull  = errors.New("too many items wait")
)

// queue is what waits for publication, on disk, with an index of it in memory.
type queue struct {
	store *store.Store

	mu      sync.Mutex
	waiting map[[16]byte]time.Time
	coming  int // posts on their way to the disk
}

// openQueue reads what waits, and has the store's sweeper forget spent commitments.
func openQueue(s *store.Store) (*queue, error) {
	q := &queue{store: s, waiting: map[[16]byte]time.Time{}}
	s.Retain(spentBucket, func(_, value []byte, now time.Time) bool {
		var until instant
		return wire.Unmarshal(value, &until) == nil && now.Unix() < int64(until.At)
	})
	err := s.View(func(tx *store.Tx) error {
		return tx.Each(waitBucket, func(key, value []byte) error {
			var since instant
			if err := wire.Unmarshal(value, &since); err != nil || len(key) != 16 {
				return errors.Join(err, store.ErrDamaged)
			}
			q.waiting[[16]byte(key)] = time.Unix(int64(since.At), 0)
			return nil
		})
	})
	return q, err
}

// post keeps data and marks the commitment as spent, in one transaction, and returns when that is on the disk.
func (q *queue) post(ctx context.Context, c Commitment, data []byte, expires time.Time, rules Rules, now time.Time) error {
	if !q.enter() {
		return errFull
	}
	w := waiting{since: rules.Tick(now)}
	_, _ = rand.Read(w.id[:])
	err := q.write(ctx, c, data, w, rules.spentUntil(expires))
	q.leave(w, err == nil)
	return err
}

func (q *queue) write(ctx context.Context, c Commitment, data []byte, w waiting, until time.Time) error {
	since, err := wire.Marshal(instant{At: uint64(max(w.since.Unix(), 0))})
	if err != nil {
		return err
	}
	spent, err := wire.Marshal(instant{At: uint64(until.Unix())})
	if err != nil {
		return err
	}
	return q.store.Update(ctx, func(tx *store.Tx) error {
		old, err := tx.Get(spentBucket, c[:])
		if err != nil {
			return err
		}
		if old != nil {
			return errSpent
		}
		return errors.Join(tx.Put(spentBucket, c[:], spent), tx.Put(waitBucket, w.id[:], since), tx.Put(dataBucket, w.id[:], data))
	})
}

// imitate costs what a post costs a disk: one transaction that is forced out. It leaves nothing.
func (q *queue) imitate(ctx context.Context) error {
	var id [16]byte
	_, _ = rand.Read(id[:])
	return q.store.Update(ctx, func(tx *store.Tx) error { return tx.Delete(waitBucket, id[:]) })
}

func (q *queue) enter() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting)+q.coming >= maxQueued {
		return false
	}
	q.coming++
	return true
}

// leave ends a post; durable: its item is on the disk.
func (q *queue) leave(w waiting, durable bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.coming--
	if durable {
		q.waiting[w.id] = w.since
	}
}

// all is a copy of the index.
func (q *queue) all() []waiting {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := make([]waiting, 0, len(q.waiting))
	for id, since := range q.waiting {
		out = append(out, waiting{id: id, since: since})
	}
	slices.SortFunc(out, func(a, b waiting) int { return slices.Compare(a.id[:], b.id[:]) })
	return out
}

func (q *queue) count() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// read gives the data of chosen items, in their order.
func (q *queue) read(chosen []waiting) ([][]byte, error) {
	out := make([][]byte, len(chosen))
	err := q.store.View(func(tx *store.Tx) error {
		for i, w := range chosen {
			data, err := tx.Get(dataBucket, w.id[:])
			if err != nil {
				return err
			}
			if data == nil {
				return store.ErrDamaged
			}
			out[i] = data
		}
		return nil
	})
	return out, err
}

// remove takes published items off the disk within tx; published takes them out of the index afterwards.
func (q *queue) remove(tx *store.Tx, chosen []waiting) error {
	for _, w := range chosen {
		if err := errors.Join(tx.Delete(waitBucket, w.id[:]), tx.Delete(dataBucket, w.id[:])); err != nil {
			return err
		}
	}
	return nil
}

func (q *queue) published(chosen []waiting) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, w := range chosen {
		delete(q.waiting, w.id)
	}
}
