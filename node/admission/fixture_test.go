package admission

import (
	"context"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/card"
	"pieks/gossip"
	"pieks/gossip/place"
	"pieks/gossip/wire"
	"pieks/node/host/hosttest"
)

// noon is a Tuesday, in the middle of an epoch of a day.
var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// testNetwork is what the bundle of a test network says, with the private keys behind it.
type testNetwork struct {
	policy *gossip.Policy
	issuer *rsa.PrivateKey
	key    gossip.IssuerKey
	ca     *card.TestCA
}

var testNet = sync.OnceValue(func() *testNetwork {
	block, _ := pem.Decode(must(os.ReadFile("testdata/issuer.pem")))
	n := &testNetwork{issuer: must(x509.ParsePKCS8PrivateKey(block.Bytes)).(*rsa.PrivateKey)}
	n.key = must(gossip.PublicIssuerKey(&n.issuer.PublicKey, "issuer", noon.AddDate(0, 0, -3), noon.AddDate(0, 0, 4)))
	vaccines := []gossip.Vaccine{{Code: "comirnaty", Name: "Comirnaty", Doses: 2, VialDoses: 6, IntervalDays: [2]int{21, 42}}}
	n.policy = must(gossip.NewPolicy(must(place.NewMap(place.DefaultMapData())), []gossip.IssuerKey{n.key}, vaccines, gossip.DefaultRules()))
	n.ca = must(card.NewTestCA([32]byte{1}, noon))
	return n
})

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func publicOf(key ed25519.PrivateKey) [32]byte { return [32]byte(key.Public().(ed25519.PublicKey)) }

// pass is a pass of key for an epoch.
func (n *testNetwork) pass(t testing.TB, key ed25519.PrivateKey, epoch uint64) gossip.Pass {
	t.Helper()
	h := must(ecdh.X25519().NewPrivateKey(key.Seed()))
	req, err := n.policy.BlindPass(n.key.ID, publicOf(key), [32]byte(h.PublicKey().Bytes()), epoch)
	if err != nil {
		t.Fatal(err)
	}
	pass, err := req.Finish(must(gossip.BlindSign(n.issuer, req.Blinded())))
	if err != nil {
		t.Fatal(err)
	}
	return pass
}

// enrolment is one of device D, good for 30 days from noon.
func (n *testNetwork) enrolment(t testing.TB, device [32]byte) []byte {
	t.Helper()
	cms, err := card.EnrolVirtual(n.ca, card.Statement{
		Device: device, Sealing: [32]byte{9}, Name: "Praxis Canaria", Street: "Domstr. 1", PLZ: "50667", Place: "Köln",
		NotBefore: uint64(noon.Unix()), NotAfter: uint64(noon.AddDate(0, 0, 30).Unix()),
	}, [32]byte{2}, noon)
	if err != nil {
		t.Fatal(err)
	}
	return cms
}

// testRelay is a relay with admission on a host, and what its bundle says.
type testRelay struct {
	*Server
	host  host.Host
	clock *hosttest.Clock

	mu       sync.Mutex
	roots    card.Roots
	policy   *gossip.Policy
	full     bool
	admitted chan Admitted
}

func newRelay(t testing.TB, listen string, limitLocal bool) *testRelay {
	t.Helper()
	n := testNet()
	r := &testRelay{
		host: hosttest.New(t, nil, listen), clock: hosttest.NewClock(noon), policy: n.policy, admitted: make(chan Admitted, 2*peerBurst),
		roots: card.Roots{CAs: [][]byte{n.ca.Certificate()}, Professions: card.DefaultProfessions()},
	}
	v := gossip.NewValidator(r.getPolicy, r.clock.Now)
	r.Server = New(Config{
		Policy: r.getPolicy, CheckPass: v.CheckPass, Roots: r.getRoots,
		Bundle:  func() uint64 { return 7 },
		IsRelay: func(p peer.ID) bool { return p == idOf(relayKey) },
		OnAdmit: func(ctx context.Context, a Admitted) {
			select {
			case r.admitted <- a:
			case <-ctx.Done():
			}
		},
		Full:       r.isFull,
		LimitLocal: limitLocal, Now: r.clock.Now,
	})
	r.Serve(r.host)
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// relayKey is the identity of another relay of the bundle.
var relayKey = hosttest.Key(99)

func (r *testRelay) getPolicy() *gossip.Policy {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.policy
}

func (r *testRelay) isFull() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.full
}

func (r *testRelay) getRoots() card.Roots {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.roots
}

func (r *testRelay) set(change func(*testRelay)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(r)
}

// dial makes a host with key (nil: random) that is connected to r.
func (r *testRelay) dial(t testing.TB, key ed25519.PrivateKey, listen string) host.Host {
	t.Helper()
	h := hosttest.New(t, key, listen)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := h.Connect(ctx, peer.AddrInfo{ID: r.host.ID(), Addrs: r.host.Addrs()}); err != nil {
		t.Fatal(err)
	}
	return h
}

// raw sends one frame as it is and reads the reply.
func raw(t testing.TB, h host.Host, relay peer.ID, frame []byte) (reply, error) {
	t.Helper()
	var r reply
	s, err := h.NewStream(hosttest.Within(t), relay, ProtocolID)
	if err != nil {
		return r, err
	}
	defer func() { _ = s.Reset() }()
	_ = s.SetDeadline(time.Now().Add(20 * time.Second))
	if err := wire.WriteFrame(s, frame); err != nil {
		return r, err
	}
	return r, wire.ReadObject(s, maxReplyFrame, &r)
}

func idOf(key ed25519.PrivateKey) peer.ID {
	return must(peer.IDFromPrivateKey(must(crypto.UnmarshalEd25519PrivateKey(key))))
}
