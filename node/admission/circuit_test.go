package admission

import (
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	ma "github.com/multiformats/go-multiaddr"

	"pieks/node/host/hosttest"
)

// Case A18 of p2p.md, with a real circuit relay: only who was admitted as front or desk gets a reservation, and then
// anyone can reach it. A hello through a circuit counts for the peer at its end.
func TestReservationNeedsAdmission(t *testing.T) {
	n, r := testNet(), newRelay(t, hosttest.Loopback, false)
	service, err := relay.New(r.host, relay.WithACL(r))
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	key := hosttest.Key(1)
	front, stranger := r.dial(t, key, hosttest.Loopback), r.dial(t, nil, hosttest.Loopback)
	info := peer.AddrInfo{ID: r.host.ID(), Addrs: r.host.Addrs()}

	if _, err := HelloClient(hosttest.Within(t), stranger, r.host.ID(), "506", nil); err != nil {
		t.Fatal(err)
	}
	for name, h := range map[string]host.Host{"a client": stranger, "a front before its hello": front} {
		if _, err := client.Reserve(hosttest.Within(t), h, info); err == nil {
			t.Errorf("%s got a reservation", name)
		}
	}
	if _, err := HelloFront(hosttest.Within(t), front, r.host.ID(), "506", n.pass(t, key, n.policy.Rules.EpochAt(noon))); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Reserve(hosttest.Within(t), front, info); err != nil {
		t.Fatalf("an admitted front: %v", err)
	}
	// Dialled by somebody who does not even say hello.
	h, err := libp2p.New(libp2p.NoListenAddrs, libp2p.EnableRelay(), libp2p.DisableMetrics(), libp2p.Identity(must(crypto.UnmarshalEd25519PrivateKey(hosttest.Key(60)))))
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	through := must(ma.NewMultiaddr(r.host.Addrs()[0].String() + "/p2p/" + r.host.ID().String() + "/p2p-circuit"))
	if err := h.Connect(hosttest.Within(t), peer.AddrInfo{ID: front.ID(), Addrs: []ma.Multiaddr{through}}); err != nil {
		t.Errorf("circuit to an admitted front: %v", err)
	}
	_, end := n.policy.Rules.EpochSpan(n.policy.Rules.EpochAt(noon))
	r.clock.Set(end)
	if _, err := client.Reserve(hosttest.Within(t), front, info); err == nil {
		t.Error("a reservation was renewed after the pass has ended")
	}
}

// Case A15: a frame beyond the limit is not read, and half a frame holds a stream no longer than its deadline, which
// the listener of package inbound enforces.
func TestOversizeAndNonsenseHellos(t *testing.T) {
	r := newRelay(t, hosttest.Loopback, false)
	h := r.dial(t, nil, hosttest.Loopback)
	s := must(h.NewStream(hosttest.Within(t), r.host.ID(), ProtocolID))
	if err := binary.Write(s, binary.BigEndian, uint32(maxHelloFrame+1)); err != nil {
		t.Fatal(err)
	}
	_ = s.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, network.ErrReset) {
		t.Errorf("oversize: %v, want a reset", err)
	}
	for _, frame := range [][]byte{{}, {0xff}, []byte("GET / HTTP/1.1\r\n\r\n")} {
		rep, err := raw(t, h, r.host.ID(), frame)
		if err != nil || rep.Code != CodeMalformed || rep.Bundle != 7 {
			t.Errorf("%q: %+v %v", frame, rep, err)
		}
	}
}
