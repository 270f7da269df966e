package testnet

import (
	"errors"
	"io"
	"testing"

	"pieks/node/control"
)

// Shown wants of a role that its app is there before it answers commands, and until it answers none any more: start is given what the role shall call to
// show the app, and returns the running node, whose home is dir.
func Shown(t testing.TB, dir string, start func(show func() (hide func() error, err error)) (io.Closer, error)) {
	t.Helper()
	silent := func(when string) {
		if _, err := control.Dial(dir); !errors.Is(err, control.ErrNoNode) {
			t.Errorf("commands are answered %s: %v", when, err)
		}
	}
	shown, hidden := 0, 0
	n, err := start(func() (func() error, error) {
		shown++
		silent("before the app is shown")
		return func() error {
			hidden++
			silent("when the app is hidden")
			return nil
		}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := control.Dial(dir); err != nil || shown != 1 || hidden != 0 {
		t.Errorf("running: %v, shown %d times, hidden %d times", err, shown, hidden)
	}
	if err := n.Close(); err != nil || hidden != 1 {
		t.Errorf("closed: %v, hidden %d times", err, hidden)
	}
	no := errors.New("no address is free")
	if _, err := start(func() (func() error, error) { return nil, no }); !errors.Is(err, no) {
		t.Errorf("an app that cannot be shown: %v", err)
	}
	silent("after that")
}
