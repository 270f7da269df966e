package disclosure

import (
	"bytes"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"pieks/gossip/wire"
)

func anyRelay(peer.ID) bool { return true }

func testList(t testing.TB, seed byte, number uint64, issued time.Time, items ...string) List {
	t.Helper()
	var data [][]byte
	for _, i := range items {
		data = append(data, []byte(i))
	}
	l, err := makeList(seeded(seed), peerOf(seeded(seed)), number, issued, data)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestListsThatAreRefused(t *testing.T) {
	key, relay := seeded(70), peerOf(seeded(70))
	good := content{Version: version, Relay: []byte(relay), Number: 1, Issued: uint64(noon.Unix()), Items: [][32]byte{{1}}}
	signed := func(change func(*content)) []byte {
		c := good
		change(&c)
		return must(wire.SignObject(listType, key, c))
	}
	for name, c := range map[string]struct {
		signed []byte
		want   error
	}{
		"good":                 {signed(func(*content) {}), nil},
		"in ten minutes":       {signed(func(c *content) { c.Issued += 600 }), nil},
		"in eleven minutes":    {signed(func(c *content) { c.Issued += 601 }), ErrListTime},
		"14 days old":          {signed(func(c *content) { c.Issued -= 14 * 86400 }), nil},
		"older":                {signed(func(c *content) { c.Issued -= 14*86400 + 601 }), ErrListTime},
		"version 2":            {signed(func(c *content) { c.Version = 2 }), ErrList},
		"number 0":             {signed(func(c *content) { c.Number = 0 }), ErrList},
		"no items":             {signed(func(c *content) { c.Items = nil }), ErrList},
		"too many items":       {signed(func(c *content) { c.Items = make([][32]byte, maxItems+1) }), ErrList},
		"of another relay":     {signed(func(c *content) { c.Relay = []byte(peerOf(seeded(71))) }), ErrList},
		"of no relay":          {signed(func(c *content) { c.Relay = []byte("relay") }), ErrList},
		"of an unknown relay":  {must(wire.SignObject(listType, seeded(90), content{Version: 1, Relay: []byte(peerOf(seeded(90))), Number: 1, Issued: good.Issued, Items: good.Items})), ErrListRelay},
		"signed as other type": {must(wire.SignObject("pieks/sheet/1", key, good)), ErrList},
		"noise":                {[]byte{1, 2, 3}, ErrList},
		"huge":                 {make([]byte, maxListBytes+1), ErrList},
	} {
		trusted := func(id peer.ID) bool { return id == relay || id == peerOf(seeded(71)) }
		if _, _, err := readList(c.signed, trusted, noon); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	item := []byte("item")
	if checkItem(item, hashOf(item)) != nil || !errors.Is(checkItem([]byte("iten"), hashOf(item)), ErrItems) || !errors.Is(checkItem(nil, hashOf(nil)), ErrItems) {
		t.Error("items are not held against their hashes")
	}
}

// Only 3 items in a cycle: nothing until the threshold, or MaxWait. Then numbers grow over a restart.
func TestThresholdAndMaxWait(t *testing.T) {
	dir := t.TempDir()
	r := newRelay(t, dir, 70, nil)
	r.fill(t, 3)
	tickAt := func(at time.Time, want int) {
		t.Helper()
		r.clock.set(at)
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
	r.clock.set(noon.Add(31 * time.Hour))
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
	r.clock.set(noon.Add(24*time.Hour + Retention + time.Second))
	if got := r.lists(t, r.dial(t), nil); len(got) != 1 {
		t.Errorf("%d lists after 14 days of the first", len(got))
	}
	r.clock.set(noon.Add(24 * 20 * time.Hour))
	if removed, err := r.store.Sweep(t.Context(), r.clock.now()); err != nil || removed < 2+23 {
		t.Errorf("swept %d, %v", removed, err)
	}
	stop(t, r)
	r = newRelay(t, dir, 70, nil)
	r.clock.set(noon.Add(24 * 20 * time.Hour))
	r.fill(t, 20)
	tickAt(noon.Add(24*21*time.Hour), 1)
	if got := r.lists(t, r.dial(t), nil); len(got) != 1 || got[0].Number != 3 {
		t.Errorf("after all lists were swept: %d lists", len(got))
	}
}

func TestAFullQueueMakesSeveralLists(t *testing.T) {
	r := newRelay(t, t.TempDir(), 70, nil)
	r.fill(t, 2*maxItems+21)
	r.clock.set(noon.Add(6 * time.Hour))
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

// Two relays give each other what they have; a patient of one gets the lists of both, in as many answers as it takes.
func TestRelaysFetchFromEachOther(t *testing.T) {
	network := func(id peer.ID) bool { return id == peerOf(seeded(70)) || id == peerOf(seeded(71)) }
	a := newRelay(t, t.TempDir(), 70, func(c *Config) { c.Relays = network })
	b := newRelay(t, t.TempDir(), 71, func(c *Config) { c.Relays = network })
	connect(t, a.host, b.host)
	for i := range uint64(10) {
		if _, err := a.Adopt(t.Context(), testList(t, 90, i+1, noon, "of a relay that has left the network")); err != nil {
			t.Fatal(err)
		}
		b.fill(t, 20)
		b.clock.set(noon.Add(time.Duration(i+1) * 6 * time.Hour))
		a.clock.set(b.clock.now())
		if n, err := b.Tick(t.Context()); n != 1 || err != nil {
			t.Fatal(n, err)
		}
	}
	if n, err := a.Sync(within(t), b.id()); n != 10 || err != nil {
		t.Fatalf("fetched %d, %v", n, err)
	}
	if n, err := a.Sync(within(t), b.id()); n != 0 || err != nil {
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
	if n, err := b.Sync(within(t), a.id()); n != 0 || err != nil {
		t.Errorf("its own lists came back: %d, %v", n, err)
	}
}

// What was fetched from others is there after a restart, and is not fetched again.
func TestFetchedListsSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	all := func(c *Config) { c.Relays = anyRelay }
	a, b := newRelay(t, dir, 70, all), newRelay(t, t.TempDir(), 71, all)
	b.fill(t, 20)
	b.clock.set(noon.Add(6 * time.Hour))
	if n, err := b.Tick(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	a.clock.set(b.clock.now())
	connect(t, a.host, b.host)
	if n, err := a.Sync(within(t), b.id()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	stop(t, a)
	a = newRelay(t, dir, 70, all)
	a.clock.set(b.clock.now())
	connect(t, a.host, b.host)
	if n, err := a.Sync(within(t), b.id()); n != 0 || err != nil {
		t.Errorf("fetched %d again, %v", n, err)
	}
	if got := a.lists(t, a.dial(t), nil); len(got) != 1 || len(got[0].Items) != 20 {
		t.Errorf("%d lists after a restart", len(got))
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
	r.clock.set(time.Now())
	r.fill(t, 3)
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for ctx := within(t); r.Counts().Lists == 0; {
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
	h := newHost(t, seeded(70))
	if _, err := Serve(Config{Host: h, Store: openStore(t, t.TempDir(), time.Now), Key: seeded(71), Roots: testRoots}); !errors.Is(err, ErrRelay) {
		t.Error(err)
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
	r.clock.set(noon.Add(6 * time.Hour))
	if n, err := r.Tick(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	got := r.lists(t, r.dial(t), nil)
	if len(got) != 3 || got[2].Number != 10 {
		t.Errorf("%d lists", len(got))
	}
}

// What a lying relay sends instead of lists.
func TestListsOfALyingRelay(t *testing.T) {
	l := testList(t, 80, 1, noon, "one", "two")
	stranger := testList(t, 90, 1, noon, "stranger's")
	frames := func(parts ...[]byte) [][]byte { return parts }
	for name, c := range map[string]struct {
		lists  uint64
		frames [][]byte
		want   error
		got    int
	}{
		"good":               {1, frames(l.signed, []byte("one"), []byte("two")), nil, 1},
		"other item":         {1, frames(l.signed, []byte("one"), []byte("tvo")), ErrItems, 0},
		"items swapped":      {1, frames(l.signed, []byte("two"), []byte("one")), ErrItems, 0},
		"huge item":          {1, frames(l.signed, make([]byte, MaxData+1)), ErrList, 0},
		"known list":         {2, frames(l.signed, []byte("one"), []byte("two"), l.signed, []byte("one"), []byte("two")), ErrList, 1},
		"stranger, and good": {2, frames(stranger.signed, []byte("stranger's"), l.signed, []byte("one"), []byte("two")), nil, 1},
		"nine lists":         {9, nil, ErrAnswer, 0},
	} {
		relay := newHost(t, seeded(80))
		relay.SetStreamHandler(ProtocolID, func(s network.Stream) {
			defer s.Close()
			var m marksMessage
			_ = readPadded(s, headBytes, &head{})
			_ = readPadded(s, marksBytes, &m)
			if m.Known.Has(relay.ID(), 1) {
				_ = writePadded(s, answerBytes, answer{Version: version})
				return
			}
			_ = writePadded(s, answerBytes, answer{Version: version, Lists: c.lists, More: true})
			for _, f := range c.frames {
				_ = wire.WriteFrame(s, f)
			}
		})
		h := newHost(t, nil)
		connect(t, h, relay)
		got := 0
		r := Reading{Relays: func(id peer.ID) bool { return id == relay.ID() }, Now: func() time.Time { return noon }}
		err := FetchLists(within(t), h, relay.ID(), r, func(l List) error {
			got++
			if len(l.Items) != 2 || !bytes.Equal(l.Items[1], []byte("two")) {
				t.Errorf("%s: wrong items", name)
			}
			return nil
		})
		if !errors.Is(err, c.want) || got != c.got {
			t.Errorf("%s: %d lists, %v", name, got, err)
		}
		_ = relay.Close()
	}
}

// A relay that always has more of what cannot be remembered does not keep a client for ever.
func TestEndlessRelayIsLeft(t *testing.T) {
	var asked atomic.Int64
	relay := newHost(t, seeded(80))
	var full Known
	for i := range byte(maxMarks) {
		full = full.With(peerOf(seeded(100+i)), 1)
	}
	l := testList(t, 80, 1, noon, "one")
	relay.SetStreamHandler(ProtocolID, func(s network.Stream) {
		defer s.Close()
		asked.Add(1)
		_ = readPadded(s, headBytes, &head{})
		_ = readPadded(s, marksBytes, &marksMessage{})
		_ = writePadded(s, answerBytes, answer{Version: version, Lists: 1, More: true})
		_ = wire.WriteFrame(s, l.signed)
		_ = wire.WriteFrame(s, []byte("one"))
	})
	h := newHost(t, nil)
	connect(t, h, relay)
	r := Reading{Known: full, Relays: anyRelay, Now: func() time.Time { return noon }}
	if err := FetchLists(within(t), h, relay.ID(), r, func(List) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// Marks remember exactly what was added, within the last 64 numbers.
func TestMarksAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var k Known
		model, top := map[[2]uint64]bool{}, map[uint64]uint64{}
		for range rapid.IntRange(1, 60).Draw(t, "lists") {
			relay := rapid.Uint64Range(0, 2).Draw(t, "relay")
			number := rapid.Uint64Range(1, 150).Draw(t, "number")
			k = k.With(peerOf(seeded(byte(relay))), number)
			model[[2]uint64{relay, number}] = true
			top[relay] = max(top[relay], number)
			if err := k.check(); err != nil {
				t.Fatal(err)
			}
		}
		for relay := range uint64(4) {
			for number := uint64(1); number < 200; number++ {
				want := model[[2]uint64{relay, number}] || (top[relay] > 0 && number+markSpan <= top[relay])
				if got := k.Has(peerOf(seeded(byte(relay))), number); got != want {
					t.Fatalf("relay %d number %d: %v, want %v", relay, number, got, want)
				}
			}
		}
	})
}
