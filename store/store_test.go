package store

import (
	"bytes"
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
