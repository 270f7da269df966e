package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync/atomic"

	"go.etcd.io/bbolt"
)

// call is one Update on its way. Its fn runs in the caller's goroutine, so that a panic, a Goexit or a stack trace is the
// caller's; the writer only gives it its turn.
type call struct {
	taken atomic.Bool // by the writer, for its turn; or by the caller, to take the call back
	turn  chan *Tx    // writer -> caller: run fn
	ran   chan bool   // caller -> writer: fn has run; true: apply what it wrote
	done  chan error  // writer -> caller: how the commit ended
	frees bool        // only deletes
}

// Update calls fn in turn with all other calls and returns nil after what fn wrote is forced to the disk. Calls that wait share a
// transaction: each fn sees the writes of those before it; an fn that returns an error (or panics) leaves no trace, and its
// error is returned as it is, after the writes that it may have seen are on the disk. fn runs once, in the caller's goroutine, may not
// block, and may not call View or Update.
// A context that ends takes the call back as long as fn has not begun; later the outcome is waited for.
// ErrFull: nothing was saved. ErrFailed: it is not known whether it was; see there.
func (s *Store) Update(ctx context.Context, fn func(*Tx) error) error {
	return s.update(ctx, s.queue, fn)
}

func (s *Store) update(ctx context.Context, queue chan *call, fn func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c := &call{turn: make(chan *Tx, 1), ran: make(chan bool, 1), done: make(chan error, 1), frees: queue == s.frees}
	select {
	case queue <- c:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.written:
		return s.over()
	}
	var tx *Tx
	select {
	case tx = <-c.turn:
	case err := <-c.done: // refused before its turn
		return err
	case <-ctx.Done():
		if c.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		select {
		case tx = <-c.turn:
		case err := <-c.done:
			return err
		}
	case <-s.written: // Close came first
		return s.over()
	}
	errFn := c.run(tx, fn)
	if err := <-c.done; err != nil {
		return err
	}
	return errFn
}

// over is the answer to a call that came too late.
func (s *Store) over() error {
	if err := s.engine.failure(); err != nil {
		return err
	}
	return ErrClosed
}

// run calls fn and tells the writer how it went, also when fn does not return.
func (c *call) run(tx *Tx, fn func(*Tx) error) error {
	good := false
	defer func() {
		tx.over = true
		c.ran <- good
	}()
	err := fn(tx)
	good = err == nil
	return err
}

// write is the writer goroutine: the only one that writes to bbolt after Open.
func (s *Store) write() {
	defer close(s.written)
	for {
		select {
		case c := <-s.queue:
			s.commit(c)
		case c := <-s.frees:
			s.commit(c)
		case <-s.stop:
			return
		}
	}
}

// commit gives first and the calls that wait behind it their turns in one transaction, and answers them all when it is on the disk.
func (s *Store) commit(first *call) {
	bolt, err := s.engine.transaction(true)
	b := batch{store: s, bolt: bolt, identity: s.identity}
	var calls []*call
	for c := first; c != nil; c = s.waiting(first, len(calls)) {
		if !c.taken.CompareAndSwap(false, true) {
			continue // its caller has gone
		}
		calls = append(calls, c)
		if err != nil {
			continue // answered below
		}
		err = b.run(c)
	}
	if bolt != nil {
		err = b.end(err, first.frees)
	}
	for _, c := range calls {
		c.done <- err
	}
}

// waiting returns the next call that may share the transaction of first, or nil.
func (s *Store) waiting(first *call, have int) *call {
	if first.frees || have >= maxBatch {
		return nil
	}
	select {
	case c := <-s.queue:
		return c
	default:
		return nil
	}
}

// batch is one bbolt transaction that several calls share.
type batch struct {
	store    *Store
	bolt     *bbolt.Tx
	identity identity
	dirty    bool
}

// run gives a call its turn and applies what it wrote. An error is one of bbolt: the whole batch fails.
func (b *batch) run(c *call) error {
	tx := &Tx{store: b.store, bolt: b.bolt, writes: map[string]map[string]write{}, schema: b.identity.Schema}
	c.turn <- tx
	if good := <-c.ran; !good {
		return b.store.engine.failure()
	}
	b.identity.Schema = tx.schema
	if len(tx.writes) == 0 && tx.schema == b.store.identity.Schema {
		return b.store.engine.failure()
	}
	b.dirty = true
	return b.apply(tx)
}

// apply puts what a call wrote into bbolt, where the next call sees it.
func (b *batch) apply(tx *Tx) (err error) {
	defer b.store.engine.guard(debug.SetPanicOnFault(true), &err)
	for _, name := range slices.Sorted(maps.Keys(tx.writes)) {
		bucket, err := b.bolt.CreateBucketIfNotExists([]byte(name))
		if err != nil {
			return fmt.Errorf("make bucket %q: %w", name, err)
		}
		writes := tx.writes[name]
		for _, key := range slices.Sorted(maps.Keys(writes)) {
			if w := writes[key]; w.deleted {
				err = bucket.Delete([]byte(key))
			} else {
				err = bucket.Put([]byte(key), b.store.values.Seal(valueAAD(name, []byte(key)), w.value))
			}
			if err != nil {
				return fmt.Errorf("write to %q: %w", name, err)
			}
		}
	}
	return nil
}

// end commits, or gives up when err is not nil or nothing was written. It returns what every call of the batch is told.
func (b *batch) end(err error, frees bool) error {
	s := b.store
	if err == nil && b.dirty && !frees && s.reserve > 0 {
		if free, errFree := freeBytes(s.folder.dir); errFree == nil && free < s.reserve {
			err = ErrFull
		}
	}
	if err == nil && b.dirty {
		b.identity.Generation++
		b.identity.At = s.o.Now().Unix()
		err = b.identify()
	}
	if err != nil || !b.dirty {
		s.engine.end(b.bolt)
		return err
	}
	if err := b.force(); err != nil {
		return s.commitFailed(err)
	}
	s.identity = b.identity
	s.durable.Store(b.identity.Generation)
	return nil
}

func (b *batch) identify() (err error) {
	defer b.store.engine.guard(debug.SetPanicOnFault(true), &err)
	return putIdentity(b.bolt, b.store.values, b.identity)
}

func (b *batch) force() (err error) {
	defer b.store.engine.guard(debug.SetPanicOnFault(true), &err)
	return b.bolt.Commit()
}

// commitFailed decides what a failed commit means. A full disk is met before bbolt writes its meta page and leaves the
// last state in place. Anything else, and a state that became visible without being forced, is not trusted again:
// after a failed fsync the kernel may call pages clean that are not on the disk.
func (s *Store) commitFailed(err error) error {
	if failure := s.engine.failure(); failure != nil {
		return failure
	}
	visible, errRead := s.visible()
	if isFull(err) && errRead == nil && visible == s.identity.Generation {
		s.o.Log.Error("the disk is full", "error", err)
		return fmt.Errorf("%w (%v)", ErrFull, err)
	}
	s.o.Log.Error("the disk failed while saving; nothing more is written", "error", err)
	return s.engine.fail(fmt.Errorf("%w (%v)", ErrFailed, errors.Join(err, errRead)))
}

// visible returns the generation that a reader sees now.
func (s *Store) visible() (generation uint64, err error) {
	bolt, err := s.engine.transaction(false)
	if err != nil {
		return 0, err
	}
	defer s.engine.end(bolt)
	defer s.engine.guard(debug.SetPanicOnFault(true), &err)
	id, err := openIdentity(s.values, bolt.Bucket([]byte(ownBucket)).Get([]byte(keyIdentity)))
	return id.Generation, err
}
