package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestKill kills a process that writes with all hands at a random line of its output, again and again: every write that
// it acknowledged is there, nothing half, and the store opens and passes its check.
func TestKill(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	rng := rand.New(rand.NewPCG(rand.Uint64(), 0))
	dir := t.TempDir()
	acknowledged, opened := 0, 0
	var wrote [workers]int
	var kept, erased uint64
	for round := range rounds {
		if round%6 == 5 { // the first moments of a store
			dir = filepath.Join(t.TempDir(), "fresh")
			wrote, kept, erased = [workers]int{}, 0, 0
		}
		cmd, lines, _ := start(t, "work", dir, 0)
		limit := 0 // in the middle of Open
		switch rng.IntN(3) {
		case 0:
			limit = rng.IntN(25)
		case 1:
			limit = rng.IntN(1200)
		}
		for n := 0; lines.Scan(); n++ {
			if n == limit {
				_ = cmd.Process.Kill()
			}
			switch word, rest, _ := strings.Cut(lines.Text(), " "); word {
			case "error":
				t.Errorf("round %d: %s", round, rest)
			case "wrote":
				var w, i int
				fmt.Sscan(rest, &w, &i)
				wrote[w] = i
				acknowledged++
			case "kept":
				fmt.Sscan(rest, &kept)
			case "erased":
				fmt.Sscan(rest, &erased)
			case "open":
				opened++
			}
		}
		_ = cmd.Process.Kill() // where the output was shorter than the limit
		_ = cmd.Wait()

		o := quiet(dir)
		s, err := Open(t.Context(), o) // creates one where it was killed before that
		if err != nil {
			t.Fatalf("round %d, killed after %d lines: %v", round, limit, err)
		}
		if err := s.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		for w := range workers {
			high, low, err := workDone(s, w)
			if err != nil {
				t.Errorf("round %d: %v", round, err)
			}
			if high != wrote[w] && high != wrote[w]+1 { // one may be saved and not yet acknowledged
				t.Errorf("round %d: worker %d acknowledged %d, found %d", round, w, wrote[w], high)
			}
			if want := max(1, high-window+1); high > 0 && low != want {
				t.Errorf("round %d: worker %d: lowest key %d, want %d", round, w, low, want)
			}
			wrote[w] = high
		}
		checkEpochs(t, s, kept, erased)
		if epochs := s.Keys().Epochs(); len(epochs) > 0 {
			kept, erased = epochs[len(epochs)-1], epochs[0]-1
		}
		mustClose(t, s)
	}
	t.Logf("%d rounds, %d of them after Open, %d acknowledged writes", rounds, opened, acknowledged)
	if acknowledged < rounds || opened == rounds || opened < rounds/4 {
		t.Errorf("the kills fell on one side: %d rounds, %d after Open, %d acknowledged", rounds, opened, acknowledged)
	}
}

// checkEpochs: every acknowledged one-time key is there and no erased one; the next step may have been done.
func checkEpochs(t *testing.T, s *Store, kept, erased uint64) {
	t.Helper()
	for _, e := range s.Keys().Epochs() {
		secret, _ := s.Keys().Get(e, "k")
		if e <= erased || e > kept+1 || string(secret) != fmt.Sprint("secret ", e) {
			t.Errorf("epoch %d (%q) of %d to %d", e, secret, erased+1, kept)
		}
	}
	for e := erased + 2; e <= kept; e++ {
		if _, ok := s.Keys().Get(e, "k"); !ok {
			t.Errorf("one-time key of epoch %d is gone", e)
		}
	}
}

// atEachStep runs a child that kills itself at its first, second, third ... change of the folder until it comes through, and
// gives what it said to check.
func atEachStep(t *testing.T, name string, prepare func(dir string), check func(t *testing.T, dir string, said map[string]bool)) {
	for step := 1; ; step++ {
		dir := t.TempDir()
		if prepare != nil {
			prepare(dir)
		}
		cmd, lines, _ := start(t, name, dir, step)
		said := map[string]bool{}
		last := ""
		for lines.Scan() {
			said[lines.Text()] = true
			if word, rest, _ := strings.Cut(lines.Text(), " "); word == "step" {
				last = rest
			} else if word == "error" {
				t.Errorf("step %d: %s", step, rest)
			}
		}
		through := cmd.Wait() == nil
		t.Run(fmt.Sprintf("%02d %s", step, last), func(t *testing.T) { check(t, dir, said) })
		if through {
			if step < 5 {
				t.Errorf("only %d steps", step)
			}
			return
		}
		if step > 200 {
			t.Fatal("no end")
		}
	}
}

