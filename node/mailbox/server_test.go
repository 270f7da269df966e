package mailbox

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip/wire"
	"pieks/node/host/hosttest"
)

func TestMailGoesInComesOutAndIsDeleted(t *testing.T) {
	r := newRelay(t, t.TempDir(), hosttest.Loopback, false)
	sender, receiver := r.dial(t, hosttest.Loopback), r.dial(t, hosttest.Loopback)
	key := newKey()
	opener, sealTo := sealingKey(t)
	first, err := SealEnvelope(boxOf(key), sealTo, []byte("first"))
	if err != nil {
		t.Fatal(err)
	}
	second := bytes.Repeat([]byte{9}, LargeEnvelope)

	kept, err := Put(hosttest.Within(t), sender, []peer.ID{r.host.ID()}, boxOf(key), first)
	if err != nil {
		t.Fatal(err)
	}
	want := Kept{Relay: r.host.ID(), ID: IDOf(first), Until: noon.Add(Retention).Local()}
	if len(kept) != 1 || kept[0].Relay != want.Relay || kept[0].ID != want.ID || !kept[0].Until.Equal(want.Until) {
		t.Errorf("kept %+v", kept)
	}
	r.clock.Advance(time.Minute)
	if err := r.put(t, sender, boxOf(key), second); err != nil {
		t.Fatal(err)
	}
	if err := r.put(t, sender, boxOf(newKey()), second); err != nil { // the same bytes for somebody else are other mail
		t.Fatal(err)
	}

	mail := r.fetch(t, receiver, key)
	if len(mail) != 2 || !bytes.Equal(mail[0].Envelope, first) || !bytes.Equal(mail[1].Envelope, second) || mail[0].Box != boxOf(key) {
		t.Fatalf("fetched %d", len(mail))
	}
	if !mail[1].Until.Equal(noon.Add(Retention + time.Minute)) {
		t.Errorf("until %s", mail[1].Until)
	}
	if content, err := OpenEnvelope(mail[0].Box, opener, mail[0].Envelope); err != nil || string(content) != "first" {
		t.Errorf("opened %q %v", content, err)
	}
	if got := r.fetch(t, receiver, key); len(got) != 2 {
		t.Errorf("fetching deletes: %d left", len(got))
	}
	if err := Delete(hosttest.Within(t), receiver, r.host.ID(), key, mail[0].ID, EnvelopeID{77}); err != nil {
		t.Fatal(err)
	}
	if got := r.fetch(t, receiver, key); len(got) != 1 || got[0].ID != mail[1].ID {
		t.Errorf("after delete: %d", len(got))
	}
	if c := r.Counts(); c.Envelopes != 2 || c.Boxes != 2 {
		t.Errorf("counts %+v", c)
	}
}

