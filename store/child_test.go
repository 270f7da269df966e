package store

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// The test binary starts itself again as a process that can be killed. These say what it is to do.
const (
	envChild = "PIEKS_STORE_TEST_CHILD" // name in children
	envDir   = "PIEKS_STORE_TEST_DIR"
	envStep  = "PIEKS_STORE_TEST_STEP" // the step at which it kills itself; 0: never
)

var children = map[string]func(dir string, step func(string)) error{
	"work":    childWork,
	"life":    childLife,
	"restore": childRestore,
	"recover": childRecover,
	"hold":    childHold,
}

// child runs what a parent asked for and says whether this process was one.
func child() bool {
	run, ok := children[os.Getenv(envChild)]
	if !ok {
		return false
	}
	last, _ := strconv.Atoi(os.Getenv(envStep))
	var mu sync.Mutex
	steps := 0
	err := run(os.Getenv(envDir), func(name string) {
		mu.Lock()
		defer mu.Unlock()
		say("step", name)
		if steps++; steps == last {
			self, _ := os.FindProcess(os.Getpid())
			_ = self.Kill()
			select {} // until the kill arrives
		}
	})
	if err != nil {
		say("error", err)
	}
	return true
}

// say writes one line to the parent. A line is written whole or not at all.
func say(words ...any) {
	_, _ = os.Stdout.WriteString(strings.TrimSpace(fmt.Sprintln(words...)) + "\n")
}

// start begins a child and returns it with its lines.
func start(t *testing.T, name, dir string, step int) (*exec.Cmd, *bufio.Scanner, io.WriteCloser) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), envChild+"="+name, envDir+"="+dir, fmt.Sprintf("%s=%d", envStep, step))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out), in
}

// childHold opens the store and keeps it until its input ends.
func childHold(dir string, step func(string)) error {
	s, err := Open(context.Background(), quiet(dir))
	if err != nil {
		return err
	}
	say("open")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return s.Close()
}

const (
	workers = 4
	window  = 50 // keys that a worker leaves behind it
)

func workKey(worker, i int) []byte { return fmt.Appendf(nil, "%d/%08d", worker, i) }

func workValue(worker, i int) []byte {
	return bytes.Repeat([]byte{byte(worker), byte(i)}, 1+(i*i*7)%900)
}

// childWork writes until it is killed: workers that put one key and delete an older one in each call, one-time keys that come and
// go, copies and sweeps. After each acknowledgement it says so.
func childWork(dir string, step func(string)) error {
	o := quiet(dir)
	o.step = step
	say("begin")
	ctx := context.Background()
	s, err := Open(ctx, o)
	if err != nil {
		return err
	}
	say("open")
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() { say("error", work(ctx, s, w)) })
	}
	wg.Go(func() {
		epoch := uint64(0)
		if epochs := s.Keys().Epochs(); len(epochs) > 0 {
			epoch = epochs[len(epochs)-1]
		}
		for {
			epoch++
			if err := s.Keys().Put(epoch, "k", fmt.Append(nil, "secret ", epoch)); err != nil {
				say("error", err)
			}
			say("kept", epoch)
			for _, old := range s.Keys().Epochs() { // more than one after a kill in between
				if old+2 > epoch {
					continue
				}
				if err := s.Keys().Erase(old); err != nil {
					say("error", err)
				}
				say("erased", old)
			}
		}
	})
	wg.Go(func() {
		for {
			if err := s.HotCopy(ctx, filepath.Join(dir, fileCopy)); err != nil {
				say("error", err)
			}
			if err := s.Check(ctx); err != nil {
				say("error", err)
			}
		}
	})
	wg.Wait()
	return nil
}

// work continues where this worker was when the process was killed.
func work(ctx context.Context, s *Store, w int) error {
	n, _, err := workDone(s, w)
	if err != nil {
		return err
	}
	for {
		n++
		err := s.Update(ctx, func(tx *Tx) error {
			if err := tx.Put(things, workKey(w, n), workValue(w, n)); err != nil {
				return err
			}
			return tx.Delete(things, workKey(w, n-window))
		})
		if err != nil {
			return err
		}
		say("wrote", w, n)
	}
}

// workDone returns the highest and lowest key of a worker, and an error where one is missing between them or has another value.
func workDone(s *Store, w int) (high, low int, err error) {
	err = s.View(func(tx *Tx) error {
		return tx.EachPrefix(things, fmt.Appendf(nil, "%d/", w), func(key, value []byte) error {
			i, err := strconv.Atoi(string(key[2:]))
			if err != nil {
				return err
			}
			if low == 0 {
				low = i
			} else if i != high+1 {
				return fmt.Errorf("worker %d: %d comes after %d", w, i, high)
			}
			high = i
			if !bytes.Equal(value, workValue(w, i)) {
				return fmt.Errorf("worker %d: value of %d is not what was written", w, i)
			}
			return nil
		})
	})
	return high, low, err
}
