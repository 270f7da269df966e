package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestDamagedKeyFile(t *testing.T) {
	o := filled(t)
	sound := files(t, o.Dir)[fileKeys]
	tests := map[string]func([]byte) []byte{
		"empty":  func([]byte) []byte { return nil },
		"half":   func(d []byte) []byte { return d[:len(d)/2] },
		"longer": func(d []byte) []byte { return append(d, 0) },
		"zeros":  func(d []byte) []byte { clear(d); return d },
		"huge":   func(d []byte) []byte { return make([]byte, maxKeyFile+1) },
	}
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			change(t, o, fileKeys, func([]byte) []byte { return damage(bytes.Clone(sound)) })
			if name == "huge" {
				if _, err := Open(t.Context(), o); !errors.Is(err, ErrDamaged) {
					t.Error(err)
				}
				return
			}
			refused(t, o, ErrDamaged)
		})
	}
	t.Run("every flipped byte", func(t *testing.T) {
		for i := range sound {
			change(t, o, fileKeys, func([]byte) []byte {
				d := bytes.Clone(sound)
				d[i] ^= 0x04
				return d
			})
			_, err := Open(t.Context(), o)
			if !errors.Is(err, ErrDamaged) {
				t.Fatalf("byte %d: %v", i, err)
			}
		}
	})
	t.Run("missing", func(t *testing.T) {
		if err := os.Remove(filepath.Join(o.Dir, fileKeys)); err != nil {
			t.Fatal(err)
		}
		refused(t, o, ErrMissing)
	})
	t.Run("of another store", func(t *testing.T) {
		other := files(t, filled(t).Dir)
		write := func(name string, data []byte) {
			if err := os.WriteFile(filepath.Join(o.Dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(fileKeys, other[fileKeys])
		if _, err := Open(t.Context(), o); !errors.Is(err, ErrSecret) { // its KEK is the other's
			t.Error(err)
		}
		write(fileKEK, other[fileKEK])
		refused(t, o, ErrForeign)
	})
}
