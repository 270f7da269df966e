package webtest

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"pieks/node/home"
	"pieks/node/home/testnet"
	"pieks/store"
)

// Home is a node's home in a network of its own. It closes with the test.
func Home(t testing.TB, role string, now func() time.Time, c testnet.Config) *home.Home {
	t.Helper()
	net := testnet.New(t, c)
	h, err := home.Open(context.Background(), home.Config{Dir: net.Home("p"), Role: role, Network: net.File, Secret: store.KeyFile(), Now: now})
	Closes(t, h, err)
	return h
}

// Closes ends the test when err says that something could not be opened, and else closes it with the test.
func Closes(t testing.TB, it io.Closer, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err = errors.Join(err, it.Close())
		if err != nil {
			t.Error(err)
		}
	})
}
