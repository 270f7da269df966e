package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// hold occupies the writer until release is called, so that calls queue up behind it and share one transaction.
func hold(t testing.TB, s *Store) (release func() error) {
	t.Helper()
	inside, leave, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- s.Update(context.Background(), func(*Tx) error {
			close(inside)
			<-leave
			return nil
		})
	}()
	<-inside
	return func() error {
		close(leave)
		return <-done
	}
}

// queued starts an Update and returns when it waits for its turn.
func queued(s *Store, fn func(*Tx) error) <-chan error {
	done := make(chan error, 1)
	before := len(s.queue)
	go func() { done <- s.Update(context.Background(), fn) }()
	for len(s.queue) == before {
		runtime.Gosched()
	}
	return done
}

func TestGroupCommit(t *testing.T) {
	s := mustOpen(t, quiet(t.TempDir()))
	put(t, s, things, "x", "0")
	generation := s.durable.Load()
	release := hold(t, s)
	wrong := errors.New("wrong")
	first := queued(s, func(tx *Tx) error { return tx.Put(things, []byte("x"), []byte("1")) })
	failing := queued(s, func(tx *Tx) error {
		if err := errors.Join(tx.Put(things, []byte("x"), []byte("2")), tx.Put(things, []byte("y"), []byte("2")), tx.Put(others, []byte("z"), nil),
			tx.Delete(things, []byte("x"))); err != nil {
			return err
		}
		return wrong
	})
	var seen, inView string
	second := queued(s, func(tx *Tx) error {
		x, err := tx.Get(things, []byte("x"))
		if err != nil {
			return err
		}
		y, err := tx.Get(things, []byte("y"))
		seen = fmt.Sprintf("%s,%v", x, y != nil)
		inView = get(t, s, things, "x") // a snapshot from before this transaction
		return errors.Join(err, tx.Put(things, []byte("x"), []byte("3")))
	})
	if err := errors.Join(release(), <-first, <-second); err != nil {
		t.Error(err)
	}
	if err := <-failing; err != wrong {
		t.Errorf("the failing call got %v", err)
	}
	if seen != "1,false" {
		t.Errorf("the third call saw %s", seen)
	}
	if inView != "0" {
		t.Errorf("a View saw %q before the commit", inView)
	}
	if x, y, z := get(t, s, things, "x"), get(t, s, things, "y"), get(t, s, others, "z"); x != "3" || y != "-" || z != "-" {
		t.Errorf("x=%s y=%s z=%s", x, y, z)
	}
	if got := s.durable.Load() - generation; got != 1 {
		t.Errorf("%d commits for one group", got)
	}
}

// TestNoAnswerBeforeCommit: a call that only read what an earlier one of its group wrote, or failed because of it, is
// answered when that is on the disk, and with the disk's error when it is not.
func TestNoAnswerBeforeCommit(t *testing.T) {
	s := mustOpen(t, quiet(t.TempDir()))
	taken := errors.New("taken")
	reserve := func(tx *Tx) error {
		if v, err := tx.Get(things, []byte("slot")); v != nil || err != nil {
			return errors.Join(taken, err)
		}
		return tx.Put(things, []byte("slot"), []byte("mine"))
	}
	s.reserve = ^uint64(0) // no disk has that much room
	release := hold(t, s)
	first, second, reader := queued(s, reserve), queued(s, reserve), queued(s, func(tx *Tx) error { return nil })
	for i, err := range []error{release(), <-first, <-second, <-reader} {
		if !errors.Is(err, ErrFull) {
			t.Errorf("call %d got %v", i, err)
		}
	}
	s.reserve = 0
	release = hold(t, s)
	first, second = queued(s, reserve), queued(s, reserve)
	if err := errors.Join(release(), <-first); err != nil {
		t.Error(err)
	}
	if err := <-second; !errors.Is(err, taken) {
		t.Error(err)
	}
}

