package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestDamageWhileOpen: the file changes under an open store. Calls get ErrDamaged, Close works.
func TestDamageWhileOpen(t *testing.T) {
	t.Run("value", func(t *testing.T) {
		o := filled(t)
		s := mustOpen(t, o)
		file, err := os.OpenFile(filepath.Join(o.Dir, fileDB), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		data := files(t, o.Dir)[fileDB]
		at := bytes.LastIndex(data, []byte("0123"))
		if _, err := file.WriteAt([]byte{data[at+40] ^ 1}, int64(at)+40); err != nil {
			t.Fatal(err)
		}
		err = s.View(func(tx *Tx) error { _, err := tx.Get(things, []byte("0123")); return err })
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("Get: %v", err)
		}
		var refused *RefusedError
		if err := s.Check(t.Context()); !errors.Is(err, ErrDamaged) || !errors.As(err, &refused) || refused.Quarantine == "" {
			t.Errorf("Check: %v", err)
		}
		if err := s.HotCopy(t.Context(), filepath.Join(o.Dir, fileCopy)); !errors.Is(err, ErrDamaged) {
			t.Errorf("HotCopy: %v", err)
		}
		if _, err := s.Backup(t.Context(), &bytes.Buffer{}, "p", nil); !errors.Is(err, ErrDamaged) {
			t.Errorf("Backup: %v", err)
		}
		if got := get(t, s, things, "0124"); len(got) != 50+124 { // one bad value does not take the others along
			t.Error("other values do not open")
		}
		put(t, s, things, "new", "value")
	})
	t.Run("cut short", func(t *testing.T) { // a memory fault in bbolt's map
		o := filled(t)
		s := mustOpen(t, o)
		if err := os.Truncate(filepath.Join(o.Dir, fileDB), 4096); err != nil {
			t.Fatal(err)
		}
		all := func(tx *Tx) error { return tx.Each(things, func(k, v []byte) error { return nil }) }
		if err := s.View(all); !errors.Is(err, ErrDamaged) {
			t.Errorf("View: %v", err)
		}
		if err := s.View(func(*Tx) error { return nil }); !errors.Is(err, ErrDamaged) {
			t.Errorf("second View: %v", err)
		}
		if err := s.Update(t.Context(), func(tx *Tx) error { return tx.Put(things, []byte("x"), nil) }); !errors.Is(err, ErrDamaged) {
			t.Errorf("Update: %v", err)
		}
		mustClose(t, s)
		refused(t, o, ErrDamaged)
	})
	t.Run("cut short, writer first", func(t *testing.T) {
		o := filled(t)
		s := mustOpen(t, o)
		if err := os.Truncate(filepath.Join(o.Dir, fileDB), 4096); err != nil {
			t.Fatal(err)
		}
		if err := s.Update(t.Context(), func(tx *Tx) error { return tx.Put(things, []byte("x"), nil) }); !errors.Is(err, ErrDamaged) {
			t.Errorf("Update: %v", err)
		}
		if err := s.View(func(*Tx) error { return nil }); !errors.Is(err, ErrDamaged) {
			t.Errorf("View: %v", err)
		}
		if err := s.Check(t.Context()); !errors.Is(err, ErrDamaged) {
			t.Errorf("Check: %v", err)
		}
		mustClose(t, s)
	})
}

// TestDiskFails: when saving fails for another reason than a full disk, nothing more is trusted until the store is opened again.
func TestDiskFails(t *testing.T) {
	o := filled(t)
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, things, "before", "1")
	if err := s.engine.file.Close(); err != nil { // every write and fsync fails from here
		t.Fatal(err)
	}
	write := func(tx *Tx) error { return tx.Put(things, []byte("after"), nil) }
	for range 2 {
		if err := s.Update(t.Context(), write); !errors.Is(err, ErrFailed) {
			t.Errorf("Update: %v", err)
		}
	}
	if err := s.View(func(*Tx) error { return nil }); !errors.Is(err, ErrFailed) {
		t.Errorf("View: %v", err)
	}
	_ = s.Close() // says that the file was closed
	s = mustOpen(t, o)
	if get(t, s, things, "before") != "1" || get(t, s, things, "after") != "-" {
		t.Error("content after the failure")
	}
}