// childLife does everything that changes the folder once.
func childLife(dir string, step func(string)) error {
	ctx := context.Background()
	o := quiet(dir)
	o.step = step
	for part := range 2 {
		s, err := Open(ctx, o)
		if err != nil {
			return err
		}
		say("open", part)
		key := fmt.Append(nil, "part ", part)
		if err := s.Update(ctx, func(tx *Tx) error { return tx.Put(things, key, key) }); err != nil {
			return err
		}
		say("wrote", part)
		if err := s.Keys().Put(uint64(part+1), "k", key); err != nil {
			return err
		}
		say("kept", part)
		if err := s.HotCopy(ctx, filepath.Join(dir, fileCopy)); err != nil {
			return err
		}
		say("copied", part)
		if part == 1 {
			if err := s.Keys().Erase(1); err != nil {
				return err
			}
			say("erased")
			if err := s.ChangeSecret(Passphrase("new")); err != nil {
				return err
			}
			say("changed")
		}
		if err := s.Close(); err != nil {
			return err
		}
	}
	return nil
}

func TestCrashAtEachStep(t *testing.T) {
	atEachStep(t, "life", nil, func(t *testing.T, dir string, said map[string]bool) {
		o := quiet(dir)
		s, err := Open(t.Context(), o)
		if errors.Is(err, ErrSecret) {
			o.Secret = Passphrase("new")
			s, err = Open(t.Context(), o)
		} else if said["changed"] && err == nil {
			t.Error("the old secret still opens the store")
		}
		if err != nil {
			t.Fatal(err)
		}
		defer mustClose(t, s)
		for part := range 2 {
			key := fmt.Sprint("part ", part)
			if got := get(t, s, things, key); said[fmt.Sprint("wrote ", part)] && got != key {
				t.Errorf("%s: %q", key, got)
			}
			secret, ok := s.Keys().Get(uint64(part+1), "k")
			if said[fmt.Sprint("kept ", part)] && !ok && part == 1 || ok && string(secret) != key {
				t.Errorf("one-time key %d: %q, %v", part, secret, ok)
			}
			if part == 0 && said["erased"] && ok {
				t.Error("the erased key is back")
			}
		}
		if err := s.Check(t.Context()); err != nil {
			t.Error(err)
		}
		for name := range files(t, dir) {
			if strings.HasSuffix(name, unfinished) {
				t.Errorf("%s was left", name)
			}
		}
		if _, ok := files(t, dir)[fileSpare]; !ok {
			t.Error("no spare key file")
		}
	})
}

func childRestore(dir string, step func(string)) error {
	err := restoreBeside(dir, step)
	if err == nil {
		say("restored")
	}
	return err
}

// restoreBeside restores the backup that lies beside the new folder.
func restoreBeside(dir string, step func(string)) error {
	f, err := os.Open(filepath.Join(dir, "backup"))
	if err != nil {
		return err
	}
	defer f.Close()
	o := Options{Dir: filepath.Join(dir, "new"), step: step}
	folder := o.folder()
	return folder.restore(context.Background(), f, "backup", KeyFile(), nil)
}

func TestCrashAtEachStepOfRestore(t *testing.T) {
	s := mustOpen(t, quiet(t.TempDir()))
	put(t, s, things, "a", "1")
	backup := makeBackup(t, s, "backup")
	prepare := func(dir string) {
		if err := os.WriteFile(filepath.Join(dir, "backup"), backup, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	atEachStep(t, "restore", prepare, func(t *testing.T, dir string, said map[string]bool) {
		o := quiet(filepath.Join(dir, "new"))
		o.Create = false
		s, err := Open(t.Context(), o)
		if errors.Is(err, ErrAbsent) && !said["restored"] { // killed before the store existed: it can be done again
			if err := restoreBeside(dir, nil); err != nil {
				t.Fatal(err)
			}
			s, err = Open(t.Context(), o)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := get(t, s, things, "a"); got != "1" {
			t.Error(got)
		}
		mustClose(t, s)
	})
}

// childRecover recovers the store in dir.
func childRecover(dir string, step func(string)) error {
	o := quiet(dir)
	o.step = step
	_, err := Recover(context.Background(), o)
	if err == nil {
		say("recovered")
	}
	return err
}

func TestCrashAtEachStepOfRecover(t *testing.T) {
	prepare := func(dir string) {
		o := quiet(dir)
		s := mustOpen(t, o)
		put(t, s, things, "a", "1")
		if err := s.HotCopy(t.Context(), filepath.Join(dir, fileCopy)); err != nil {
			t.Fatal(err)
		}
		put(t, s, things, "a", "2")
		mustClose(t, s)
		if err := os.WriteFile(filepath.Join(dir, fileDB), []byte("gone"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, fileKeys)); err != nil { // so the spare is needed too
			t.Fatal(err)
		}
	}
	atEachStep(t, "recover", prepare, func(t *testing.T, dir string, said map[string]bool) {
		o := quiet(dir)
		s, err := Open(t.Context(), o)
		if err != nil && !said["recovered"] {
			if !errors.Is(err, ErrMissing) && !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
			if _, err := Recover(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			s, err = Open(t.Context(), o)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := get(t, s, things, "a"); got != "1" {
			t.Error(got)
		}
		mustClose(t, s)
	})
}
