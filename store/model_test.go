package store

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// model is what the store should hold: bucket/key -> value. Keys of the hidden bucket are as on disk.
type model map[string]string

func (m model) bucket(b Bucket) (list []string) {
	for k, v := range m {
		if name, key, _ := strings.Cut(k, "/"); name == b.name {
			list = append(list, key+"="+v)
		}
	}
	slices.Sort(list)
	return list
}

// TestModel runs random calls against the store and a map and compares all that can be read, inside transactions and out.
func TestModel(t *testing.T) {
	root := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(root, "")
		if err != nil {
			rt.Fatal(err)
		}
		o := quiet(dir)
		var s *Store
		open := func(rt *rapid.T) {
			if s, err = Open(t.Context(), o); err != nil {
				rt.Fatal(err)
			}
			s.engine.db.NoSync = true // a crash is not the subject here, and 3,000 commits are
		}
		open(rt)
		defer func() { s.Close() }()
		want := model{}
		buckets := []Bucket{things, others, hidden}
		keys := rapid.SliceOfN(rapid.Byte(), 1, 3)
		values := rapid.Custom(func(rt *rapid.T) []byte {
			size := rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(0, 9000)).Draw(rt, "size")
			return bytes.Repeat([]byte{rapid.Byte().Draw(rt, "fill")}, size)
		})
		fails := errors.New("fails")

		rt.Repeat(map[string]func(*rapid.T){
			"update": func(rt *rapid.T) {
				mine := maps.Clone(want)
				fail := rapid.IntRange(0, 3).Draw(rt, "fail") == 0
				err := s.Update(t.Context(), func(tx *Tx) error {
					for range rapid.IntRange(0, 12).Draw(rt, "writes") {
						b, key := rapid.SampledFrom(buckets).Draw(rt, "bucket"), keys.Draw(rt, "key")
						disk, _ := tx.disk(b, key)
						at := b.name + "/" + string(disk)
						if rapid.IntRange(0, 2).Draw(rt, "delete") == 0 {
							delete(mine, at)
							if err := tx.Delete(b, key); err != nil {
								rt.Fatal(err)
							}
							continue
						}
						value := values.Draw(rt, "value")
						mine[at] = string(value)
						if err := tx.Put(b, key, value); err != nil {
							rt.Fatal(err)
						}
					}
					compare(rt, tx, mine, buckets)
					if fail {
						return fails
					}
					return nil
				})
				switch {
				case fail && err != fails, !fail && err != nil:
					rt.Fatal(err)
				case !fail:
					want = mine
				}
			},
			"reopen": func(rt *rapid.T) {
				if err := s.Close(); err != nil {
					rt.Fatal(err)
				}
				open(rt)
			},
			"": func(rt *rapid.T) {
				if err := s.View(func(tx *Tx) error { compare(rt, tx, want, buckets); return nil }); err != nil {
					rt.Fatal(err)
				}
			},
		})
		if err := s.Check(t.Context()); err != nil {
			rt.Fatal(err)
		}
	})
}

// compare reads a transaction by Each, EachPrefix and Get.
func compare(rt *rapid.T, tx *Tx, want model, buckets []Bucket) {
	for _, b := range buckets {
		var got []string
		last := ""
		err := tx.Each(b, func(key, value []byte) error {
			if string(key) <= last {
				return fmt.Errorf("%x comes after %x", key, last)
			}
			last = string(key)
			got = append(got, last+"="+string(value))
			single, err := tx.Get(Bucket{name: b.name}, key)
			if err != nil || string(single) != string(value) || single == nil {
				return fmt.Errorf("Get(%x) is not what Each gives: %v", key, err)
			}
			return nil
		})
		if err != nil {
			rt.Fatal(err)
		}
		slices.Sort(got)
		if !slices.Equal(got, want.bucket(b)) {
			rt.Fatalf("%s holds %d values, want %d", b.name, len(got), len(want.bucket(b)))
		}
		if b.hidden || last == "" {
			continue
		}
		prefix, n, all := last[:1], 0, 0
		for _, entry := range got {
			if strings.HasPrefix(entry, prefix) {
				all++
			}
		}
		if err := tx.EachPrefix(b, []byte(prefix), func(key, _ []byte) error { n++; return nil }); err != nil || n != all {
			rt.Fatalf("prefix %x: %d, want %d: %v", prefix, n, all, err)
		}
	}
}
