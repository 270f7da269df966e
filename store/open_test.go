package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

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
