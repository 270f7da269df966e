package web

import (
	"context"
	"net/http"
	"testing"
	"time"

	"pieks/node/control"
)

// What is asked of the network goes on without its page, wakes who waits, and ends with the server.
func TestAskLater(t *testing.T) {
	s := newSite(t)
	free := make(chan struct{})
	s.cfg.Handlers["slow"] = control.Handle(func(ctx context.Context, in string) (string, error) {
		select {
		case <-free:
			return in + "!", nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	})
	page, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(page, "GET", "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	call := &Call{R: r, server: s.Server}
	later := AskLater[string](call, "slow", "a")
	if _, ok, _ := later.Within(page, time.Millisecond); ok {
		t.Error("an answer before there is one")
	}
	leave()
	if _, ok, _ := later.Within(page, time.Minute); ok {
		t.Error("a page that is gone waits")
	}
	woken := s.changes.Next()
	close(free)
	if out, ok, err := later.Within(t.Context(), time.Minute); out != "a!" || !ok || err != nil {
		t.Errorf("%q %v %v", out, ok, err)
	}
	<-woken
	free = make(chan struct{})
	last := AskLater[string](call, "slow", "b")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := last.Within(t.Context(), 0); !ok || err == nil {
		t.Errorf("after the server's end: %v %v", ok, err)
	}
}
