package host

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"pieks/node/host/hosttest"
)

// from is a connection of which the gate sees the address only.
type from struct {
	network.ConnMultiaddrs
	addr ma.Multiaddr
}

func (f from) RemoteMultiaddr() ma.Multiaddr { return f.addr }

func TestGateDeniesForAWhile(t *testing.T) {
	c := hosttest.NewClock(time.Unix(1e9, 0))
	g := &Gate{Now: c.Now}
	const bad, good = peer.ID("bad"), peer.ID("good")
	g.DenyPeer(nil, bad, c.Now().Add(time.Hour))
	g.DenyNetwork(netip.MustParsePrefix("203.0.113.9/24"), c.Now().Add(time.Hour))
	within, without := ma.StringCast("/ip4/203.0.113.200/tcp/1"), ma.StringCast("/ip4/203.0.114.1/tcp/1")
	check := func(denied bool) {
		t.Helper()
		for what, allowed := range map[string]bool{
			"dial":    g.InterceptPeerDial(bad),
			"secured": g.InterceptSecured(network.DirInbound, bad, nil),
			"address": g.InterceptAddrDial(good, within),
			"accept":  g.InterceptAccept(from{addr: within}),
			"mapped":  g.InterceptAccept(from{addr: ma.StringCast("/ip6/::ffff:203.0.113.7/tcp/1")}),
		} {
			if allowed == denied {
				t.Errorf("%s: allowed is %v", what, allowed)
			}
		}
	}
	check(true)
	if !g.InterceptPeerDial(good) || !g.InterceptAddrDial(good, without) || !g.InterceptSecured(network.DirOutbound, good, nil) {
		t.Error("others are denied too")
	}
	c.Advance(time.Hour)
	check(false)
}

func TestGateAllowsAgain(t *testing.T) {
	g := &Gate{}
	g.DenyPeer(nil, "x", time.Now().Add(time.Hour))
	g.AllowPeer("x")
	if !g.InterceptPeerDial("x") {
		t.Error("still denied")
	}
}

func TestGateIsBoundedAndForgets(t *testing.T) {
	c := hosttest.NewClock(time.Unix(1e9, 0))
	g := &Gate{Now: c.Now}
	until := c.Now().Add(time.Hour)
	for i := range maxDenied {
		if !g.DenyPeer(nil, peer.ID(fmt.Sprint(i)), until) {
			t.Fatalf("full after %d", i)
		}
	}
	if g.DenyPeer(nil, "one more", until) {
		t.Error("the list has no end")
	}
	if !g.DenyPeer(nil, "7", until.Add(time.Hour)) {
		t.Error("a denial that is in the full list cannot be prolonged")
	}
	c.Advance(time.Hour)
	if !g.DenyPeer(nil, "one more", c.Now().Add(time.Hour)) || len(g.peers) != 2 {
		t.Errorf("%d denials kept after their end", len(g.peers))
	}
	if g.InterceptPeerDial("7") {
		t.Error("the prolonged denial has ended")
	}
}

// A peer that is denied loses what it has open, and does not come back until it is allowed.
func TestGateClosesConnections(t *testing.T) {
	gate := &Gate{}
	relay, err := Relay(newKey(t), gate, anywhere, admitAll{}, &Meter{})
	if err != nil {
		t.Fatal(err)
	}
	defer Close(relay)
	h, err := Patient(&Gate{}, false)
	if err != nil {
		t.Fatal(err)
	}
	defer Close(h)
	if err := Connect(t.Context(), h, infoOf(relay)); err != nil {
		t.Fatal(err)
	}
	gate.DenyPeer(relay, h.ID(), time.Now().Add(time.Hour))
	if c := relay.Network().Connectedness(h.ID()); c == network.Connected {
		t.Error("still connected")
	}
	_ = h.Network().ClosePeer(relay.ID())
	if err := Connect(t.Context(), h, infoOf(relay)); err == nil {
		// Noise ends on the dialler's side first; the refusal shows when something is asked.
		if _, err := h.NewStream(t.Context(), relay.ID(), "/ipfs/ping/1.0.0"); err == nil {
			t.Error("a denied peer has a stream")
		}
	}
	gate.AllowPeer(h.ID())
	if err := Connect(t.Context(), h, infoOf(relay)); err != nil {
		t.Error(err)
	}
}
