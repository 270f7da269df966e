// Package webtest looks at the app with a real browser, for tests: headless Chromium by way of its DevTools protocol.
//
// Chromium is Debian's package chromium; axe-core comes from npm. `make tools` installs both. Where they are missing a test is skipped with a
// reason, and with CI=true fails.
package webtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Browser is a running Chromium, as one test has it.
type Browser struct {
	t   testing.TB
	ctx context.Context
}

// Patience is how long a page may take to come to what is waited for. It is a limit, not a pause.
const Patience = 30 * time.Second

// Flag is a switch of Chromium, such as {"use-fake-ui-for-media-stream", true}.
type Flag struct {
	Name  string
	Value any
}

// FakeCamera shows the pictures of a .y4m file to pages that ask for the camera, and says yes when they ask.
func FakeCamera(file string) []Flag {
	return []Flag{{"use-fake-device-for-media-stream", true}, {"use-fake-ui-for-media-stream", true}, {"use-file-for-fake-video-capture", file}}
}

// Start starts a browser that ends with the test.
func Start(t testing.TB, flags ...Flag) *Browser {
	t.Helper()
	ctx, end, err := launch(Need(t, "chromium"), flags)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end)
	return &Browser{t: t, ctx: ctx}
}

// shared is the browser of all tests of a package. Their tabs share nothing but the program.
var shared struct {
	main  bool
	begin sync.Once
	ctx   context.Context
	end   func()
	err   error
}

// Shared is a browser that other tests use, too; it is started for the first of them and ends with [Main]. In a package without Main it is Start.
func Shared(t testing.TB) *Browser {
	t.Helper()
	if !shared.main {
		return Start(t)
	}
	path := Need(t, "chromium")
	shared.begin.Do(func() { shared.ctx, shared.end, shared.err = launch(path, nil) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return &Browser{t: t, ctx: shared.ctx}
}

// Main is the TestMain of a package whose tests share a browser.
func Main(m *testing.M) {
	shared.main = true
	code := m.Run()
	if shared.end != nil {
		shared.end()
	}
	os.Exit(code)
}

// launch starts Chromium with a profile of its own. end waits until both are gone.
func launch(path string, flags []Flag) (_ context.Context, end func(), err error) {
	profile, err := os.MkdirTemp("", "pieks-chromium-")
	if err != nil {
		return nil, nil, err
	}
	opts := append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...)
	opts = append(opts, chromedp.ExecPath(path), chromedp.UserDataDir(profile),
		chromedp.NoSandbox, // tests run as root in containers, where Chromium's own sandbox cannot
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-dev-shm-usage", true))
	for _, f := range flags {
		opts = append(opts, chromedp.Flag(f.Name, f.Value))
	}
	allocated, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, stop := chromedp.NewContext(allocated)
	end = func() {
		waited, done := context.WithTimeout(ctx, 10*time.Second)
		_ = chromedp.Cancel(waited) // waits until Chromium is gone
		done()
		stop()
		cancel()
		for end := time.Now().Add(Patience); os.RemoveAll(profile) != nil && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond) // children of Chromium still write for a moment
		}
	}
	if err := chromedp.Do(ctx); err != nil {
		end()
		return nil, nil, fmt.Errorf("start Chromium: %w", err)
	}
	return ctx, end, nil
}

// Need finds a program that tests use.
func Need(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, name+" is not installed: make tools installs it")
	}
	return path
}

func missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// Root is the folder of go.mod.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, found := os.Stat(filepath.Join(dir, "go.mod")); found == nil {
			return dir
		}
		if filepath.Dir(dir) == dir {
			err = errors.New("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	t.Fatal(err)
	return ""
}
