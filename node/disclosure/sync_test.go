package disclosure

import (
	"errors"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/node/host/hosttest"
)

// Two relays give each other what they have; a patient of one gets the lists of both, in as many answers as it takes.
func TestRelaysFetchFromEachOther(t *testing.T) {
	network := func(id peer.ID) bool { return id == peerOf(hosttest.Key(70)) || id == peerOf(hosttest.Key(71)) }
	a := newRelay(t, t.TempDir(), 70, func(c *Config) { c.Relays = network })
	b := newRelay(t, t.TempDir(), 71, func(c *Config) { c.Relays = network })
	connect(t, a.host, b.host)
	for i := range uint64(10) {
		if _, err := a.Adopt(t.Context(), testList(t, 90, i+1, noon, "of a relay that has left the network")); err != nil {
			t.Fatal(err)
		}
		b.fill(t, 20)
		b.clock.Set(noon.Add(time.Duration(i+1) * 6 * time.Hour))
		a.clock.Set(b.clock.Now())
		if n, err := b.Tick(t.Context()); n != 1 || err != nil {
			t.Fatal(n, err)
		}
	}
	if n, err := a.Sync(hosttest.Within(t), b.id()); n != 10 || err != nil {
		t.Fatalf("fetched %d, %v", n, err)
	}
	if n, err := a.Sync(hosttest.Within(t), b.id()); n != 0 || err != nil {
		t.Fatalf("fetched %d again, %v", n, err)
	}
	got := a.lists(t, a.dial(t), nil)
	if len(got) != 10 {
		t.Fatalf("a patient of the one gets %d lists", len(got))
	}
	for i, l := range got {
		if l.Relay != b.id() || l.Number != uint64(i+1) || len(l.Items) != 20 {
			t.Errorf("list %d: number %d, %d items", i, l.Number, len(l.Items))
		}
	}
	if n, err := b.Sync(hosttest.Within(t), a.id()); n != 0 || err != nil {
		t.Errorf("its own lists came back: %d, %v", n, err)
	}
}

// What was fetched from others is there after a restart, and is not fetched again.
func TestFetchedListsSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	all := func(c *Config) { c.Relays = anyRelay }
	a, b := newRelay(t, dir, 70, all), newRelay(t, t.TempDir(), 71, all)
	b.fill(t, 20)
	b.clock.Set(noon.Add(6 * time.Hour))
	if n, err := b.Tick(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	a.clock.Set(b.clock.Now())
	connect(t, a.host, b.host)
	if n, err := a.Sync(hosttest.Within(t), b.id()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	stop(t, a)
	a = newRelay(t, dir, 70, all)
	a.clock.Set(b.clock.Now())
	connect(t, a.host, b.host)
	if n, err := a.Sync(hosttest.Within(t), b.id()); n != 0 || err != nil {
		t.Errorf("fetched %d again, %v", n, err)
	}
	if got := a.lists(t, a.dial(t), nil); len(got) != 1 || len(got[0].Items) != 20 {
		t.Errorf("%d lists after a restart", len(got))
	}
}

// A relay that publishes more than others keep of it does not keep them from the lists of the rest.
func TestOneRelaysFloodStopsNoOthers(t *testing.T) {
	all := func(c *Config) { c.Relays = anyRelay }
	a, b := newRelay(t, t.TempDir(), 70, all), newRelay(t, t.TempDir(), 71, all)
	for i := range uint64(maxShelved) {
		if _, err := a.Adopt(t.Context(), testList(t, 90, i+1, noon, "x")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Adopt(t.Context(), testList(t, 90, maxShelved+1, noon, "one more")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Adopt(t.Context(), testList(t, 91, 1, noon.Add(time.Second), "of another")); err != nil {
		t.Fatal(err)
	}
	connect(t, a.host, b.host)
	if n, err := a.Sync(hosttest.Within(t), b.id()); n != 1 || err != nil {
		t.Errorf("fetched %d, %v", n, err)
	}
}

// A relay that signs two lists of one number: the first is kept, the second counted.
func TestForkIsCounted(t *testing.T) {
	r := newRelay(t, t.TempDir(), 70, nil)
	if fresh, err := r.Adopt(t.Context(), testList(t, 71, 5, noon, "first")); !fresh || err != nil {
		t.Fatal(fresh, err)
	}
	if fresh, err := r.Adopt(t.Context(), testList(t, 71, 5, noon, "first")); fresh || err != nil {
		t.Errorf("the same again: %v %v", fresh, err)
	}
	if fresh, err := r.Adopt(t.Context(), testList(t, 71, 5, noon, "second")); fresh || !errors.Is(err, ErrFork) {
		t.Errorf("another of the same number: %v %v", fresh, err)
	}
	if c := r.Counts(); c.Forks != 1 || c.Lists != 1 {
		t.Errorf("%+v", c)
	}
	if got, err := r.shelf.item(r.shelf.all(noon)[0], 0); err != nil || string(got) != "first" {
		t.Errorf("kept %q %v", got, err)
	}
	for i := range uint64(maxShelved) {
		_, _ = r.Adopt(t.Context(), testList(t, 71, i+10, noon, "x"))
	}
	if _, err := r.Adopt(t.Context(), testList(t, 71, 1000, noon, "x")); !errors.Is(err, ErrShelf) {
		t.Errorf("more lists than one relay may have: %v", err)
	}
	if _, err := r.Adopt(t.Context(), testList(t, 72, 1, noon, "x")); err != nil {
		t.Errorf("another relay's: %v", err)
	}
}

// A relay from a backup adopts its own later lists and counts on after them.
func TestRestoredRelayCountsOn(t *testing.T) {
	r := newRelay(t, t.TempDir(), 70, nil)
	if fresh, err := r.Adopt(t.Context(), testList(t, 70, 9, noon, "lost")); !fresh || err != nil {
		t.Fatal(fresh, err)
	}
	if fresh, err := r.Adopt(t.Context(), testList(t, 70, 8, noon, "lost, too")); !fresh || err != nil {
		t.Fatal(fresh, err)
	}
	r.fill(t, 20)
	r.clock.Set(noon.Add(6 * time.Hour))
	if n, err := r.Tick(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	got := r.lists(t, r.dial(t), nil)
	if len(got) != 3 || got[2].Number != 10 {
		t.Errorf("%d lists", len(got))
	}
}
