package disclosure

import (
	"bytes"
	"crypto/ed25519"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/card"
	"pieks/node/host/hosttest"
	"pieks/store"
)

// noon is a tick of the default rules.
var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func peerOf(key ed25519.PrivateKey) peer.ID { return must(idOf(key.Public().(ed25519.PublicKey))) }

var (
	testCA    = sync.OnceValue(func() *card.TestCA { return must(card.NewTestCA([32]byte{1}, noon)) })
	foreignCA = sync.OnceValue(func() *card.TestCA { return must(card.NewTestCA([32]byte{2}, noon)) })
)

// The names that no relay may keep.
const canaryName, canaryID = "Dr. Canaria", "1-HBA-Testkarte-CANARY"

func testRoots() card.Roots {
	return card.Roots{CAs: [][]byte{testCA().Certificate()}, Professions: card.DefaultProfessions()}
}

// virtualCard is a card of that kind and profession, its PIN verified.
func virtualCard(t testing.TB, ca *card.TestCA, kind card.Kind, profession string) card.Card {
	t.Helper()
	v, err := card.NewVirtual(ca, card.Holder{
		Kind: kind, Name: canaryName, TelematikID: canaryID, Profession: profession,
		NotBefore: noon.AddDate(0, -1, 0), NotAfter: noon.AddDate(1, 0, 0),
	}, [32]byte{3})
	if err != nil {
		t.Fatal(err)
	}
	c, err := card.Open(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.VerifyPIN(t.Context(), card.VirtualPIN); err != nil {
		t.Fatal(err)
	}
	return c
}

func physician(t testing.TB) card.Card { return virtualCard(t, testCA(), card.HBA, "") }

func openStore(t testing.TB, dir string, now func() time.Time) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{
		Dir: dir, Role: "relay", Secret: store.KeyFile(), Create: true, Now: now, SweepEvery: -1, CopyEvery: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// testRelay is a relay with nothing but disclosures.
type testRelay struct {
	*Server
	host  host.Host
	store *store.Store
	clock *hosttest.Clock
	log   *bytes.Buffer // to be read after Close

	mu     sync.Mutex
	rules  Rules
	usable bool
	roots  card.Roots
	known  map[peer.ID]bool // enrolled practices
}

func newRelay(t testing.TB, dir string, seed byte, change func(*Config)) *testRelay {
	t.Helper()
	r := &testRelay{
		host: hosttest.New(t, hosttest.Key(seed), hosttest.Loopback), clock: hosttest.NewClock(noon.Add(time.Minute)), log: &bytes.Buffer{},
		rules: DefaultRules(), usable: true, roots: testRoots(), known: map[peer.ID]bool{},
	}
	r.store = openStore(t, dir, r.clock.Now)
	cfg := Config{
		Host: r.host, Store: r.store, Key: hosttest.Key(seed), Now: r.clock.Now,
		Roots:        func() card.Roots { r.mu.Lock(); defer r.mu.Unlock(); return r.roots },
		Rules:        func() Rules { r.mu.Lock(); defer r.mu.Unlock(); return r.rules },
		Usable:       func() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.usable },
		Professional: func(id peer.ID) bool { r.mu.Lock(); defer r.mu.Unlock(); return r.known[id] },
		Log:          slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&cfg)
	}
	s, err := Serve(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.Server = s
	t.Cleanup(func() { _ = s.Close() })
	return r
}

func (r *testRelay) set(change func(*testRelay)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(r)
}

func (r *testRelay) id() peer.ID { return r.host.ID() }

// dial makes a host that is connected to r.
func (r *testRelay) dial(t testing.TB) host.Host {
	t.Helper()
	h := hosttest.New(t, nil, hosttest.Loopback)
	connect(t, h, r.host)
	return h
}

// practice is a host that r takes for an enrolled practice.
func (r *testRelay) practice(t testing.TB) host.Host {
	t.Helper()
	h := r.dial(t)
	r.set(func(r *testRelay) { r.known[h.ID()] = true })
	return h
}

func connect(t testing.TB, from, to host.Host) {
	t.Helper()
	if err := from.Connect(hosttest.Within(t), peer.AddrInfo{ID: to.ID(), Addrs: to.Addrs()}); err != nil {
		t.Fatal(err)
	}
}

// authorised is a consent with an authorisation of c, made without a relay's help.
func (r *testRelay) authorised(t testing.TB, c card.Card, data string) (Consent, []byte) {
	t.Helper()
	consent := must(NewConsent([]byte(data)))
	return consent, r.sign(t, c, consent)
}

func (r *testRelay) sign(t testing.TB, c card.Card, consent Consent) []byte {
	t.Helper()
	now := r.clock.Now()
	found := Registered{Relay: r.id(), Reference: consent.Code.Reference(), Commitment: consent.Commitment(), Until: now.Add(Lifetime)}
	cms, err := Sign(t.Context(), c, testRoots(), Scanned{Code: consent.Code}, found, now)
	if err != nil {
		t.Fatal(err)
	}
	return cms
}

// fill posts n items straight into the queue.
func (r *testRelay) fill(t testing.TB, n int) {
	t.Helper()
	for range n {
		c := must(NewConsent([]byte(NewCode().ten() + NewCode().ten())))
		if err := r.queue.post(t.Context(), c.Commitment(), c.Data, r.clock.Now().Add(Lifetime), r.cfg.Rules(), r.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
}

// lists is all lists that a stranger gets from r.
func (r *testRelay) lists(t testing.TB, h host.Host, known Known) []List {
	t.Helper()
	var out []List
	err := FetchLists(hosttest.Within(t), h, r.id(), Reading{Known: known, Relays: anyRelay, Now: r.clock.Now}, func(l List) error {
		out = append(out, l)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// plainRandom is randomness that a test can repeat.
func plainRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// plainShuffle is a shuffle that a test can repeat.
func plainShuffle(seed uint64) func(int, func(i, j int)) {
	return rand.New(rand.NewPCG(seed, 1)).Shuffle
}
