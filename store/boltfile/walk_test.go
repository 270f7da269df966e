package boltfile_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
	"pgregory.net/rapid"

	"pieks/store/boltfile"
)

// build writes a database with the given number of transactions of random puts and deletes, and returns its bytes and content.
func build(t testing.TB, path string, rng *rand.Rand, rounds int) map[string]string {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		t.Fatal(err)
	}
	content := map[string]string{}
	for range rounds {
		err := db.Update(func(tx *bbolt.Tx) error {
			for range 1 + rng.IntN(60) {
				name := fmt.Sprintf("bucket %d", rng.IntN(3))
				b, err := tx.CreateBucketIfNotExists([]byte(name))
				if err != nil {
					return err
				}
				key := fmt.Sprintf("%08d", rng.IntN(500))
				if rng.IntN(3) == 0 {
					delete(content, name+"/"+key)
					if err := b.Delete([]byte(key)); err != nil {
						return err
					}
					continue
				}
				value := make([]byte, rng.IntN(200))
				if rng.IntN(20) == 0 {
					value = make([]byte, 5000+rng.IntN(20000)) // overflow pages
				}
				for i := range value {
					value[i] = byte(rng.IntN(256))
				}
				content[name+"/"+key] = string(value)
				if err := b.Put([]byte(key), value); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return content
}

// read walks a file's bytes and returns what it holds.
func read(data []byte) (map[string]string, error) {
	r := bytes.NewReader(data)
	m, err := boltfile.ReadMeta(r, int64(len(data)))
	if err != nil {
		return nil, err
	}
	got := map[string]string{}
	return got, boltfile.Walk(r, m, func(path [][]byte, key, value []byte) error {
		got[string(bytes.Join(path, []byte("/")))+"/"+string(key)] = string(value)
		return nil
	})
}

func TestWalkReadsWhatBboltWrote(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		path := filepath.Join(dir, "db")
		os.Remove(path)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		want := build(t, path, rng, rapid.IntRange(0, 12).Draw(rt, "rounds"))
		data, err := os.ReadFile(path)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := read(data)
		if err != nil {
			rt.Fatal(err)
		}
		if !maps.Equal(got, want) {
			rt.Fatalf("read %d values, want %d", len(got), len(want))
		}
	})
}

// TestBboltOpensWhatPasses damages a file at random. What Walk lets through, bbolt has to take without panic or memory fault: a
// fault cannot be recovered and would end this test binary.
func TestBboltOpensWhatPasses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "db")
	rng := rand.New(rand.NewPCG(7, 7))
	build(t, path, rng, 40)
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused, passed := 0, 0
	for range 300 {
		data := bytes.Clone(sound)
		damage(data, rng)
		if _, err := read(data); err != nil {
			if !errors.Is(err, boltfile.ErrInvalid) {
				t.Fatalf("error of another kind: %v", err)
			}
			refused++
			continue
		}
		passed++
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		use(t, path)
	}
	t.Logf("%d refused, %d passed and were opened", refused, passed)
	if refused < 50 || passed < 50 {
		t.Errorf("the damage is one-sided: %d refused, %d passed", refused, passed)
	}
}

// damage changes header words, single bytes or whole pages.
func damage(data []byte, rng *rand.Rand) {
	const page = 4096
	pages := len(data) / page
	at := (2 + rng.IntN(pages-2)) * page
	switch rng.IntN(5) {
	case 0:
		data[rng.IntN(len(data))] ^= 1 << rng.IntN(8)
	case 1:
		data[at+rng.IntN(16)] ^= 1 << rng.IntN(8)
	case 2:
		binary.NativeEndian.PutUint32(data[at+16+4*rng.IntN(16):], rng.Uint32())
	case 3:
		for i := range page {
			data[at+i] = byte(rng.IntN(256))
		}
	case 4:
		copy(data[at:at+page], data[(2+rng.IntN(pages-2))*page:])
	}
}

