package checkin

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	ma "github.com/multiformats/go-multiaddr"

	"pieks/node/checkin/popp"
	"pieks/node/host/hosttest"
	"pieks/node/mailbox"
	"pieks/store"
)

// tapped is a relay's host that writes down everything that the relay could read on its streams.
type tapped struct {
	host.Host
	mu   sync.Mutex
	seen bytes.Buffer
}

func (h *tapped) note(p []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen.Write(p)
}

func (h *tapped) all() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	return bytes.Clone(h.seen.Bytes())
}

func (h *tapped) SetStreamHandler(id protocol.ID, handle network.StreamHandler) {
	h.Host.SetStreamHandler(id, func(s network.Stream) { handle(&tappedStream{s, h}) })
}

func (h *tapped) NewStream(ctx context.Context, p peer.ID, ids ...protocol.ID) (network.Stream, error) {
	s, err := h.Host.NewStream(ctx, p, ids...)
	if err != nil {
		return nil, err
	}
	return &tappedStream{s, h}, nil
}

type tappedStream struct {
	network.Stream
	tap *tapped
}

func (s *tappedStream) Read(p []byte) (int, error) {
	n, err := s.Stream.Read(p)
	s.tap.note(p[:n])
	return n, err
}

func (s *tappedStream) Write(p []byte) (int, error) {
	s.tap.note(p)
	return s.Stream.Write(p)
}

// canaries are what no relay may see, in the forms in which it could stand somewhere.
func canaries(k *kit, a *Attempt, x509 []byte) map[string][]byte {
	_, token, err := k.arrivals.Token(a.statement.ID)
	if err != nil {
		k.t.Fatal(err)
	}
	payload, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	return map[string][]byte{
		"insurance number": []byte(otherKVNR), "in base64": []byte(base64.RawStdEncoding.EncodeToString([]byte(otherKVNR))),
		"in hex": []byte(hex.EncodeToString([]byte(otherKVNR))), "name": []byte("Kanari"), "insurer": []byte("109500969"),
		"certificate": x509[100:132], "token": []byte(token), "claims": payload, "workplace": []byte("REZEPTION-1"),
		"Telematik-ID": []byte(k.licence.TelematikID), "check-in": a.statement.ID[:], "command": {0x00, 0xa4, 0x04, 0x0c, 0x07, 0xd2, 0x76, 0x00},
		"application": []byte("ESIGN"),
	}
}

// A relay between patient and practice, which also keeps the letter, sees nothing of either: neither what passes through the circuit
// nor what it stores says who checks in, where in the practice, or what the card said.
func TestRelaySeesNothing(t *testing.T) {
	ctx := hosttest.Within(t)
	k := newKit(t)
	tap := &tapped{Host: hosttest.New(t, nil, hosttest.Loopback)}
	service, err := relay.New(tap)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = service.Close() })
	kept, err := store.Open(ctx, store.Options{Dir: memoryDir(t), Role: "relay", Secret: store.KeyFile(), Create: true, SweepEvery: -1, CopyEvery: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close() })
	boxes, err := mailbox.Serve(mailbox.Config{Host: tap, Store: kept})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = boxes.Close() })

	at := peer.AddrInfo{ID: tap.ID(), Addrs: tap.Addrs()}
	practice, patient := hosttest.New(t, deskKey, hosttest.Loopback), hosttest.New(t, nil, hosttest.Loopback)
	for _, h := range []host.Host{practice, patient} {
		if err := h.Connect(ctx, at); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.Reserve(ctx, practice, at); err != nil {
		t.Fatal(err)
	}
	server := k.desk.Listen(practice)
	t.Cleanup(func() { _ = server.Close() })
	circuit := ma.StringCast(at.Addrs[0].String() + "/p2p/" + at.ID.String() + "/p2p-circuit")
	patient.Peerstore().AddAddr(practice.ID(), circuit, time.Hour)

	ch := person(t, 4, "Kanari Vogel", otherKVNR)
	a := k.attempt("REZEPTION-1")
	if o, err := present(ctx, patient, a, ch); err != nil || o.State != popp.Success {
		t.Fatalf("%+v %v", o, err)
	}
	for _, c := range patient.Network().ConnsToPeer(practice.ID()) {
		if !c.Stat().Limited {
			t.Error("the patient reached the practice without the relay")
		}
	}
	b := k.attempt("REZEPTION-1")
	answers := answersTo(t, ch, b.Nonce())
	letter := must(b.Mail(answers))
	key := must(ecdh.X25519().GenerateKey(rand.Reader))
	envelope := must(mailbox.SealEnvelope(mailbox.BoxID(b.Device()), [32]byte(key.PublicKey().Bytes()), letter))
	if _, err := mailbox.Put(ctx, patient, []peer.ID{at.ID}, mailbox.BoxID(b.Device()), envelope); err != nil {
		t.Fatal(err)
	}
	fetched, err := mailbox.Fetch(ctx, practice, at.ID, deskKey)
	if err != nil || len(fetched) != 1 {
		t.Fatalf("%d letters, %v", len(fetched), err)
	}
	opened := must(mailbox.OpenEnvelope(fetched[0].Box, key, fetched[0].Envelope))
	m, err := k.desk.HandleMail(ctx, opened)
	if err != nil {
		t.Fatal(err)
	}
	answer := must(mailbox.SealEnvelope(mailbox.BoxID(m.Box), m.Sealing, m.Message))
	if _, err := mailbox.Put(ctx, practice, []peer.ID{at.ID}, mailbox.BoxID(m.Box), answer); err != nil {
		t.Fatal(err)
	}
	back, err := mailbox.Fetch(ctx, patient, at.ID, b.Box())
	if err != nil || len(back) != 1 {
		t.Fatalf("%d answers, %v", len(back), err)
	}
	if o, err := b.Take(must(mailbox.OpenEnvelope(back[0].Box, b.Sealing(), back[0].Envelope))); err != nil || o.State != popp.Success {
		t.Fatalf("%+v %v", o, err)
	}
	k.arrived(2)

	seen := tap.all()
	var stored bytes.Buffer
	if err := kept.Audit(func(bucket string, key, value []byte) error {
		stored.WriteString(bucket)
		stored.Write(key)
		stored.Write(value)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	t.Logf("the relay read %d bytes and stores %d", len(seen), stored.Len())
	// What was looked for is in the letter, the tap is within the circuit, where both ends agree on their encryption, and both letters are in the store.
	if !bytes.Contains(letter, answers.X509[100:132]) || !bytes.Contains(letter, []byte(otherKVNR)) || !bytes.Contains(seen, []byte("/multistream/1.0.0")) ||
		!bytes.Contains(seen, envelope) || !bytes.Contains(stored.Bytes(), envelope) || !bytes.Contains(stored.Bytes(), answer) {
		t.Fatal("the test looks in the wrong place")
	}
	for _, about := range []*Attempt{a, b} {
		for what, canary := range canaries(k, about, answers.X509) {
			if bytes.Contains(seen, canary) {
				t.Errorf("%s passes the relay in the open", what)
			}
			if bytes.Contains(stored.Bytes(), canary) {
				t.Errorf("%s is stored at the relay in the open", what)
			}
		}
	}
}
