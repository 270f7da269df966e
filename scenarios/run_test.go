package scenarios

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// binary builds the program once for all scenarios that run processes.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "pieks-bin-")
	if err != nil {
		return "", err
	}
	built = dir
	path := filepath.Join(dir, "pieks")
	out, err := exec.Command("go", "build", "-o", path, "pieks/cmd/pieks").CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return path, nil
})

// built is the folder of binary, once it was asked for.
var built string

func TestMain(m *testing.M) {
	before := goleak.IgnoreCurrent()
	code := m.Run()
	if err := goleak.Find(before); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, "goroutines are left after all nodes were stopped:", err)
		code = 1
	}
	if built != "" {
		_ = os.RemoveAll(built)
	}
	os.Exit(code)
}

// logger writes to standard error where PIEKS_TEST_LOG names a level.
func logger() *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(os.Getenv("PIEKS_TEST_LOG"))); err != nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d scenarios: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(file, ".yaml"), func(t *testing.T) {
			t.Parallel()
			script, err := Load(file)
			if err != nil {
				t.Fatal(err)
			}
			opts := Options{Dir: t.TempDir(), Log: logger()}
			if script.Processes {
				if opts.Binary, err = binary(); err != nil {
					t.Fatal(err)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			result, err := Run(ctx, script, opts)
			if err != nil {
				t.Fatalf("%+v", result)
			}
			t.Logf("%d steps in %.1f s", result.Steps, result.Seconds)
		})
	}
}

func TestAFailingStepIsNamed(t *testing.T) {
	script, err := Parse([]byte("name: bad\nsteps:\n  - start: [relay-1]\n  - wait: {at: relay-1, reserved: 7, within: 200ms}\n"))
	if err != nil {
		t.Fatal(err)
	}
	result, err := Run(t.Context(), script, Options{Log: logger()})
	if err == nil || result.OK || result.Step != "wait" || result.Steps != 1 || !strings.Contains(err.Error(), "step 2 (wait)") {
		t.Fatalf("%+v %v", result, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no steps":       "name: x\n",
		"no name":        "steps:\n  - start: [a]\n",
		"two kinds":      "name: x\nsteps:\n  - start: [a]\n    stop: [a]\n",
		"no kind":        "name: x\nsteps:\n  - {}\n",
		"misspelt field": "name: x\nsteps:\n  - wait: {at: a, tokenz: 3}\n",
		"endless repeat": "name: x\nsteps:\n  - repeat: {times: 100000, steps: [{start: [a]}]}\n",
		"nested nothing": "name: x\nsteps:\n  - repeat: {times: 2, steps: [{}]}\n",
	} {
		if _, err := Parse([]byte(text)); !errors.Is(err, ErrScript) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("name: x\nsteps:\n  - start: [a]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, err := Parse(data); err == nil && len(s.Steps) == 0 {
			t.Fatal("no steps")
		}
	})
}
