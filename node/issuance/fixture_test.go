package issuance

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/card"
	"pieks/gossip"
	"pieks/gossip/place"
	"pieks/gossip/wire"
	"pieks/node/host/hosttest"
	"pieks/store"
)

// noon is a Tuesday, in the middle of the week of the test's keys.
var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func readKey(path string) *rsa.PrivateKey {
	block, _ := pem.Decode(must(os.ReadFile(path)))
	return must(x509.ParsePKCS8PrivateKey(block.Bytes)).(*rsa.PrivateKey)
}

var (
	issuerKey = sync.OnceValue(func() *rsa.PrivateKey { return readKey("testdata/issuer.pem") })
	otherKey  = sync.OnceValue(func() *rsa.PrivateKey { return readKey("testdata/other.pem") })
	testCA    = sync.OnceValue(func() *card.TestCA { return must(card.NewTestCA([32]byte{1}, noon)) })
)

// policyOf lists key as the issuer's, for the week around noon.
func policyOf(issuer peer.ID, key *rsa.PrivateKey) *gossip.Policy {
	public := must(gossip.PublicIssuerKey(&key.PublicKey, issuer.String(), noon.AddDate(0, 0, -1), noon.AddDate(0, 0, 6)))
	vaccines := []gossip.Vaccine{{Code: "comirnaty", Name: "Comirnaty", Doses: 2, VialDoses: 6, IntervalDays: [2]int{21, 42}}}
	return must(gossip.NewPolicy(must(place.NewMap(place.DefaultMapData())), []gossip.IssuerKey{public}, vaccines, gossip.DefaultRules()))
}

func publicOf(key ed25519.PrivateKey) [32]byte { return [32]byte(key.Public().(ed25519.PublicKey)) }

// The names that no issuer may keep.
const canaryName, canaryID = "Praxis Canaria", "1-SMC-B-Testkarte-883110000CANARY"

// enrolment is one of a practice with a card of its own, for device D.
func enrolment(t testing.TB, practice byte, device ed25519.PrivateKey) []byte {
	t.Helper()
	cms, err := card.EnrolVirtual(testCA(), card.Statement{
		Device: publicOf(device), Sealing: [32]byte{9}, Name: canaryName, Street: "Domstr. 1", PLZ: "50667", Place: "Köln",
		TelematikID: canaryID + string('A'+rune(practice)),
		NotBefore:   uint64(noon.Unix()), NotAfter: uint64(noon.AddDate(0, 0, 30).Unix()),
	}, [32]byte{practice}, noon)
	if err != nil {
		t.Fatal(err)
	}
	return cms
}

// testIssuer is a relay that issues passes and nothing else.
type testIssuer struct {
	*Server
	host   host.Host
	store  *store.Store
	clock  *hosttest.Clock
	log    *bytes.Buffer // to be read after Close
	policy *gossip.Policy

	mu    sync.Mutex
	roots card.Roots
	known *gossip.Policy // what the issuer's own bundle says
}

var issuerIdentity = hosttest.Key(70)

func newIssuer(t testing.TB, dir string) *testIssuer {
	t.Helper()
	i := &testIssuer{
		host: hosttest.New(t, issuerIdentity, hosttest.Loopback), clock: hosttest.NewClock(noon), log: &bytes.Buffer{},
		roots: card.Roots{CAs: [][]byte{testCA().Certificate()}, Professions: card.DefaultProfessions()},
	}
	i.policy = policyOf(i.host.ID(), issuerKey())
	i.known = i.policy
	var err error
	i.store, err = store.Open(t.Context(), store.Options{
		Dir: dir, Role: "relay", Secret: store.KeyFile(), Create: true, Now: i.clock.Now, SweepEvery: -1, CopyEvery: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = i.store.Close() })
	// Six at a time, as on a larger machine: all sign before the first is counted.
	i.Server, err = serve(Config{
		Host: i.host, Store: i.store, Keys: map[gossip.KeyID]*rsa.PrivateKey{onlyKey(i.policy): issuerKey()},
		Policy: i.getPolicy, Roots: i.getRoots, Now: i.clock.Now,
		Log: slog.New(slog.NewTextHandler(i.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}, 6)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = i.Close() })
	return i
}

func onlyKey(p *gossip.Policy) gossip.KeyID {
	for id := range p.Keys {
		return id
	}
	panic("no key")
}

func (i *testIssuer) getRoots() card.Roots {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.roots
}

func (i *testIssuer) getPolicy() *gossip.Policy {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.known
}

func (i *testIssuer) set(change func(*testIssuer)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	change(i)
}

// practice is a host that is connected to i, with what a client needs of it.
func (i *testIssuer) practice(t testing.TB, n byte) Client {
	t.Helper()
	device := hosttest.Key(100 + n)
	h := hosttest.New(t, nil, hosttest.Loopback)
	if err := h.Connect(hosttest.Within(t), peer.AddrInfo{ID: i.host.ID(), Addrs: i.host.Addrs()}); err != nil {
		t.Fatal(err)
	}
	return Client{Host: h, Relay: i.host.ID(), Policy: i.policy, Enrolment: enrolment(t, n, device), Device: device, Now: i.clock.Now}
}

// wants are n passes of this epoch.
func wants(n int) []PassWant {
	out := make([]PassWant, n)
	for i := range out {
		out[i] = PassWant{P: [32]byte{1, byte(i)}, H: [32]byte{2, byte(i)}, Epoch: gossip.DefaultRules().EpochAt(noon)}
	}
	return out
}

// signed is a request of c as bytes, after change.
func (c Client) signed(t testing.TB, change func(*request)) []byte {
	t.Helper()
	req := request{Version: version, Relay: []byte(c.Relay), Enrolment: c.Enrolment, Key: onlyKey(c.Policy), Time: uint64(c.Now().Unix()), Nonce: [nonceBytes]byte{1}}
	for i := range Batch {
		r := must(c.Policy.BlindPass(req.Key, [32]byte{byte(i)}, [32]byte{}, wants(1)[0].Epoch))
		req.Blinded = append(req.Blinded, r.Blinded())
	}
	if change != nil {
		change(&req)
	}
	return must(wire.SignObject(requestType, c.Device, req))
}

// send sends a frame as it is and returns the answer's code.
func (c Client) send(t testing.TB, frame []byte) Code {
	t.Helper()
	s, err := c.Host.NewStream(hosttest.Within(t), c.Relay, ProtocolID)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Reset() }()
	_ = s.SetDeadline(time.Now().Add(20 * time.Second))
	if err := wire.WriteFrame(s, frame); err != nil {
		t.Fatal(err)
	}
	var a answer
	if err := wire.ReadObject(s, maxAnswerFrame, &a); err != nil {
		t.Fatal(err)
	}
	if a.Version != version || (a.Code == CodeOK) != (len(a.Signatures) == Batch) {
		t.Fatalf("answer of version %d, code %d with %d signatures", a.Version, a.Code, len(a.Signatures))
	}
	return a.Code
}

// fakeIssuer answers every request with what answer gives, and tells the frames it got.
func fakeIssuer(t testing.TB, answer func(frame []byte) any) (host.Host, <-chan []byte) {
	t.Helper()
	h, frames := hosttest.New(t, issuerIdentity, hosttest.Loopback), make(chan []byte, 16)
	h.SetStreamHandler(ProtocolID, func(s network.Stream) {
		defer s.Close()
		frame, err := wire.ReadFrame(s, maxRequestFrame)
		if err != nil {
			return
		}
		frames <- frame
		_ = wire.WriteObject(s, answer(frame))
	})
	return h, frames
}
