package disclosure

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pieks/node/host/hosttest"
)

// Only 3 items in a cycle: nothing until the threshold, or MaxWait. Then numbers grow over a restart.
func TestThresholdAndMaxWait(t *testing.T) {
	dir := t.TempDir()
	r := newRelay(t, dir, 70, nil)
	r.fill(t, 3)
	tickAt := func(at time.Time, want int) {
		t.Helper()
		r.clock.Set(at)
		if n, err := r.Tick(t.Context()); err != nil || n != want {
			t.Fatalf("at %s: %d lists, want %d, %v", at, n, want, err)
		}
	}
	tickAt(noon.Add(2*time.Minute), 0)
	tickAt(noon.Add(6*time.Hour), 0)
	tickAt(noon.Add(24*time.Hour-time.Second), 0)
	tickAt(noon.Add(24*time.Hour), 1)
	tickAt(noon.Add(24*time.Hour), 0)
	r.fill(t, 19)
	tickAt(noon.Add(30*time.Hour), 0)
	stop(t, r)

	r = newRelay(t, dir, 70, nil)
	r.clock.Set(noon.Add(31 * time.Hour))
	if r.Counts().Waiting != 19 || r.Counts().Lists != 1 {
		t.Fatalf("after a restart: %+v", r.Counts())
	}
	r.fill(t, 1)
	tickAt(noon.Add(36*time.Hour-1), 0)
	tickAt(noon.Add(40*time.Hour), 1)
	lists := r.lists(t, r.dial(t), nil)
	if len(lists) != 2 || lists[0].Number != 1 || len(lists[0].Items) != 3 || lists[1].Number != 2 || len(lists[1].Items) != 20 {
		t.Fatalf("%d lists", len(lists))
	}
	if !lists[1].Issued.Equal(noon.Add(36 * time.Hour)) {
		t.Errorf("issued %s, when the relay looked and not at the tick", lists[1].Issued)
	}
	// After 14 days the lists are gone, and the next one still has the next number.
	r.clock.Set(noon.Add(24*time.Hour + Retention + time.Second))
	if got := r.lists(t, r.dial(t), nil); len(got) != 1 {
		t.Errorf("%d lists after 14 days of the first", len(got))
	}
	r.clock.Set(noon.Add(24 * 20 * time.Hour))
	if removed, err := r.store.Sweep(t.Context(), r.clock.Now()); err != nil || removed != 2+23+23 { // lists, items, spent commitments
		t.Errorf("swept %d, %v", removed, err)
	}
	stop(t, r)
	r = newRelay(t, dir, 70, nil)
	r.clock.Set(noon.Add(24 * 20 * time.Hour))
	r.fill(t, 20)
	tickAt(noon.Add(24*21*time.Hour), 1)
	if got := r.lists(t, r.dial(t), nil); len(got) != 1 || got[0].Number != 3 {
		t.Errorf("after all lists were swept: %d lists", len(got))
	}
}

func TestAFullQueueMakesSeveralLists(t *testing.T) {
	r := newRelay(t, t.TempDir(), 70, nil)
	r.fill(t, 2*maxItems+21)
	r.clock.Set(noon.Add(6 * time.Hour))
	if n, err := r.Tick(t.Context()); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	seen := map[string]bool{}
	for _, l := range r.lists(t, r.dial(t), nil) {
		for _, item := range l.Items {
			if seen[string(item)] {
				t.Fatal("an item is in two lists")
			}
			seen[string(item)] = true
		}
	}
	if len(seen) != 2*maxItems+21 {
		t.Errorf("%d items published", len(seen))
	}
}

// Close returns after the loop has: a list that is being made is not made in a store that is closed.
func TestCloseWaitsForTheLoop(t *testing.T) {
	var armed, ended atomic.Bool
	in, out := make(chan struct{}), make(chan struct{})
	r := newRelay(t, t.TempDir(), 70, func(c *Config) {
		c.Rules = func() Rules {
			if armed.CompareAndSwap(true, false) {
				close(in)
				<-out
				for range 10000 {
					runtime.Gosched()
				}
				ended.Store(true)
			}
			return Rules{K: 1, Cycle: time.Second, MaxWait: time.Second}
		}
	})
	armed.Store(true)
	<-in
	close(out)
	if err := r.Close(); err != nil || !ended.Load() {
		t.Errorf("closed before the loop ended, %v", err)
	}
}

// The relay's own loop publishes, by its own clock, and ends with Close.
func TestLoopPublishes(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
	r := newRelay(t, t.TempDir(), 70, func(c *Config) {
		c.Now = time.Now
		c.Rules = func() Rules { return Rules{K: 1, Cycle: time.Second, MaxWait: time.Second} }
	})
	r.clock.Set(time.Now())
	r.fill(t, 3)
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for ctx := hosttest.Within(t); r.Counts().Lists == 0; {
		select {
		case <-look.C:
		case <-ctx.Done():
			t.Fatal("nothing was published")
		}
	}
	if n := r.Counts().Waiting; n != 0 {
		t.Errorf("%d still wait", n)
	}
}

// A relay signs with the key that its peers know it by, or does not serve.
func TestServeWantsTheHostsKey(t *testing.T) {
	h := hosttest.New(t, hosttest.Key(70), hosttest.Loopback)
	if _, err := Serve(Config{Host: h, Store: openStore(t, t.TempDir(), time.Now), Key: hosttest.Key(71), Roots: testRoots}); !errors.Is(err, ErrRelay) {
		t.Error(err)
	}
}
