package store

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"
)

func TestSweep(t *testing.T) {
	s := mustOpen(t, quiet(t.TempDir()))
	day := func(n int) time.Time { return time.Unix(int64(n)*86400, 0) }
	const n = 2*sweepBatch + 7
	err := s.Update(t.Context(), func(tx *Tx) error {
		for i := range n {
			at := strconv.Itoa(i)
			if err := errors.Join(tx.Put(things, []byte("thing "+at), []byte(at)), tx.Put(hidden, []byte("hidden "+at), []byte(at)),
				tx.Put(others, []byte("other "+at), []byte(at))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// A value stays for 30 days after the day that it names.
	keep := func(_, value []byte, now time.Time) bool {
		i, err := strconv.Atoi(string(value))
		return err == nil && now.Before(day(i+30))
	}
	s.Retain(things, func([]byte, []byte, time.Time) bool { return false })
	s.Retain(things, keep) // replaces the rule above
	s.Retain(hidden, keep)
	count := func(b Bucket) (n int) {
		if err := s.View(func(tx *Tx) error { return tx.Each(b, func(_, _ []byte) error { n++; return nil }) }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, tt := range []struct{ day, removed int }{{0, 0}, {29, 0}, {30, 2}, {30, 0}, {34, 8}, {29 + n, 2 * (n - 5)}, {10000, 0}} {
		removed, err := s.Sweep(t.Context(), day(tt.day))
		if err != nil || removed != tt.removed {
			t.Errorf("day %d: removed %d, want %d: %v", tt.day, removed, tt.removed, err)
		}
	}
	if count(things) != 0 || count(hidden) != 0 || count(others) != n {
		t.Errorf("left: %d, %d, %d", count(things), count(hidden), count(others))
	}
}

// TestSweepAsksAgain: a value that changes between the look and the deletion is judged by what it is then.
func TestSweepAsksAgain(t *testing.T) {
	s := mustOpen(t, quiet(t.TempDir()))
	put(t, s, things, "a", "old")
	put(t, s, things, "b", "old")
	asked := 0
	s.Retain(things, func(key, value []byte, _ time.Time) bool {
		asked++
		if asked == 2 { // both were judged: now one is renewed, before the deletion gets its turn
			done := make(chan error, 1)
			go func() {
				done <- s.Update(t.Context(), func(tx *Tx) error { return tx.Put(things, []byte("b"), []byte("new")) })
			}()
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		return string(value) == "new"
	})
	removed, err := s.Sweep(t.Context(), time.Now())
	if err != nil || removed != 1 || get(t, s, things, "a") != "-" || get(t, s, things, "b") != "new" {
		t.Errorf("removed %d, %v", removed, err)
	}
}

// TestSweepUsesTheReserve: with the disk almost full, bookings are refused and deletions are not.
func TestSweepUsesTheReserve(t *testing.T) {
	s := mustOpen(t, quiet(t.TempDir()))
	put(t, s, things, "a", "1")
	s.Retain(things, func(_, _ []byte, _ time.Time) bool { return false })
	s.reserve = 1 << 62
	if err := s.Update(t.Context(), func(tx *Tx) error { return tx.Put(things, []byte("b"), nil) }); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	if n, err := s.Sweep(t.Context(), time.Now()); n != 1 || err != nil {
		t.Error(n, err)
	}
	if get(t, s, things, "a") != "-" || get(t, s, things, "b") != "-" {
		t.Error(fmt.Sprint(get(t, s, things, "a"), get(t, s, things, "b")))
	}
}
