package practice

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"pieks/card"
	"pieks/gossip"
	"pieks/node/home"
	"pieks/node/home/testnet"
	"pieks/node/host"
	"pieks/node/issuance"
	"pieks/store"
)

var loopback = []string{"/ip4/127.0.0.1/udp/0/quic-v1"}

type everybody struct{}

func (everybody) AllowReserve(peer.ID, ma.Multiaddr) bool          { return true }
func (everybody) AllowConnect(peer.ID, ma.Multiaddr, peer.ID) bool { return true }

// serveIssuer runs nothing but the issuer of the network's first relay.
func serveIssuer(t testing.TB, net *testnet.Net, clock *testnet.Clock) libhost.Host {
	t.Helper()
	h, err := host.Relay(net.Relays[0].Identity, &host.Gate{}, loopback, everybody{}, &host.Meter{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = host.Close(h) })
	st, err := store.Open(t.Context(), store.Options{Dir: net.Home("issuer"), Secret: store.KeyFile(), Create: true, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	keys, err := net.Relays[0].PrivateKeys()
	if err != nil {
		t.Fatal(err)
	}
	server, err := issuance.Serve(issuance.Config{
		Host: h, Store: st, Keys: keys, Now: clock.Now,
		Policy: func() *gossip.Policy { return policyOf(t, net) },
		Roots:  func() card.Roots { return net.Bundle.CardRoots() },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return h
}

func policyOf(t testing.TB, net *testnet.Net) *gossip.Policy {
	t.Helper()
	policy, err := net.Bundle.Policy()
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

// buyer is a stock and what it buys with.
type buyer struct {
	stock
	host     libhost.Host
	home     *home.Home
	identity *identity
	policy   *gossip.Policy
	asked    atomic.Int32
	issuer   libhost.Host
}

func newBuyer(t testing.TB, net *testnet.Net, clock *testnet.Clock) *buyer {
	t.Helper()
	h := openHome(t, net.Home("p"), net.File, clock)
	b := &buyer{home: h, stock: stock{h.Store.Keys(), clock.Now}, identity: identityOf(t, h, cologne), policy: policyOf(t, net), issuer: serveIssuer(t, net, clock)}
	var err error
	if b.host, err = host.Practice(b.identity.device, &host.Gate{}, nil, false); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = host.Close(b.host) })
	return b
}

func (b *buyer) buy(ctx context.Context, epochs []uint64) error {
	return b.refill(ctx, b.host, b.policy, b.identity.cms, b.identity.device, epochs, func(ctx context.Context, issuer string) error {
		b.asked.Add(1)
		return host.Connect(ctx, b.host, peer.AddrInfo{ID: b.issuer.ID(), Addrs: b.issuer.Addrs()})
	})
}

// Passes are fetched for the epochs that have none, and for no other; they are there after a restart, each of its own pseudonym; and an erased
// epoch is gone, also after one more.
func TestStock(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	b := newBuyer(t, net, clock)
	epochs := wanted(b.policy.Rules, clock.Now(), 3)
	if err := b.buy(t.Context(), epochs[:2]); err != nil {
		t.Fatal(err)
	}
	before, err := b.get(epochs[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := b.buy(t.Context(), epochs); err != nil {
		t.Fatal(err)
	}
	asked := b.asked.Load()
	if err := b.buy(t.Context(), epochs); err != nil || b.asked.Load() != asked {
		t.Errorf("a full stock asks an issuer: %v", err)
	}
	h := reopen(t, b.home, clock)
	b.stock = stock{h.Store.Keys(), clock.Now}
	personas := b.load()
	if len(personas) != len(epochs) {
		t.Fatalf("%d of %d personas after a restart", len(personas), len(epochs))
	}
	if !bytes.Equal(personas[epochs[0]].P, before.P) {
		t.Error("a persona that was there was made anew")
	}
	seen := map[string]bool{}
	checks := gossip.NewValidator(func() *gossip.Policy { return b.policy }, func() time.Time { return clock.Now().Add(24 * time.Hour) })
	for e, p := range personas {
		pub, sealing := p.public()
		seen[string(pub[:])] = true
		if p.Pass.P != pub || p.Pass.H != sealing || p.Pass.Epoch != e || p.Offset > b.policy.Rules.RotationSpread() {
			t.Errorf("epoch %d: %+v", e, p)
		}
		if e <= epochs[1] {
			if err := checks.CheckPass(p.Pass); err != nil {
				t.Errorf("epoch %d: %v", e, err)
			}
		}
	}
	if len(seen) != len(epochs) {
		t.Error("one pseudonym for two epochs")
	}
	if err := b.keys.Erase(epochs[0]); err != nil {
		t.Fatal(err)
	}
	check := func(s stock) {
		t.Helper()
		if _, err := s.get(epochs[0]); err == nil || len(s.load()) != len(epochs)-1 {
			t.Error("the erased epoch is still there")
		}
	}
	check(b.stock)
	check(stock{reopen(t, h, clock).Store.Keys(), clock.Now})
}

// Without an issuer that is reachable, or with none that has a key for the epochs, it is said what that means, and nothing is in stock.
func TestNoIssuer(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	b := newBuyer(t, net, clock)
	epochs := wanted(b.policy.Rules, clock.Now(), 1)
	away := errors.New("away")
	err := b.refill(t.Context(), b.host, b.policy, b.identity.cms, b.identity.device, epochs, func(context.Context, string) error { return away })
	if !errors.Is(err, errNoIssuer) || !errors.Is(err, away) {
		t.Errorf("%v", err)
	}
	if err := b.buy(t.Context(), []uint64{1}); !errors.Is(err, errNoIssuer) {
		t.Errorf("epoch of 1970: %v", err)
	}
	other := newKeyed(t)
	if err := b.refill(t.Context(), b.host, b.policy, b.identity.cms, other, epochs, func(ctx context.Context, _ string) error {
		return host.Connect(ctx, b.host, peer.AddrInfo{ID: b.issuer.ID(), Addrs: b.issuer.Addrs()})
	}); !errors.Is(err, issuance.ErrSignature) {
		t.Errorf("another device's key: %v", err)
	}
	if len(b.load()) != 0 {
		t.Errorf("%d personas", len(b.load()))
	}
}

func newKeyed(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// What a crash or a later version left half of a persona is as good as missing.
func TestDamagedPersonaIsMissing(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	h := openHome(t, net.Home("p"), net.File, clock)
	s := stock{h.Store.Keys(), clock.Now}
	p, err := newPersona(7, net.Bundle.Rules)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.put(p); err != nil {
		t.Fatal(err)
	}
	if _, err := s.get(7); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string][]byte{
		secretP: make([]byte, 31), secretH: {1}, secretOffset: {1, 2}, secretPass: []byte("no CBOR"),
	} {
		good, _ := s.keys.Get(7, name)
		if err := s.keys.Put(7, name, value); err != nil {
			t.Fatal(err)
		}
		if _, err := s.get(7); err == nil || len(s.load()) != 0 {
			t.Errorf("read with a bad %s", name)
		}
		if err := s.keys.Put(7, name, good); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWantedAndPause(t *testing.T) {
	rules := testRules()
	if got := wanted(rules, rules.EpochStart(1000).Add(time.Hour), 2); !slices.Equal(got, []uint64{1000, 1001, 1002}) {
		t.Errorf("%v", got)
	}
	for range 100 {
		if d := pause(time.Hour); d < 0 || d >= time.Hour {
			t.Fatalf("%s", d)
		}
	}
}
