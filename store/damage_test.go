package store

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"pieks/store/boltfile"
)

// filled makes a store of some hundred values and closes it.
func filled(t testing.TB) Options {
	o := quiet(t.TempDir())
	s := mustOpen(t, o)
	err := s.Update(t.Context(), func(tx *Tx) error {
		for i := range 400 {
			value := bytes.Repeat([]byte{byte(i)}, 50+i)
			if err := errors.Join(tx.Put(things, fmt.Appendf(nil, "%04d", i), value), tx.Put(hidden, fmt.Appendf(nil, "%04d", i), value)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	return o
}

// refused opens a store that must be refused for the reason: with a sentence, a copy in quarantine, and all files as they were.
func refused(t *testing.T, o Options, reason error) *RefusedError {
	t.Helper()
	before := files(t, o.Dir)
	s, err := Open(t.Context(), o)
	if err == nil {
		s.Close()
		t.Fatalf("the store opened; want %v", reason)
	}
	var refused *RefusedError
	if !errors.As(err, &refused) || !errors.Is(err, reason) {
		t.Fatalf("got %v, want %v", err, reason)
	}
	if !strings.Contains(err.Error(), reason.Error()) || !strings.Contains(err.Error(), o.Dir) {
		t.Errorf("the message does not say what and where: %v", err)
	}
	after := files(t, o.Dir)
	if db, ok := before[fileDB]; ok {
		kept, err := os.ReadFile(refused.Quarantine)
		if err != nil || !bytes.Equal(kept, db) {
			t.Errorf("quarantine %q: %v", refused.Quarantine, err)
		}
		if !strings.Contains(refused.Error(), refused.Quarantine) {
			t.Error("the message does not name the copy")
		}
	} else if refused.Quarantine != "" {
		t.Errorf("a copy of nothing: %s", refused.Quarantine)
	}
	maps.DeleteFunc(after, func(name string, _ []byte) bool { return strings.HasPrefix(name, quarantine) })
	maps.DeleteFunc(before, func(name string, _ []byte) bool { return strings.HasPrefix(name, quarantine) })
	if !maps.EqualFunc(before, after, bytes.Equal) {
		t.Errorf("files changed: %v, then %v", names(before), names(after))
	}
	return refused
}

func names(files map[string][]byte) []string { return slices.Sorted(maps.Keys(files)) }

// change rewrites a file of the store.
func change(t testing.TB, o Options, name string, fn func(data []byte) []byte) {
	t.Helper()
	path := filepath.Join(o.Dir, name)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, fn(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDamagedStoreFile(t *testing.T) {
	const page = 4096
	rng := rand.New(rand.NewPCG(59, 59))
	tests := []struct {
		name   string
		reason error
		damage func(data []byte) []byte
	}{
		{"empty", ErrEmpty, func([]byte) []byte { return nil }},
		{"100 bytes", ErrDamaged, func(d []byte) []byte { return d[:100] }},
		{"one page", ErrDamaged, func(d []byte) []byte { return d[:page] }},
		{"two pages", ErrDamaged, func(d []byte) []byte { return d[:2*page] }},
		{"half", ErrDamaged, func(d []byte) []byte { return d[:used(t, d)/2] }},
		{"half in whole pages", ErrDamaged, func(d []byte) []byte { return d[:used(t, d)/2/page*page] }},
		{"one page short", ErrDamaged, func(d []byte) []byte { return d[:used(t, d)-page] }},
		{"half, filled with zeros", ErrDamaged, func(d []byte) []byte { clear(d[used(t, d)/2:]); return d }},
		{"both meta pages zeroed", ErrDamaged, func(d []byte) []byte { clear(d[:2*page]); return d }},
		{"text", ErrDamaged, func([]byte) []byte { return bytes.Repeat([]byte("no database\n"), 9000) }},
		{"random bytes", ErrDamaged, func(d []byte) []byte { return randomBytes(rng, len(d)) }},
		{"random pages", ErrDamaged, func(d []byte) []byte {
			for at := 2 * page; at+page <= len(d); at += page {
				copy(d[at:at+page], randomBytes(rng, page))
			}
			return d
		}},
		{"other database", ErrForeign, func([]byte) []byte { return boltFile(t, "bookings") }},
		{"database without content", ErrEmpty, func([]byte) []byte { return boltFile(t, "") }},
		{"other store", ErrForeign, func([]byte) []byte { return files(t, filled(t).Dir)[fileDB] }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := filled(t)
			change(t, o, fileDB, tt.damage)
			first := refused(t, o, tt.reason)
			again := refused(t, o, tt.reason) // the same file is kept once
			if first.Quarantine != again.Quarantine || len(slices.DeleteFunc(names(files(t, o.Dir)), func(n string) bool { return !strings.HasPrefix(n, quarantine) })) != 1 {
				t.Errorf("%v", names(files(t, o.Dir)))
			}
		})
	}
	t.Run("missing", func(t *testing.T) {
		o := filled(t)
		if err := os.Remove(filepath.Join(o.Dir, fileDB)); err != nil {
			t.Fatal(err)
		}
		refused(t, o, ErrMissing)
	})
	t.Run("newer meta page zeroed", func(t *testing.T) { // bbolt would go one commit back without a word
		o := filled(t)
		newer := 0
		change(t, o, fileDB, func(d []byte) []byte {
			newer = int(txid(d, 1) - txid(d, 0)) // 1 or -1
			if newer < 0 {
				clear(d[:page])
			} else {
				clear(d[page : 2*page])
			}
			return d
		})
		refused(t, o, ErrRolledBack)
	})
	t.Run("older meta page zeroed", func(t *testing.T) { // as a crash in the middle of writing it leaves the file
		o := filled(t)
		change(t, o, fileDB, func(d []byte) []byte {
			if txid(d, 1) > txid(d, 0) {
				clear(d[:page])
			} else {
				clear(d[page : 2*page])
			}
			return d
		})
		mustOpen(t, o)
	})
}

// used returns how many bytes of a store file are in use; bbolt makes it larger.
func used(t *testing.T, d []byte) int {
	meta, err := boltfile.ReadMeta(bytes.NewReader(d), int64(len(d)))
	if err != nil {
		t.Fatal(err)
	}
	return int(meta.HighWater) * meta.PageSize
}

func txid(d []byte, page int) int64 {
	return int64(uint64(d[page*4096+16+48]) | uint64(d[page*4096+16+49])<<8) // small, little endian
}

func randomBytes(rng *rand.Rand, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(rng.IntN(256))
	}
	return out
}

// boltFile returns a bbolt database with one value in bucket, or none.
func boltFile(t *testing.T, bucket string) []byte {
	path := filepath.Join(t.TempDir(), "db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if bucket != "" {
		err = db.Update(func(tx *bbolt.Tx) error {
			b, err := tx.CreateBucket([]byte(bucket))
			if err != nil {
				return err
			}
			return b.Put([]byte("key"), make([]byte, 100))
		})
	}
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestEveryFlippedByteOfAValue flips each byte of a sealed value and of its key, one at a time.
func TestEveryFlippedByteOfAValue(t *testing.T) {
	o := quiet(t.TempDir())
	s := mustOpen(t, o)
	put(t, s, things, "the key", "the value")
	mustClose(t, s)
	sound := files(t, o.Dir)[fileDB]
	at := bytes.LastIndex(sound, []byte("the key"))
	for i := range len("the key") + SealOverhead + len("the value") {
		change(t, o, fileDB, func(d []byte) []byte {
			copy(d, sound)
			d[at+i] ^= 0x10
			return d
		})
		_, err := Open(t.Context(), o)
		if !errors.Is(err, ErrDamaged) {
			t.Fatalf("byte %d flipped: %v", i, err)
		}
	}
	if kept, err := os.ReadDir(filepath.Join(o.Dir, quarantine)); err != nil || len(kept) != maxQuarantine {
		t.Errorf("%d copies, %v", len(kept), err)
	}
	change(t, o, fileDB, func(d []byte) []byte { copy(d, sound); return d })
	mustOpen(t, o)
}

// TestValuesCannotBeMoved: a sealed value put under another key or into another bucket does not open.
func TestValuesCannotBeMoved(t *testing.T) {
	o := quiet(t.TempDir())
	s := mustOpen(t, o)
	put(t, s, things, "a", "1")
	put(t, s, things, "b", "2")
	mustClose(t, s)
	for name, move := range map[string]func(tx *bbolt.Tx) error{
		"other key": func(tx *bbolt.Tx) error {
			b := tx.Bucket([]byte(things.name))
			return b.Put([]byte("b"), bytes.Clone(b.Get([]byte("a"))))
		},
		"other bucket": func(tx *bbolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists([]byte(others.name))
			if err != nil {
				return err
			}
			return b.Put([]byte("a"), bytes.Clone(tx.Bucket([]byte(things.name)).Get([]byte("a"))))
		},
		"nested bucket": func(tx *bbolt.Tx) error {
			_, err := tx.Bucket([]byte(things.name)).CreateBucket([]byte("inner"))
			return err
		},
		"plain value": func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte(things.name)).Put([]byte("c"), []byte("plain"))
		},
		"identity removed": func(tx *bbolt.Tx) error { return tx.Bucket([]byte(ownBucket)).Delete([]byte(keyIdentity)) },
		"id changed":       func(tx *bbolt.Tx) error { return tx.Bucket([]byte(ownBucket)).Put([]byte(keyID), make([]byte, 16)) },
		"own entry added":  func(tx *bbolt.Tx) error { return tx.Bucket([]byte(ownBucket)).Put([]byte("x"), nil) },
	} {
		t.Run(name, func(t *testing.T) {
			copied := quiet(t.TempDir())
			if err := os.CopyFS(copied.Dir, os.DirFS(o.Dir)); err != nil {
				t.Fatal(err)
			}
			edit(t, copied, move)
			if name == "nested bucket" {
				edit(t, copied, func(tx *bbolt.Tx) error {
					return tx.Bucket([]byte(things.name)).Bucket([]byte("inner")).Put([]byte("k"), nil)
				})
				refused(t, copied, ErrForeign)
				return
			}
			refused(t, copied, ErrDamaged)
		})
	}
}

// edit changes the store file with bbolt alone.
func edit(t *testing.T, o Options, fn func(*bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(o.Dir, fileDB), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(fn), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestRolledBack(t *testing.T) {
	o := filled(t)
	old := files(t, o.Dir)[fileDB]
	s := mustOpen(t, o)
	put(t, s, things, "booking", "made")
	mustClose(t, s)
	newest := files(t, o.Dir)[fileDB]
	change(t, o, fileDB, func([]byte) []byte { return old })
	refused(t, o, ErrRolledBack)
	change(t, o, fileDB, func([]byte) []byte { return newest })
	s = mustOpen(t, o)
	if got := get(t, s, things, "booking"); got != "made" {
		t.Error(got)
	}
	mustClose(t, s)

	// An older key file does not keep the store from opening: it is at most what a crash between the two writes leaves.
	keys := files(t, o.Dir)[fileKeys]
	s = mustOpen(t, o)
	put(t, s, things, "booking", "made again")
	mustClose(t, s)
	change(t, o, fileKeys, func([]byte) []byte { return keys })
	s = mustOpen(t, o)
	if got := get(t, s, things, "booking"); got != "made again" {
		t.Error(got)
	}
}

// TestRandomDamage changes a store file at random places, many times. Open gives an error of the list or a store that passes its check
// and loses nothing; it never panics, and a memory fault would end this test binary.
func TestRandomDamage(t *testing.T) {
	o := filled(t)
	sound := files(t, o.Dir)
	rng := rand.New(rand.NewPCG(rand.Uint64(), 1))
	known := []error{ErrDamaged, ErrForeign, ErrEmpty, ErrRolledBack}
	opened, end := 0, used(t, sound[fileDB])
	for range 150 {
		data := bytes.Clone(sound[fileDB])
		for range 1 + rng.IntN(3) {
			at := rng.IntN(min(len(data), end))
			switch rng.IntN(4) {
			case 0:
				data[at] ^= 1 << rng.IntN(8)
			case 1:
				copy(data[at:], randomBytes(rng, min(8, len(data)-at)))
			case 2:
				page := at / 4096 * 4096
				copy(data[page:min(page+4096, len(data))], sound[fileDB][rng.IntN(end/4096)*4096:])
			case 3:
				data = data[:max(at, 1)]
			}
		}
		change(t, o, fileDB, func([]byte) []byte { return data })
		s, err := Open(t.Context(), o)
		if err != nil {
			if !slices.ContainsFunc(known, func(k error) bool { return errors.Is(err, k) }) {
				t.Fatal(err)
			}
			continue
		}
		opened++
		for i := range 400 {
			if got := get(t, s, hidden, fmt.Sprintf("%04d", i)); len(got) != 50+i {
				t.Fatalf("value %d has %d bytes", i, len(got))
			}
		}
		put(t, s, things, "new", "value")
		if err := errors.Join(s.Check(t.Context()), s.Close()); err != nil {
			t.Fatal(err)
		}
		change(t, o, fileKeys, func([]byte) []byte { return sound[fileKeys] })
	}
	t.Logf("%d of 150 damaged files were still whole where it counts", opened)
	if opened == 150 {
		t.Error("no damage was found")
	}
}

func TestSecondProcess(t *testing.T) {
	dir := t.TempDir()
	cmd, lines, in := start(t, "hold", dir, 0)
	for lines.Scan() && lines.Text() != "open" {
	}
	if _, err := Open(t.Context(), quiet(dir)); !errors.Is(err, ErrInUse) {
		t.Errorf("while another process has it: %v", err)
	}
	if err := Restore(t.Context(), strings.NewReader(""), dir, "p", KeyFile(), nil); !errors.Is(err, ErrExists) {
		t.Errorf("restore over it: %v", err)
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, quiet(dir))
}