// use opens a file with bbolt, checks, reads and writes it.
func use(t *testing.T, path string) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		t.Fatalf("bbolt refuses what Walk let through: %v", err)
	}
	defer db.Close()
	err = db.Update(func(tx *bbolt.Tx) error {
		for i := range 3 {
			b, err := tx.CreateBucketIfNotExists(fmt.Appendf(nil, "bucket %d", i))
			if err != nil {
				return err
			}
			if err := b.ForEach(func(k, v []byte) error { return nil }); err != nil {
				return err
			}
			for j := range 40 {
				if err := b.Put(fmt.Appendf(nil, "%08d", 13*j), make([]byte, 100)); err != nil {
					return err
				}
				if err := b.Delete(fmt.Appendf(nil, "%08d", 7*j)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, berrors.ErrIncompatibleValue) {
		t.Fatalf("bbolt cannot write what Walk let through: %v", err)
	}
}

func TestMeta(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	build(t, path, rand.New(rand.NewPCG(1, 2)), 10)
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := boltfile.ReadMeta(bytes.NewReader(sound), int64(len(sound)))
	if err != nil {
		t.Fatal(err)
	}
	zero := func(pages ...int) []byte {
		data := bytes.Clone(sound)
		for _, p := range pages {
			clear(data[p*whole.PageSize : (p+1)*whole.PageSize])
		}
		return data
	}
	tests := []struct {
		name string
		data []byte
		back uint64 // how many transactions the state is behind; 99: refused
	}{
		{"sound", sound, 0},
		{"newer meta zeroed", zero(int(whole.TxID % 2)), 1},
		{"older meta zeroed", zero(int((whole.TxID + 1) % 2)), 0},
		{"both zeroed", zero(0, 1), 99},
		{"empty", nil, 99},
		{"100 bytes", sound[:100], 99},
		{"one page", sound[:whole.PageSize], 99},
		{"half", sound[:len(sound)/2/whole.PageSize*whole.PageSize], 99},
		{"one byte short of the last page", sound[:int(whole.HighWater)*whole.PageSize-1], 99},
		{"text", bytes.Repeat([]byte("not a database\n"), 2000), 99},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := boltfile.ReadMeta(bytes.NewReader(tt.data), int64(len(tt.data)))
			if tt.back == 99 {
				if !errors.Is(err, boltfile.ErrInvalid) {
					t.Fatalf("got %+v, %v", m, err)
				}
				return
			}
			if err != nil || m.TxID != whole.TxID-tt.back {
				t.Fatalf("got %+v, %v", m, err)
			}
		})
	}
}

// TestKeysOutOfBounds swaps two children of a branch: every page is sound in itself, only the order between them is not.
func TestKeysOutOfBounds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	build(t, path, rand.New(rand.NewPCG(5, 6)), 40)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := read(data); err != nil {
		t.Fatal(err)
	}
	swapped := 0
	for at := 2 * 4096; at < len(data); at += 4096 {
		if binary.NativeEndian.Uint16(data[at+8:]) != 1 || binary.NativeEndian.Uint16(data[at+10:]) < 2 {
			continue // not a branch of two
		}
		changed := bytes.Clone(data)
		copy(changed[at+16+8:], data[at+32+8:at+32+16])
		copy(changed[at+32+8:], data[at+16+8:at+16+16])
		if _, err := read(changed); err != nil && errors.Is(err, boltfile.ErrInvalid) {
			swapped++
		}
	}
	if swapped < 2 { // free pages hold old branches too: swapping in those changes nothing
		t.Errorf("%d swaps were found", swapped)
	}
}

func FuzzWalk(f *testing.F) {
	path := filepath.Join(f.TempDir(), "db")
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{PageSize: 1024}) // small pages, so that a mutation hits something
	if err != nil {
		f.Fatal(err)
	}
	if err := db.Close(); err != nil {
		f.Fatal(err)
	}
	build(f, path, rand.New(rand.NewPCG(3, 4)), 1)
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := read(data); err != nil && !errors.Is(err, boltfile.ErrInvalid) {
			t.Fatalf("error of another kind: %v", err)
		}
	})
}
