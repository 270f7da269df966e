package mailbox

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip/wire"
	"pieks/node/host/hosttest"
	"pieks/store"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

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

// testRelay is a relay with nothing but mailboxes.
type testRelay struct {
	*Server
	host  host.Host
	store *store.Store
	clock *hosttest.Clock
}

func newRelay(t testing.TB, dir, listen string, limitLocal bool) *testRelay {
	t.Helper()
	c := hosttest.NewClock(noon)
	r := &testRelay{host: hosttest.New(t, nil, listen), store: openStore(t, dir, c.Now), clock: c}
	s, err := Serve(Config{Host: r.host, Store: r.store, LimitLocal: limitLocal, Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	r.Server = s
	t.Cleanup(func() { _ = s.Close() })
	return r
}

// dial makes a host that is connected to r.
func (r *testRelay) dial(t testing.TB, listen string) host.Host {
	t.Helper()
	h := hosttest.New(t, nil, listen)
	r.connect(t, h)
	return h
}

func (r *testRelay) connect(t testing.TB, h host.Host) {
	t.Helper()
	if err := h.Connect(hosttest.Within(t), peer.AddrInfo{ID: r.host.ID(), Addrs: r.host.Addrs()}); err != nil {
		t.Fatal(err)
	}
}

func (r *testRelay) put(t testing.TB, h host.Host, box BoxID, envelope []byte) error {
	t.Helper()
	_, err := Put(hosttest.Within(t), h, []peer.ID{r.host.ID()}, box, envelope)
	return err
}

func (r *testRelay) fetch(t testing.TB, h host.Host, key ed25519.PrivateKey) []Mail {
	t.Helper()
	mail, err := Fetch(hosttest.Within(t), h, r.host.ID(), key)
	if err != nil {
		t.Fatal(err)
	}
	return mail
}

// stream opens a stream to r, to speak the protocol by hand.
func (r *testRelay) stream(t testing.TB, h host.Host) network.Stream {
	t.Helper()
	s, err := h.NewStream(hosttest.Within(t), r.host.ID(), ProtocolID)
	if err != nil {
		t.Fatal(err)
	}
	_ = s.SetDeadline(time.Now().Add(20 * time.Second))
	t.Cleanup(func() { _ = s.Reset() })
	return s
}

// session opens a stream and has its nonce.
func (r *testRelay) session(t testing.TB, h host.Host) (network.Stream, [32]byte) {
	t.Helper()
	s := r.stream(t, h)
	nonce, err := begin(s)
	if err != nil {
		t.Fatal(err)
	}
	return s, nonce
}

// answerTo sends a frame and reads the code of the done frame that must follow.
func answerTo(t testing.TB, s network.Stream, frame []byte) Code {
	t.Helper()
	if err := wire.WriteFrame(s, frame); err != nil {
		t.Fatal(err)
	}
	got, err := readReply(s)
	if err != nil {
		t.Fatal(err)
	}
	if got.Kind != replyDone {
		t.Fatalf("reply kind %d, want done", got.Kind)
	}
	return got.Code
}

// envelopeOf is an envelope of the small size, another one for each n. Relays cannot tell it from a sealed one.
func envelopeOf(n int) []byte {
	b := make([]byte, SmallEnvelope)
	binary.BigEndian.PutUint64(b, uint64(n))
	return b
}

func newKey() ed25519.PrivateKey {
	_, key, _ := ed25519.GenerateKey(rand.Reader)
	return key
}

func ids(mail []Mail) []EnvelopeID {
	out := make([]EnvelopeID, len(mail))
	for i, m := range mail {
		out[i] = m.ID
	}
	return out
}
