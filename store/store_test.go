package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

// fullCost is the cost of Argon2id outside of tests.
var fullCost = argon

func TestMain(m *testing.M) {
	argon.passes, argon.kib, argon.lanes = 1, 64, 1
	if child() {
		return
	}
	goleak.VerifyTestMain(m)
}

var (
	things = NewBucket("things")
	others = NewBucket("others")
	hidden = NewHiddenBucket("hidden")
)

// quiet are options of a store that a test opens and closes many times: no Argon2id, no background work.
func quiet(dir string) Options {
	return Options{Dir: dir, Role: "practice", Secret: KeyFile(), Create: true, SweepEvery: -1, CopyEvery: -1}
}

func mustOpen(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func mustClose(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func put(t testing.TB, s *Store, b Bucket, key, value string) {
	t.Helper()
	err := s.Update(t.Context(), func(tx *Tx) error { return tx.Put(b, []byte(key), []byte(value)) })
	if err != nil {
		t.Fatal(err)
	}
}

// get returns a value, or "-" where there is none.
func get(t testing.TB, s *Store, b Bucket, key string) string {
	t.Helper()
	var value []byte
	err := s.View(func(tx *Tx) (err error) {
		value, err = tx.Get(b, []byte(key))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if value == nil {
		return "-"
	}
	return string(value)
}

// files reads all files below dir, by their path in it.
func files(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err == nil {
			all[name], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestValuesSurviveReopen(t *testing.T) {
	o := quiet(t.TempDir())
	s := mustOpen(t, o)
	put(t, s, things, "a", "1")
	put(t, s, things, "empty", "")
	put(t, s, hidden, "X110411675", "insured")
	mark := s.Hide("subnet", []byte("192.0.2.0"))
	mustClose(t, s)
	o.Create = false
	s = mustOpen(t, o)
	for _, tt := range []struct {
		b         Bucket
		key, want string
	}{{things, "a", "1"}, {things, "empty", ""}, {things, "b", "-"}, {others, "a", "-"}, {hidden, "X110411675", "insured"}, {hidden, "a", "-"}} {
		if got := get(t, s, tt.b, tt.key); got != tt.want {
			t.Errorf("%s of %s: %q, want %q", tt.key, tt.b.Name(), got, tt.want)
		}
	}
	if s.Hide("subnet", []byte("192.0.2.0")) != mark || s.Hide("other", []byte("192.0.2.0")) == mark {
		t.Error("pseudonyms are not stable by label")
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestGetCopies(t *testing.T) {
	s := mustOpen(t, quiet(t.TempDir()))
	key, value := []byte("k"), []byte("value")
	var inside []byte
	err := s.Update(t.Context(), func(tx *Tx) error {
		if err := tx.Put(things, key, value); err != nil {
			return err
		}
		value[0], key[0] = 'X', 'X'
		got, err := tx.Get(things, []byte("k"))
		inside = got
		return err
	})
	if err != nil || string(inside) != "value" {
		t.Fatalf("%q, %v", inside, err)
	}
	inside[0] = 'Y'
	err = s.View(func(tx *Tx) error {
		return tx.Each(things, func(k, v []byte) error {
			k[0], v[0] = 'Z', 'Z'
			return nil
		})
	})
	if got := get(t, s, things, "k"); got != "value" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestEach(t *testing.T) {
	s := mustOpen(t, quiet(t.TempDir()))
	for _, key := range []string{"a1", "a3", "b1", "b2", "c"} {
		put(t, s, things, key, key)
	}
	collect := func(tx *Tx, prefix string) (got string) {
		err := tx.EachPrefix(things, []byte(prefix), func(k, v []byte) error {
			if !bytes.Equal(k, v) {
				return fmt.Errorf("%q has value %q", k, v)
			}
			got += string(k) + " "
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		return got
	}
	err := s.Update(t.Context(), func(tx *Tx) error {
		for _, key := range []string{"a2", "a0", "b2", "d"} {
			if err := tx.Put(things, []byte(key), []byte(key)); err != nil {
				return err
			}
		}
		if err := tx.Delete(things, []byte("a3")); err != nil {
			return err
		}
		for prefix, want := range map[string]string{"": "a0 a1 a2 b1 b2 c d ", "a": "a0 a1 a2 ", "b": "b1 b2 ", "x": ""} {
			if got := collect(tx, prefix); got != want {
				t.Errorf("prefix %q: %s, want %s", prefix, got, want)
			}
		}
		// fn may write: what it sees is the state before.
		return tx.Each(things, func(k, v []byte) error {
			if err := tx.Put(things, append(k, '+'), append(v, '+')); err != nil {
				return err
			}
			return tx.Delete(things, v)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.View(func(tx *Tx) error {
		if got := collect(tx, ""); got != "a0+ a1+ a2+ b1+ b2+ c+ d+ " {
			t.Error(got)
		}
		seen := 0
		if err := tx.Each(things, func(k, v []byte) error { seen++; return Stop }); err != nil || seen != 1 {
			t.Errorf("stopped after %d: %v", seen, err)
		}
		mine := errors.New("mine")
		if err := tx.Each(things, func(k, v []byte) error { return mine }); !errors.Is(err, mine) {
			t.Error(err)
		}
		return tx.Each(others, func(k, v []byte) error { return mine })
	})
	if err != nil {
		t.Error(err)
	}
}

func TestMisuse(t *testing.T) {
	s := mustOpen(t, quiet(t.TempDir()))
	var kept *Tx
	long := make([]byte, maxKey+1)
	err := s.Update(t.Context(), func(tx *Tx) error {
		kept = tx
		for _, tt := range []struct {
			name string
			err  error
			want error
		}{
			{"empty key", tx.Put(things, nil, nil), ErrLimit},
			{"long key", tx.Put(things, long, nil), ErrLimit},
			{"long value", tx.Put(things, []byte("k"), make([]byte, maxValue+1)), ErrLimit},
			{"no bucket", tx.Put(Bucket{}, []byte("k"), nil), ErrBucket},
			{"own bucket", tx.Put(NewBucket(ownBucket), []byte(keyID), nil), ErrBucket},
			{"long bucket", tx.Delete(NewBucket(string(long)), []byte("k")), ErrBucket},
			{"each of own bucket", tx.Each(NewBucket(ownBucket), nil), ErrBucket},
			{"prefix of hidden", tx.EachPrefix(hidden, []byte("k"), nil), ErrBucket},
		} {
			if !errors.Is(tt.err, tt.want) {
				t.Errorf("%s: %v", tt.name, tt.err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kept.Get(things, []byte("k")); !errors.Is(err, ErrTxDone) {
		t.Errorf("Get after the end: %v", err)
	}
	if err := kept.Put(things, []byte("k"), nil); !errors.Is(err, ErrTxDone) {
		t.Errorf("Put after the end: %v", err)
	}
	if err := kept.Each(things, nil); !errors.Is(err, ErrTxDone) {
		t.Errorf("Each after the end: %v", err)
	}
	if err := s.View(func(tx *Tx) error { return tx.Put(things, []byte("k"), nil) }); !errors.Is(err, ErrTxDone) {
		t.Errorf("Put in View: %v", err)
	}
	big := func(tx *Tx) error {
		for i := range 10 {
			if err := tx.Put(things, []byte{byte(i)}, make([]byte, maxValue)); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.Update(t.Context(), big); !errors.Is(err, ErrLimit) {
		t.Errorf("80 MiB at once: %v", err)
	}
	if got := get(t, s, things, "k"); got != "-" {
		t.Error("misuse has written")
	}
}

func TestOpenRefusals(t *testing.T) {
	ctx := context.Background()
	empty := t.TempDir()
	o := quiet(empty)
	o.Create = false
	if _, err := Open(ctx, o); !errors.Is(err, ErrAbsent) {
		t.Errorf("no store: %v", err)
	}
	if n := len(files(t, empty)); n != 0 {
		t.Errorf("a refused Open left %d files", n)
	}
	o.Dir = filepath.Join(empty, "no", "where")
	if _, err := Open(ctx, o); !errors.Is(err, ErrAbsent) {
		t.Errorf("no folder: %v", err)
	}

	o = quiet(filepath.Join(t.TempDir(), "a", "b"))
	s := mustOpen(t, o)
	if info, err := os.Stat(o.Dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v, %v", info.Mode(), err)
	}
	for name := range files(t, o.Dir) {
		if info, err := os.Stat(filepath.Join(o.Dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if _, err := Open(ctx, o); !errors.Is(err, ErrInUse) {
		t.Errorf("second open in this process: %v", err)
	}
	if _, err := Recover(ctx, o); !errors.Is(err, ErrInUse) {
		t.Errorf("Recover of an open store: %v", err)
	}
	mustClose(t, s)
	mustClose(t, s)
	if err := s.View(func(*Tx) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("View after Close: %v", err)
	}
	if err := s.Update(ctx, func(*Tx) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("Update after Close: %v", err)
	}
	if err := s.Check(ctx); !errors.Is(err, ErrClosed) {
		t.Errorf("Check after Close: %v", err)
	}
	if err := s.HotCopy(ctx, filepath.Join(empty, "copy")); !errors.Is(err, ErrClosed) {
		t.Errorf("HotCopy after Close: %v", err)
	}
	if err := s.Keys().Put(1, "k", []byte("s")); !errors.Is(err, ErrClosed) {
		t.Errorf("Keys.Put after Close: %v", err)
	}
	if _, err := s.Backup(ctx, &bytes.Buffer{}, "p", nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Backup after Close: %v", err)
	}
	if err := s.ChangeSecret(KeyFile()); !errors.Is(err, ErrClosed) {
		t.Errorf("ChangeSecret after Close: %v", err)
	}
	o.Role = "patient"
	if _, err := Open(ctx, o); !errors.Is(err, ErrRole) {
		t.Errorf("other role: %v", err)
	}
	o.Role = ""
	mustOpen(t, o)
}

// TestLeftOvers: what interrupted writes left is removed, and never taken for the real file.
func TestLeftOvers(t *testing.T) {
	o := quiet(t.TempDir())
	s := mustOpen(t, o)
	old := files(t, o.Dir)
	put(t, s, things, "a", "1")
	mustClose(t, s)
	for _, name := range []string{fileDB, fileKeys, fileSpare, fileKEK, fileCopy} {
		if err := os.WriteFile(filepath.Join(o.Dir, name+unfinished), old[name], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s = mustOpen(t, o)
	if got := get(t, s, things, "a"); got != "1" {
		t.Error(got)
	}
	for name := range files(t, o.Dir) {
		if filepath.Ext(name) == unfinished {
			t.Errorf("%s was left", name)
		}
	}
}

func TestMigrations(t *testing.T) {
	o := quiet(t.TempDir())
	ran := ""
	step := func(name string) Migration {
		return func(tx *Tx) error {
			ran += name
			return tx.Put(things, []byte(name), []byte("done"))
		}
	}
	reopen := func(list ...Migration) (*Store, error) {
		o.Migrations = append([]Migration{}, list...)
		return Open(t.Context(), o)
	}
	s, err := reopen(step("a"), step("b"))
	if err != nil || ran != "ab" {
		t.Fatalf("%q, %v", ran, err)
	}
	mustClose(t, s)
	fails := errors.New("fails")
	_, err = reopen(step("a"), step("b"), step("c"), func(*Tx) error { return fails })
	if !errors.Is(err, fails) {
		t.Fatal(err)
	}
	s, err = reopen(step("a"), step("b"))
	if err != nil || ran != "abc" || get(t, s, things, "c") != "-" || get(t, s, things, "b") != "done" {
		t.Fatalf("a failed migration has left something: %q, %v", ran, err)
	}
	put(t, s, things, "d", "kept")
	mustClose(t, s)
	s, err = reopen(step("a"), step("b"), step("c"))
	if err != nil || ran != "abcc" || get(t, s, things, "d") != "kept" {
		t.Fatalf("%q, %v", ran, err)
	}
	mustClose(t, s)
	if _, err = reopen(step("a")); !errors.Is(err, ErrNewer) {
		t.Errorf("older program: %v", err)
	}
	if _, err = reopen([]Migration{}...); !errors.Is(err, ErrNewer) {
		t.Errorf("program of the first days: %v", err)
	}
	o.Migrations = nil // a program that only backs up
	s = mustOpen(t, o)
	if get(t, s, things, "d") != "kept" || s.identity.Schema != 3 || ran != "abcc" {
		t.Errorf("schema %d, ran %q", s.identity.Schema, ran)
	}
}
