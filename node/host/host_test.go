package host

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"testing"

	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	"go.uber.org/goleak"
)

// admitAll is a relay's ACL that knows no strangers.
type admitAll struct{}

func (admitAll) AllowReserve(peer.ID, ma.Multiaddr) bool          { return true }
func (admitAll) AllowConnect(peer.ID, ma.Multiaddr, peer.ID) bool { return true }

var anywhere = []string{"/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"}

func newKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func startRelay(t testing.TB, key ed25519.PrivateKey, listen []string) libhost.Host {
	t.Helper()
	h, err := Relay(key, &Gate{}, listen, admitAll{}, &Meter{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = Close(h) })
	return h
}

func infoOf(h libhost.Host) peer.AddrInfo { return peer.AddrInfo{ID: h.ID(), Addrs: h.Addrs()} }

// Each role's host ends with all its goroutines, also after it was connected.
func TestHostsEndWithoutGoroutines(t *testing.T) {
	before := goleak.IgnoreCurrent()
	relay, err := Relay(newKey(t), &Gate{}, anywhere, admitAll{}, &Meter{})
	if err != nil {
		t.Fatal(err)
	}
	desk, err := Practice(newKey(t), &Gate{}, anywhere, false)
	if err != nil {
		t.Fatal(err)
	}
	front, err := Practice(newKey(t), &Gate{}, nil, true)
	if err != nil {
		t.Fatal(err)
	}
	patient, err := Patient(&Gate{}, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []libhost.Host{desk, front, patient} {
		if err := Connect(t.Context(), h, infoOf(relay)); err != nil {
			t.Error(err)
		}
	}
	for _, a := range append(front.Network().ListenAddresses(), patient.Network().ListenAddresses()...) {
		if a.String() != "/p2p-circuit" {
			t.Errorf("front or patient listens at %s", a)
		}
	}
	for _, h := range []libhost.Host{patient, front, desk, relay} {
		if err := Close(h); err != nil {
			t.Error(err)
		}
	}
	goleak.VerifyNone(t, before)
}

func TestPatientsAreNobodyTwice(t *testing.T) {
	seen := map[peer.ID]bool{}
	for range 3 {
		h, err := Patient(&Gate{}, false)
		if err != nil {
			t.Fatal(err)
		}
		seen[h.ID()] = true
		_ = Close(h)
	}
	if len(seen) != 3 {
		t.Errorf("%d identities at 3 starts", len(seen))
	}
}

// A port that somebody else has is said to be, also when other addresses are free, and nothing is left running.
func TestPortInUse(t *testing.T) {
	udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	takenUDP := fmt.Sprintf("/ip4/127.0.0.1/udp/%d/quic-v1", udp.LocalAddr().(*net.UDPAddr).Port)
	takenTCP := fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", tcp.Addr().(*net.TCPAddr).Port)
	before := goleak.IgnoreCurrent()
	for _, bad := range []string{"127.0.0.1:80", "/ip4/127.0.0.1/udp/x"} {
		if _, err := Relay(newKey(t), &Gate{}, []string{bad}, admitAll{}, &Meter{}); err == nil {
			t.Errorf("listens at %q", bad)
		}
	}
	for name, listen := range map[string][]string{
		"only UDP": {takenUDP}, "only TCP": {takenTCP}, "both": {takenUDP, takenTCP},
		"UDP beside a free one": {takenUDP, anywhere[1]}, "TCP beside a free one": {anywhere[0], takenTCP},
	} {
		if _, err := Relay(newKey(t), &Gate{}, listen, admitAll{}, &Meter{}); !errors.Is(err, ErrPortInUse) {
			t.Errorf("relay, %s: %v", name, err)
		}
		if _, err := Practice(newKey(t), &Gate{}, listen, false); !errors.Is(err, ErrPortInUse) {
			t.Errorf("practice, %s: %v", name, err)
		}
	}
	goleak.VerifyNone(t, before)
}

// Two relays on one port would share out the peers: the second one is refused, on TCP too, where systems allow it.
func TestSecondRelayOnAPort(t *testing.T) {
	first := startRelay(t, newKey(t), anywhere)
	for _, a := range first.Addrs() {
		if _, err := Relay(newKey(t), &Gate{}, []string{a.String()}, admitAll{}, &Meter{}); !errors.Is(err, ErrPortInUse) {
			t.Errorf("%s: %v", a, err)
		}
	}
}

func TestKeysAndPeers(t *testing.T) {
	key := newKey(t)
	id, err := PeerID(key.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	got, err := PublicKey(id)
	if err != nil || got != [32]byte(key.Public().(ed25519.PublicKey)) {
		t.Errorf("%x %v", got, err)
	}
	for _, bad := range []peer.ID{"", "x", peer.ID("\x12\x20" + string(make([]byte, 32)))} {
		if _, err := PublicKey(bad); err == nil {
			t.Errorf("%q has a key", string(bad))
		}
	}
	if _, err := PeerID(make([]byte, 31)); err == nil {
		t.Error("31 bytes are a key")
	}
}

// A relay that was away is dialled again as soon as somebody asks, not when libp2p's own pause is over.
func TestConnectAfterFailures(t *testing.T) {
	key := newKey(t)
	relay := startRelay(t, key, anywhere[1:]) // TCP says at once that nobody listens
	info := infoOf(relay)
	if err := Close(relay); err != nil {
		t.Fatal(err)
	}
	h, err := Patient(&Gate{}, false)
	if err != nil {
		t.Fatal(err)
	}
	defer Close(h)
	for range 3 {
		if err := Connect(t.Context(), h, info); err == nil {
			t.Fatal("connected to a relay that is away")
		}
	}
	listen := make([]string, len(info.Addrs))
	for i, a := range info.Addrs {
		listen[i] = a.String()
	}
	startRelay(t, key, listen)
	if err := Connect(t.Context(), h, info); err != nil {
		t.Errorf("the relay is back: %v", err)
	}
	if h.Network().Connectedness(info.ID) != network.Connected {
		t.Error("not connected")
	}
}
