package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func hotCopy(t testing.TB, s *Store) {
	t.Helper()
	if err := s.HotCopy(t.Context(), filepath.Join(s.o.Dir, fileCopy)); err != nil {
		t.Fatal(err)
	}
}

func TestHotCopyWhileWriting(t *testing.T) {
	o := quiet(t.TempDir())
	s := mustOpen(t, o)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			// Both or none: a copy must never see one of them.
			err := s.Update(context.Background(), func(tx *Tx) error {
				v := []byte(strings.Repeat("x", i%3000))
				return errors.Join(tx.Put(things, []byte("a"), v), tx.Put(others, []byte("b"), v))
			})
			if err != nil {
				t.Error(err)
				return
			}
		}
	}()
	elsewhere := filepath.Join(t.TempDir(), "my copy")
	for range 20 {
		hotCopy(t, s)
		if err := s.HotCopy(t.Context(), elsewhere); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	<-done
	put(t, s, others, "later", "than every copy")
	if info, err := os.Stat(elsewhere); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	for _, name := range []string{fileDB, fileKeys, "anything"} {
		if err := s.HotCopy(t.Context(), filepath.Join(o.Dir, name)); !errors.Is(err, ErrExists) {
			t.Errorf("copy over %s: %v", name, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.HotCopy(ended, elsewhere); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	mustClose(t, s)

	// The copy is a store file: put in place of the lost one it is refused as older, and Recover takes it.
	data, err := os.ReadFile(elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	change(t, o, fileDB, func([]byte) []byte { return data })
	refused(t, o, ErrRolledBack)
	if err := os.Remove(filepath.Join(o.Dir, fileCopy)); err != nil {
		t.Fatal(err)
	}
	if _, err := Recover(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, o)
	if get(t, s, things, "a") != get(t, s, others, "b") {
		t.Error("the copy is from the middle of a write")
	}
}

func TestHotCopyLeavesRoom(t *testing.T) {
	s := mustOpen(t, quiet(t.TempDir()))
	s.reserve = 1 << 62
	if err := s.HotCopy(t.Context(), filepath.Join(s.o.Dir, fileCopy)); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
}

func TestRecover(t *testing.T) {
	now := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	make := func(t *testing.T) Options {
		o := quiet(t.TempDir())
		o.Now = func() time.Time { return now }
		s := mustOpen(t, o)
		put(t, s, things, "a", "old")
		if err := s.Keys().Put(1, "k", []byte("one-time")); err != nil {
			t.Fatal(err)
		}
		hotCopy(t, s)
		now = now.Add(time.Minute)
		put(t, s, things, "a", "new")
		put(t, s, things, "b", "new")
		mustClose(t, s)
		return o
	}
	remove := func(name string) func(t *testing.T, o Options) {
		return func(t *testing.T, o Options) {
			if err := os.Remove(filepath.Join(o.Dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	spoil := func(name string) func(t *testing.T, o Options) {
		return func(t *testing.T, o Options) {
			change(t, o, name, func(d []byte) []byte { return d[:len(d)/3] })
		}
	}
	tests := []struct {
		name   string
		damage []func(t *testing.T, o Options)
		want   string // value of a afterwards; "" = ErrNoCopy
		keys   bool   // one-time keys are there
		lost   uint64
	}{
		{"store file missing", []func(*testing.T, Options){remove(fileDB)}, "old", true, 2},
		{"store file damaged", []func(*testing.T, Options){spoil(fileDB)}, "old", true, 2},
		{"key file missing", []func(*testing.T, Options){remove(fileKeys)}, "new", false, 0},
		{"key file damaged", []func(*testing.T, Options){spoil(fileKeys)}, "new", false, 0},
		{"both missing", []func(*testing.T, Options){remove(fileKeys), remove(fileDB)}, "old", false, 0},
		{"both damaged", []func(*testing.T, Options){spoil(fileKeys), spoil(fileDB)}, "old", false, 0},
		{"store file and copy damaged", []func(*testing.T, Options){spoil(fileCopy), spoil(fileDB)}, "", true, 0},
		{"store file damaged, no copy", []func(*testing.T, Options){remove(fileCopy), spoil(fileDB)}, "", true, 0},
		{"keys and spare missing", []func(*testing.T, Options){remove(fileKeys), remove(fileSpare)}, "missing", true, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := make(t)
			copyTime := now.Add(-time.Minute)
			if _, err := Recover(t.Context(), o); !errors.Is(err, ErrExists) {
				t.Fatalf("a whole store was recovered: %v", err)
			}
			before := files(t, o.Dir)[fileDB]
			for _, damage := range tt.damage {
				damage(t, o)
			}
			damaged := files(t, o.Dir)
			if _, err := Open(t.Context(), o); err == nil {
				t.Fatal("it opens")
			}
			done, err := Recover(t.Context(), o)
			if tt.want == "" || tt.want == "missing" {
				if want := map[string]error{"": ErrNoCopy, "missing": ErrMissing}[tt.want]; !errors.Is(err, want) {
					t.Errorf("got %v", err)
				}
				for name, data := range damaged {
					if string(files(t, o.Dir)[name]) != string(data) {
						t.Errorf("%s was changed", name)
					}
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if done.KeysLost == tt.keys || done.Lost != tt.lost {
				t.Errorf("%+v", done)
			}
			if tt.want == "old" && !done.CopyOf.Equal(copyTime) {
				t.Errorf("copy of %v, want %v", done.CopyOf, copyTime)
			}
			if db, ok := damaged[fileDB]; ok && tt.want == "old" {
				kept, err := os.ReadFile(done.Quarantine)
				if err != nil || string(kept) != string(db) {
					t.Errorf("quarantine %q: %v", done.Quarantine, err)
				}
			}
			s := mustOpen(t, o)
			if got := get(t, s, things, "a"); got != tt.want {
				t.Errorf("a=%s", got)
			}
			if _, ok := s.Keys().Get(1, "k"); ok != tt.keys {
				t.Errorf("one-time key: %v", ok)
			}
			mustClose(t, s)
			if tt.want == "old" { // what was there before is older now than what was recovered
				recovered := files(t, o.Dir)[fileDB]
				change(t, o, fileDB, func([]byte) []byte { return before })
				refused(t, o, ErrRolledBack)
				change(t, o, fileDB, func([]byte) []byte { return recovered })
			}
			s = mustOpen(t, o)
			put(t, s, things, "c", "later")
		})
	}
}

// TestHourly: the store copies and sweeps by itself.
func TestHourly(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		o := quiet(dir)
		o.SweepEvery, o.CopyEvery = 0, 0
		s := mustOpen(t, o)
		synctest.Wait()
		first, err := os.ReadFile(filepath.Join(dir, fileCopy))
		if err != nil {
			t.Fatalf("no copy at the start: %v", err)
		}
		put(t, s, things, "old", time.Now().Format(time.RFC3339))
		s.Retain(things, func(_, value []byte, now time.Time) bool {
			at, err := time.Parse(time.RFC3339, string(value))
			return err == nil && now.Sub(at) < 10*time.Minute
		})
		time.Sleep(9*time.Minute + time.Second) // virtual
		synctest.Wait()
		if get(t, s, things, "old") == "-" {
			t.Error("removed too early")
		}
		s.keys.mu.Lock()
		got := s.keys.body.Generation
		s.keys.mu.Unlock()
		if got != s.durable.Load() {
			t.Errorf("the key file is at %d, the store at %d", got, s.durable.Load())
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if get(t, s, things, "old") != "-" {
			t.Error("not removed")
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		second, err := os.ReadFile(filepath.Join(dir, fileCopy))
		if err != nil || string(first) == string(second) {
			t.Errorf("the copy was not renewed: %v", err)
		}
		mustClose(t, s)
	})
}
