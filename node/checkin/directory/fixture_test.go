package directory

import (
	"crypto/ed25519"
	"crypto/sha256"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/card"
	"pieks/node/home/testnet"
	"pieks/node/host/hosttest"
	"pieks/node/network"
	"pieks/store"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// world is a test network with a clock and a current bundle.
type world struct {
	*testnet.Net
	t       testing.TB
	clock   *testnet.Clock
	current *network.Current
	ca      *card.TestCA
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{Net: testnet.New(t, testnet.Config{Good: 28 * 24 * time.Hour}), t: t, clock: &testnet.Clock{}}
	w.current = must(network.NewCurrent(network.CurrentConfig{Now: w.clock.Now}))
	w.offer(w.File)
	w.ca = must(card.LoadTestCA(w.Bundle.Test.PrivateKey, w.Bundle.Test.Certificate))
	return w
}

func (w *world) offer(file string) {
	w.t.Helper()
	if ok, err := w.current.Offer(must(os.ReadFile(file))); !ok || err != nil {
		w.t.Fatalf("network file: %v %v", ok, err)
	}
}

// change puts a newer network file into force.
func (w *world) change(change func(*network.Bundle)) {
	w.t.Helper()
	w.Bundle = w.Next(change)
	w.offer(w.Sign(w.Bundle))
}

func (w *world) roots() card.Roots { return w.current.Get().CardRoots() }

// desk is a practice as far as a listing needs it.
type desk struct {
	key       ed25519.PrivateKey
	enrolment []byte
	host      host.Host
}

// detail is what a practice's card says, beside what is the same for all.
type detail struct {
	name, plz, place, tid, profession string
	kind                              card.Kind
}

func (w *world) desk(seed byte, d detail) *desk {
	w.t.Helper()
	return &desk{key: hosttest.Key(seed), enrolment: w.enrol(hosttest.Key(seed), w.ca, d)}
}

// enrol has a virtual card sign for a device.
func (w *world) enrol(device ed25519.PrivateKey, ca *card.TestCA, d detail) []byte {
	w.t.Helper()
	now := w.clock.Now()
	or := func(text, usual string) string {
		if text == "" {
			return usual
		}
		return text
	}
	h := card.Holder{
		Kind: d.kind, Name: or(d.name, "Praxis Dr. Müller"), TelematikID: or(d.tid, "1-20123456789"), Profession: d.profession,
		NotBefore: now.AddDate(0, -1, 0), NotAfter: now.AddDate(1, 0, 0),
	}
	if h.Kind == "" {
		h.Kind = card.SMCB
	}
	seed := sha256.Sum256([]byte(h.TelematikID))
	c := must(card.Open(w.t.Context(), must(card.NewVirtual(ca, h, seed))))
	return must(card.Enrol(w.t.Context(), c, card.VirtualPIN, card.Statement{
		Device: [32]byte(device.Public().(ed25519.PublicKey)), Sealing: [32]byte{7},
		Name: h.Name, Street: "Domstraße 1", PLZ: or(d.plz, "50667"), Place: or(d.place, "Köln"), Phone: "0221 123456",
		NotBefore: uint64(now.Add(-time.Minute).Unix()), NotAfter: uint64(now.AddDate(0, 0, 60).Unix()),
	}, now))
}

// listing is a listing of the desk with that seq.
func (d *desk) listing(seq uint64, now time.Time, change ...func(*Draft)) Listing {
	draft := Draft{Enrolment: d.enrolment, Relays: []string{"12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"}}
	for _, c := range change {
		c(&draft)
	}
	return must(Sign(d.key, seq, draft, now))
}

func (d *desk) id() [32]byte { return [32]byte(d.key.Public().(ed25519.PublicKey)) }

// testRelay is a relay with nothing but the directory.
type testRelay struct {
	*Server
	host  host.Host
	store *store.Store
	world *world
}

func (w *world) relay(seed byte) *testRelay {
	w.t.Helper()
	return w.relayIn(seed, w.t.TempDir(), nil)
}

// relayIn is a relay with its store in dir, and with a change of its configuration.
func (w *world) relayIn(seed byte, dir string, change func(*Config)) *testRelay {
	w.t.Helper()
	r := &testRelay{host: hosttest.New(w.t, hosttest.Key(seed), hosttest.Loopback), store: openStore(w.t, dir, "relay", w.clock.Now), world: w}
	cfg := Config{Host: r.host, Store: r.store, Roots: w.roots, Now: w.clock.Now}
	if change != nil {
		change(&cfg)
	}
	r.Server = must(Serve(cfg))
	w.t.Cleanup(func() { _ = r.Close() })
	return r
}

func openStore(t testing.TB, dir, role string, now func() time.Time) *store.Store {
	t.Helper()
	s := must(store.Open(t.Context(), store.Options{
		Dir: dir, Role: role, Secret: store.KeyFile(), Create: true, Now: now, SweepEvery: -1, CopyEvery: -1,
	}))
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func connect(t testing.TB, from, to host.Host) {
	t.Helper()
	if err := from.Connect(hosttest.Within(t), peer.AddrInfo{ID: to.ID(), Addrs: to.Addrs()}); err != nil {
		t.Fatal(err)
	}
}

// put brings a listing of d to r from d's own host.
func (d *desk) put(t testing.TB, r *testRelay, l Listing) error {
	t.Helper()
	if d.host == nil {
		d.host = hosttest.New(t, d.key, hosttest.Loopback)
	}
	connect(t, d.host, r.host)
	return Put(hosttest.Within(t), d.host, r.host.ID(), l)
}

// copyOf is somebody's copy, and the host that fetches it.
type copyOf struct {
	*Copy
	host host.Host
	t    testing.TB
}

func (w *world) copy(dir string) *copyOf {
	w.t.Helper()
	return &copyOf{must(Open(openStore(w.t, dir, "patient", w.clock.Now), w.current, w.clock.Now)), hosttest.New(w.t, nil, hosttest.Loopback), w.t}
}

func (c *copyOf) sync(r *testRelay) bool {
	c.t.Helper()
	connect(c.t, c.host, r.host)
	changed, err := c.Sync(hosttest.Within(c.t), c.host, r.host.ID())
	if err != nil {
		c.t.Fatal(err)
	}
	return changed
}

// names are the names that a copy has, in order.
func (c *copyOf) names() []string {
	out := []string{}
	for _, e := range c.All() {
		out = append(out, e.Licence.Statement.Name)
	}
	slices.Sort(out)
	return out
}

// cardOf is the hash of the certificate in an enrolment, as network files name revoked cards.
func cardOf(t testing.TB, enrolment []byte) [32]byte {
	t.Helper()
	return sha256.Sum256(must(card.ParseCMS(enrolment, card.EnrolmentDomain)).Signer.Raw)
}