func TestTheSameEnvelopeIsKeptOnceAndAcknowledgedEachTime(t *testing.T) {
	r := newRelay(t, t.TempDir(), hosttest.Loopback, false)
	key := newKey()
	var wg sync.WaitGroup
	errs := make(chan error, 20)
	for range 4 {
		h := r.dial(t, hosttest.Loopback)
		for range 5 {
			wg.Go(func() { errs <- r.put(t, h, boxOf(key), envelopeOf(1)) })
		}
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	if got := r.fetch(t, r.dial(t, hosttest.Loopback), key); len(got) != 1 || r.Counts().Envelopes != 1 {
		t.Errorf("kept %d times, counted %d", len(got), r.Counts().Envelopes)
	}
}

// Case 37 of crypto.md, as bytes on a stream: no signature, an old nonce, another key, another relay. The mail stays.
func TestOnlyTheOwnerReadsAndDeletes(t *testing.T) {
	r := newRelay(t, t.TempDir(), hosttest.Loopback, false)
	h := r.dial(t, hosttest.Loopback)
	owner, thief := newKey(), newKey()
	if err := r.put(t, h, boxOf(owner), envelopeOf(1)); err != nil {
		t.Fatal(err)
	}
	del := access{Version: version, Kind: accessDelete, Relay: []byte(r.host.ID()), Box: boxOf(owner), IDs: []EnvelopeID{IDOf(envelopeOf(1))}}

	s, nonce := r.session(t, h)
	del.Nonce = nonce
	if code := answerTo(t, s, signAccess(t, thief, del)); code != CodeRefused {
		t.Errorf("signed by another key: code %d", code)
	}
	if _, err := readReply(s); err == nil {
		t.Error("the stream goes on after a refused signature")
	}

	recorded := signAccess(t, owner, del) // a relay or a thief kept it
	s, _ = r.session(t, h)
	if code := answerTo(t, s, recorded); code != CodeRefused {
		t.Errorf("old nonce: code %d", code)
	}

	other := newRelay(t, t.TempDir(), hosttest.Loopback, false)
	other.connect(t, h)
	s, nonce = r.session(t, h)
	del.Nonce, del.Relay = nonce, []byte(other.host.ID())
	if code := answerTo(t, s, signAccess(t, owner, del)); code != CodeRefused {
		t.Errorf("made for another relay: code %d", code)
	}

	s, nonce = r.session(t, h)
	del.Nonce, del.Relay = nonce, []byte(r.host.ID())
	unsigned, err := wire.Marshal(del)
	if err != nil {
		t.Fatal(err)
	}
	if code := answerTo(t, s, unsigned); code != CodeMalformed {
		t.Errorf("unsigned: code %d", code)
	}

	if got := r.fetch(t, h, owner); len(got) != 1 {
		t.Fatalf("the mail is gone")
	}
	s, nonce = r.session(t, h)
	del.Nonce = nonce
	if code := answerTo(t, s, signAccess(t, owner, del)); code != CodeOK {
		t.Errorf("the owner: code %d", code)
	}
	if got := r.fetch(t, h, owner); len(got) != 0 {
		t.Error("not deleted")
	}
}

// Case 38 of crypto.md: sizes that no envelope has, and frames that nobody reads.
func TestOtherSizesAreDropped(t *testing.T) {
	r := newRelay(t, t.TempDir(), hosttest.Loopback, false)
	h := r.dial(t, hosttest.Loopback)
	box := boxOf(newKey())
	for size, want := range map[int]Code{0: CodeSize, SmallEnvelope - 1: CodeSize, SmallEnvelope + 1: CodeSize, LargeEnvelope - 1: CodeSize, LargeEnvelope + 1: CodeSize} {
		frame, err := wire.Marshal(request{Version: version, Kind: requestPut, Box: box[:], Envelope: make([]byte, size)})
		if err != nil {
			t.Fatal(err)
		}
		if got := answerTo(t, r.stream(t, h), frame); got != want {
			t.Errorf("%d bytes: code %d, want %d", size, got, want)
		}
	}
	for name, frame := range map[string][]byte{"not CBOR": {0xff, 0, 1}, "empty": {}, "other version": {0xa2, 1, 2, 2, 2}} {
		if got := answerTo(t, r.stream(t, h), frame); got != CodeMalformed && got != CodeVersion {
			t.Errorf("%s: code %d", name, got)
		}
	}
	s := r.stream(t, h)
	if err := binary.Write(s, binary.BigEndian, uint32(5<<20)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, network.ErrReset) {
		t.Errorf("5 MiB announced: %v, want a reset", err)
	}
	if c := r.Counts(); c.Envelopes != 0 {
		t.Errorf("kept %d", c.Envelopes)
	}
}

func TestQuotasOverTheWire(t *testing.T) {
	r := newRelay(t, t.TempDir(), "/ip4/127.0.0.1/tcp/0", true)
	box := boxOf(newKey())
	flooder := r.dial(t, "/ip4/127.0.5.1/tcp/0")
	for i := range MaxPerSourceAndBox {
		if err := r.put(t, flooder, box, envelopeOf(i)); err != nil {
			t.Fatalf("envelope %d: %v", i, err)
		}
	}
	again := r.dial(t, "/ip4/127.0.5.2/tcp/0") // another peer, the same network
	if err := r.put(t, again, box, envelopeOf(100)); !errors.Is(err, ErrBoxFull) {
		t.Errorf("one network beyond its share: %v", err)
	}
	if err := r.put(t, again, box, envelopeOf(0)); err != nil {
		t.Errorf("what is kept already: %v", err)
	}
	if err := r.put(t, r.dial(t, "/ip4/127.0.6.1/tcp/0"), box, envelopeOf(100)); err != nil {
		t.Errorf("another network: %v", err)
	}
	other := boxOf(newKey())
	refused := 0
	for i := range putBurst {
		switch err := r.put(t, again, other, envelopeOf(i%2)); { // two envelopes, again and again
		case errors.Is(err, ErrBusy):
			refused++
		case err != nil:
			t.Fatal(err)
		}
	}
	if want := MaxPerSourceAndBox + 2; refused != want {
		t.Errorf("%d puts were beyond the network's rate, want %d", refused, want)
	}
}

func TestABoxTakesSixtyFour(t *testing.T) {
	r := newRelay(t, t.TempDir(), hosttest.Loopback, false)
	h, key := r.dial(t, hosttest.Loopback), newKey()
	for i := range MaxPerBox {
		if err := r.put(t, h, boxOf(key), envelopeOf(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.put(t, h, boxOf(key), envelopeOf(1000)); !errors.Is(err, ErrBoxFull) {
		t.Errorf("beyond: %v", err)
	}
	mail := r.fetch(t, h, key)
	if len(mail) != MaxPerBox {
		t.Fatalf("fetched %d", len(mail))
	}
	if err := Delete(hosttest.Within(t), h, r.host.ID(), key, ids(mail)...); err != nil {
		t.Fatal(err)
	}
	if err := r.put(t, h, boxOf(key), envelopeOf(1000)); err != nil {
		t.Errorf("after deleting: %v", err)
	}
}

func TestSweepAfterSeventyTwoHours(t *testing.T) {
	dir := t.TempDir()
	r := newRelay(t, dir, hosttest.Loopback, false)
	h, key := r.dial(t, hosttest.Loopback), newKey()
	if err := r.put(t, h, boxOf(key), envelopeOf(1)); err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(Retention - time.Second)
	if err := r.put(t, h, boxOf(key), envelopeOf(2)); err != nil {
		t.Fatal(err)
	}
	if n, err := r.store.Sweep(t.Context(), r.clock.Now()); n != 0 || err != nil {
		t.Fatalf("swept %d early, %v", n, err)
	}
	r.clock.Advance(time.Second)
	if n, err := r.store.Sweep(t.Context(), r.clock.Now()); n != 1 || err != nil {
		t.Fatalf("swept %d, %v", n, err)
	}
	if got := r.fetch(t, h, key); len(got) != 1 || got[0].ID != IDOf(envelopeOf(2)) {
		t.Errorf("fetched %d", len(got))
	}
	if c := r.Counts(); c.Envelopes != 1 {
		t.Errorf("counts %+v", c)
	}
}

func TestRestartKeepsMailInOrder(t *testing.T) {
	dir := t.TempDir()
	r := newRelay(t, dir, hosttest.Loopback, false)
	h, key := r.dial(t, hosttest.Loopback), newKey()
	var want []EnvelopeID
	for i := range 10 {
		if err := r.put(t, h, boxOf(key), envelopeOf(i)); err != nil {
			t.Fatal(err)
		}
		want = append(want, IDOf(envelopeOf(i)))
		r.clock.Advance(time.Second)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.store.Close(); err != nil {
		t.Fatal(err)
	}
	r = newRelay(t, dir, hosttest.Loopback, false)
	r.connect(t, h)
	if got := ids(r.fetch(t, h, key)); !slices.Equal(got, want) {
		t.Errorf("after a restart %d envelopes, or in another order", len(got))
	}
	if err := r.put(t, h, boxOf(key), envelopeOf(3)); err != nil || r.Counts().Envelopes != 10 {
		t.Errorf("an envelope from before the restart: %v, %d kept", err, r.Counts().Envelopes)
	}
	// What is on disk says neither whose mail it is nor what is in it.
	box := boxOf(key)
	id := IDOf(envelopeOf(1))
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for name, secret := range map[string][]byte{"box": box[:], "envelope id": id[:], "envelope": envelopeOf(1)[:64]} {
			if name != "envelope" && bytes.Contains(data, secret) {
				t.Errorf("%s contains the %s", filepath.Base(f), name)
			}
		}
	}
}

// A store that fails is never acknowledged, and what failed takes no room.
func TestNoAcknowledgementWithoutTheStore(t *testing.T) {
	r := newRelay(t, t.TempDir(), hosttest.Loopback, false)
	h, key := r.dial(t, hosttest.Loopback), newKey()
	if err := r.put(t, h, boxOf(key), envelopeOf(1)); err != nil {
		t.Fatal(err)
	}
	if err := r.store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.put(t, h, boxOf(key), envelopeOf(2)); !errors.Is(err, ErrFailed) {
		t.Errorf("put: %v", err)
	}
	if _, err := Fetch(hosttest.Within(t), h, r.host.ID(), key); !errors.Is(err, ErrFailed) {
		t.Errorf("fetch: %v", err)
	}
	if err := Delete(hosttest.Within(t), h, r.host.ID(), key, IDOf(envelopeOf(1))); !errors.Is(err, ErrFailed) {
		t.Errorf("delete: %v", err)
	}
	if c := r.Counts(); c.Envelopes != 1 {
		t.Errorf("counts %+v", c)
	}
}

func TestPutAtSeveralRelays(t *testing.T) {
	a, b := newRelay(t, t.TempDir(), hosttest.Loopback, false), newRelay(t, t.TempDir(), hosttest.Loopback, false)
	h := a.dial(t, hosttest.Loopback)
	b.connect(t, h)
	key := newKey()
	nobody := peerOf(t, 200)
	kept, err := Put(hosttest.Within(t), h, []peer.ID{a.host.ID(), nobody, b.host.ID()}, boxOf(key), envelopeOf(1))
	if err != nil || len(kept) != 2 {
		t.Fatalf("kept by %d: %v", len(kept), err)
	}
	if len(a.fetch(t, h, key)) != 1 || len(b.fetch(t, h, key)) != 1 {
		t.Error("not at both relays")
	}
	if _, err := Put(hosttest.Within(t), h, []peer.ID{nobody}, boxOf(key), envelopeOf(1)); err == nil {
		t.Error("acknowledged by nobody")
	}
	if _, err := Put(hosttest.Within(t), h, nil, boxOf(key), envelopeOf(1)); !errors.Is(err, ErrNoRelay) {
		t.Errorf("no relays: %v", err)
	}
	if _, err := Put(hosttest.Within(t), h, []peer.ID{a.host.ID()}, boxOf(key), make([]byte, 5)); !errors.Is(err, ErrSize) {
		t.Errorf("wrong size: %v", err)
	}
}
