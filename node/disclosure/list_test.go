package disclosure

import (
	"bytes"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"pgregory.net/rapid"

	"pieks/gossip/wire"
	"pieks/node/host/hosttest"
)

func anyRelay(peer.ID) bool { return true }

func testList(t testing.TB, seed byte, number uint64, issued time.Time, items ...string) List {
	t.Helper()
	var data [][]byte
	for _, i := range items {
		data = append(data, []byte(i))
	}
	l, err := makeList(hosttest.Key(seed), peerOf(hosttest.Key(seed)), number, issued, data)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestListsThatAreRefused(t *testing.T) {
	key, relay := hosttest.Key(70), peerOf(hosttest.Key(70))
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
		"of another relay":     {signed(func(c *content) { c.Relay = []byte(peerOf(hosttest.Key(71))) }), ErrList},
		"of no relay":          {signed(func(c *content) { c.Relay = []byte("relay") }), ErrList},
		"of an unknown relay":  {must(wire.SignObject(listType, hosttest.Key(90), content{Version: 1, Relay: []byte(peerOf(hosttest.Key(90))), Number: 1, Issued: good.Issued, Items: good.Items})), ErrListRelay},
		"signed as other type": {must(wire.SignObject("pieks/sheet/1", key, good)), ErrList},
		"noise":                {[]byte{1, 2, 3}, ErrList},
		"huge":                 {make([]byte, maxListBytes+1), ErrList},
	} {
		trusted := func(id peer.ID) bool { return id == relay || id == peerOf(hosttest.Key(71)) }
		if _, _, err := readList(c.signed, trusted, noon); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	item := []byte("item")
	if checkItem(item, hashOf(item)) != nil || !errors.Is(checkItem([]byte("iten"), hashOf(item)), ErrItems) || !errors.Is(checkItem(nil, hashOf(nil)), ErrItems) {
		t.Error("items are not held against their hashes")
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
		relay := hosttest.New(t, hosttest.Key(80), hosttest.Loopback)
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
		h := hosttest.New(t, nil, hosttest.Loopback)
		connect(t, h, relay)
		got := 0
		r := Reading{Relays: func(id peer.ID) bool { return id == relay.ID() }, Now: func() time.Time { return noon }}
		err := FetchLists(hosttest.Within(t), h, relay.ID(), r, func(l List) error {
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
	relay := hosttest.New(t, hosttest.Key(80), hosttest.Loopback)
	var full Known
	for i := range byte(maxMarks) {
		full = full.With(peerOf(hosttest.Key(100+i)), 1)
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
	h := hosttest.New(t, nil, hosttest.Loopback)
	connect(t, h, relay)
	r := Reading{Known: full, Relays: anyRelay, Now: func() time.Time { return noon }}
	if err := FetchLists(hosttest.Within(t), h, relay.ID(), r, func(List) error { return nil }); err != nil {
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
			k = k.With(peerOf(hosttest.Key(byte(relay))), number)
			model[[2]uint64{relay, number}] = true
			top[relay] = max(top[relay], number)
			if err := k.check(); err != nil {
				t.Fatal(err)
			}
		}
		for relay := range uint64(4) {
			for number := uint64(1); number < 200; number++ {
				want := model[[2]uint64{relay, number}] || (top[relay] > 0 && number+markSpan <= top[relay])
				if got := k.Has(peerOf(hosttest.Key(byte(relay))), number); got != want {
					t.Fatalf("relay %d number %d: %v, want %v", relay, number, got, want)
				}
			}
		}
	})
}
