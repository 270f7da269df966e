package host

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.uber.org/goleak"
)

// within is above what any step takes on a loaded machine.
const within = 30 * time.Second

// told counts what a Circuits says.
type told struct {
	mu             sync.Mutex
	reserved, lost []peer.ID
	changed        chan struct{}
}

func newTold() *told { return &told{changed: make(chan struct{}, 1)} }

func (c *told) note(list *[]peer.ID) func(peer.ID) {
	return func(id peer.ID) {
		c.mu.Lock()
		*list = append(*list, id)
		c.mu.Unlock()
		select {
		case c.changed <- struct{}{}:
		default:
		}
	}
}

// until waits until what was told fulfils done.
func (c *told) until(t *testing.T, what string, done func(reserved, lost []peer.ID) bool) {
	t.Helper()
	deadline := time.After(within)
	for {
		c.mu.Lock()
		ok := done(c.reserved, c.lost)
		c.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-c.changed:
		case <-deadline:
			t.Fatalf("%s: told are %v reserved, %v lost", what, c.reserved, c.lost)
		}
	}
}

func admitted(context.Context, peer.ID) error { return nil }

// A relay that stops is noted, and when it is back the circuit is reserved again; a patient reaches the front through it.
func TestCircuitsAreKept(t *testing.T) {
	before := goleak.IgnoreCurrent()
	key := newKey(t)
	relay, err := Relay(key, &Gate{}, anywhere, admitAll{}, &Meter{})
	if err != nil {
		t.Fatal(err)
	}
	info := infoOf(relay)
	front, err := Practice(newKey(t), &Gate{}, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	seen := newTold()
	c, err := KeepCircuits(front, CircuitsConfig{
		Relays: func() []peer.AddrInfo { return []peer.AddrInfo{info} }, Want: 2, Admit: admitted,
		Reserved: seen.note(&seen.reserved), Lost: seen.note(&seen.lost),
	})
	if err != nil {
		t.Fatal(err)
	}
	seen.until(t, "first", func(r, _ []peer.ID) bool { return len(r) == 1 })
	if err := Close(relay); err != nil {
		t.Error(err)
	}
	seen.until(t, "the relay has stopped", func(_, l []peer.ID) bool { return len(l) == 1 })
	if got := c.Reserved(); len(got) != 0 {
		t.Errorf("reserved at a relay that is away: %v", got)
	}
	var listen []string
	for _, a := range info.Addrs {
		listen = append(listen, a.String())
	}
	var meter Meter
	again, err := Relay(key, &Gate{}, listen, admitAll{}, &meter)
	if err != nil {
		t.Fatal(err)
	}
	seen.until(t, "the relay is back", func(r, _ []peer.ID) bool { return len(r) == 2 })
	idle, _ := meter.Bytes()
	reach(t, front.ID(), info, func() {
		if n := meter.Circuits(); n != 1 {
			t.Errorf("%d circuits are open, not 1", n)
		}
	})
	if in, out := meter.Bytes(); in <= idle || out == 0 {
		t.Errorf("%d bytes in, %d before the circuit, %d out", in, idle, out)
	}
	if got := (reporter{&meter}).GetBandwidthTotals(); got.TotalIn == 0 || got.TotalOut == 0 {
		t.Errorf("%+v", got)
	}
	c.Close()
	if got := c.Reserved(); len(got) != 0 {
		t.Errorf("reserved after the end: %v", got)
	}
	_ = Close(front)
	_ = Close(again)
	if n := meter.Circuits(); n != 0 {
		t.Errorf("%d circuits are open after the end", n)
	}
	goleak.VerifyNone(t, before)
}

// reach connects a new patient to id through the relay, and does something while it is.
func reach(t *testing.T, id peer.ID, relay peer.AddrInfo, meanwhile func()) {
	t.Helper()
	h, err := Patient(&Gate{}, false)
	if err != nil {
		t.Fatal(err)
	}
	defer Close(h)
	Through(h, id, []peer.AddrInfo{relay}, time.Minute)
	if err := h.Connect(network.WithAllowLimitedConn(t.Context(), "test"), peer.AddrInfo{ID: id}); err != nil {
		t.Errorf("reach the front: %v", err)
	}
	if got := h.Network().Connectedness(id); got != network.Limited {
		t.Errorf("connectedness %s", got)
	}
	meanwhile()
}

// Seats go to different relays, and one that refuses does not keep a seat.
func TestCircuitsTakeWhoAdmits(t *testing.T) {
	var infos []peer.AddrInfo
	for range 3 {
		infos = append(infos, infoOf(startRelay(t, newKey(t), anywhere)))
	}
	front, err := Practice(newKey(t), &Gate{}, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	defer Close(front)
	seen := newTold()
	c, err := KeepCircuits(front, CircuitsConfig{
		Relays: func() []peer.AddrInfo { return infos }, Want: 2, Reserved: seen.note(&seen.reserved),
		Admit: func(_ context.Context, relay peer.ID) error {
			if relay == infos[0].ID {
				return errors.New("not admitted")
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	seen.until(t, "two relays", func(r, _ []peer.ID) bool {
		return slices.Contains(r, infos[1].ID) && slices.Contains(r, infos[2].ID)
	})
	if slices.Contains(seen.reserved, infos[0].ID) {
		t.Error("reserved at a relay that did not admit")
	}
}