func TestCounterOfManyCallers(t *testing.T) {
	s := mustOpen(t, quiet(t.TempDir()))
	const callers, each = 64, 25
	var wg sync.WaitGroup
	var refused atomic.Int64
	odd := errors.New("odd")
	for range callers {
		wg.Go(func() {
			for i := range each {
				err := s.Update(t.Context(), func(tx *Tx) error {
					v, err := tx.Get(things, []byte("n"))
					if err != nil {
						return err
					}
					var n uint64
					if v != nil {
						n = binary.BigEndian.Uint64(v)
					}
					if err := tx.Put(things, []byte("n"), binary.BigEndian.AppendUint64(nil, n+1)); err != nil {
						return err
					}
					if i%5 == 4 {
						return odd
					}
					return nil
				})
				if errors.Is(err, odd) {
					refused.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := binary.BigEndian.Uint64([]byte(get(t, s, things, "n"))); got != callers*each*4/5 || refused.Load() != callers*each/5 {
		t.Errorf("counted %d, refused %d", got, refused.Load())
	}
	if commits := s.durable.Load(); commits > callers*each/2 {
		t.Errorf("%d commits for %d calls: nothing was grouped", commits, callers*each)
	}
}

func TestPanicAndGoexitLeaveNoTrace(t *testing.T) {
	s := mustOpen(t, quiet(t.TempDir()))
	func() {
		defer func() {
			if r := recover(); r != "mine" {
				t.Errorf("recovered %v", r)
			}
		}()
		_ = s.Update(t.Context(), func(tx *Tx) error {
			_ = tx.Put(things, []byte("x"), []byte("1"))
			panic("mine")
		})
	}()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Update(context.Background(), func(tx *Tx) error {
			_ = tx.Put(things, []byte("x"), []byte("1"))
			runtime.Goexit() // what t.Fatal does
			return nil
		})
	}()
	<-done
	if got := get(t, s, things, "x"); got != "-" {
		t.Errorf("x=%s", got)
	}
	put(t, s, things, "x", "2")
	func() {
		defer func() { _ = recover() }()
		_ = s.View(func(*Tx) error { panic("mine") })
	}()
	mustClose(t, s)
}

func TestContextTakesCallBack(t *testing.T) {
	s := mustOpen(t, quiet(t.TempDir()))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Update(ended, func(tx *Tx) error { return tx.Put(things, []byte("x"), nil) }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	release := hold(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- s.Update(ctx, func(tx *Tx) error { return tx.Put(things, []byte("x"), nil) })
	}()
	for len(s.queue) == 0 {
		runtime.Gosched()
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) { // while the writer is still held
		t.Error(err)
	}
	after := queued(s, func(tx *Tx) error { return tx.Put(things, []byte("y"), nil) })
	if err := errors.Join(release(), <-after); err != nil {
		t.Error(err)
	}
	if got := get(t, s, things, "x"); got != "-" {
		t.Error("a call that was taken back has run")
	}
	// A context that ends within fn changes nothing: the outcome is told.
	ctx, cancel = context.WithCancel(t.Context())
	if err := s.Update(ctx, func(tx *Tx) error { cancel(); return tx.Put(things, []byte("z"), []byte("1")) }); err != nil || get(t, s, things, "z") != "1" {
		t.Error(err)
	}
}

func TestCloseAnswersAll(t *testing.T) {
	for range 50 {
		s := mustOpen(t, quiet(t.TempDir()))
		var wg sync.WaitGroup
		acknowledged := make([]bool, 20)
		for i := range acknowledged {
			wg.Go(func() {
				err := s.Update(context.Background(), func(tx *Tx) error { return tx.Put(things, []byte{byte(i + 1)}, []byte("x")) })
				if acknowledged[i] = err == nil; err != nil && !errors.Is(err, ErrClosed) {
					t.Error(err)
				}
			})
		}
		for range 10 {
			runtime.Gosched()
		}
		mustClose(t, s)
		wg.Wait()
		s = mustOpen(t, s.o)
		for i, ok := range acknowledged {
			if ok && get(t, s, things, string([]byte{byte(i + 1)})) != "x" {
				t.Errorf("acknowledged write %d is gone", i)
			}
		}
		mustClose(t, s)
	}
}

// TestVirtualTime: nodes run their stores inside synctest bubbles.
func TestVirtualTime(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		o := quiet(dir)
		o.SweepEvery, o.CopyEvery = 0, 0
		s := mustOpen(t, o)
		put(t, s, things, "x", "1")
		synctest.Wait()
		if got := get(t, s, things, "x"); got != "1" {
			t.Error(got)
		}
		mustClose(t, s)
	})
}
