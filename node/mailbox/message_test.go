package mailbox

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip/wire"
	"pieks/node/host/hosttest"
)

func peerOf(t testing.TB, seed byte) peer.ID {
	t.Helper()
	k, err := crypto.UnmarshalEd25519PrivateKey(hosttest.Key(seed))
	if err != nil {
		t.Fatal(err)
	}
	id, err := peer.IDFromPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func nonceOf(b byte) (n [32]byte) {
	copy(n[:], bytes.Repeat([]byte{b}, 32))
	return n
}

func signAccess(t testing.TB, key ed25519.PrivateKey, a access) []byte {
	t.Helper()
	signed, err := wire.SignObject(accessType, key, a)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// TestDocumentedExample makes the bytes that the package documentation shows.
func TestDocumentedExample(t *testing.T) {
	owner, relay := hosttest.Key(1), peerOf(t, 2)
	open, err := wire.Marshal(request{Version: version, Kind: requestOpen})
	if err != nil {
		t.Fatal(err)
	}
	nonce := nonceOf(3)
	challenge, err := wire.Marshal(reply{Version: version, Kind: replyNonce, Nonce: nonce[:]})
	if err != nil {
		t.Fatal(err)
	}
	fetch := signAccess(t, owner, access{Version: version, Kind: accessFetch, Relay: []byte(relay), Nonce: nonce, Box: boxOf(owner)})
	box := boxOf(owner)
	end, err := wire.Marshal(reply{Version: version, Kind: replyDone, Box: box[:]})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("//", "", "\n", "", "\t", "", " ", "").Replace(string(doc))
	for name, frame := range map[string][]byte{"open": open, "nonce": challenge, "fetch": fetch, "done": end} {
		var framed bytes.Buffer
		if err := wire.WriteFrame(&framed, frame); err != nil {
			t.Fatal(err)
		}
		if want := hex.EncodeToString(framed.Bytes()); !strings.Contains(text, want) {
			t.Errorf("doc.go does not show the %s frame:\n%s", name, want)
		}
	}
}

func TestRequestShapes(t *testing.T) {
	box := make([]byte, 32)
	for name, c := range map[string]struct {
		r    request
		want Code
	}{
		"small put":       {request{1, requestPut, box, make([]byte, SmallEnvelope)}, CodeOK},
		"large put":       {request{1, requestPut, box, make([]byte, LargeEnvelope)}, CodeOK},
		"open":            {request{1, requestOpen, nil, nil}, CodeOK},
		"other version":   {request{2, requestPut, box, make([]byte, SmallEnvelope)}, CodeVersion},
		"one byte short":  {request{1, requestPut, box, make([]byte, SmallEnvelope-1)}, CodeSize},
		"one byte long":   {request{1, requestPut, box, make([]byte, LargeEnvelope+1)}, CodeSize},
		"between":         {request{1, requestPut, box, make([]byte, 2000)}, CodeSize},
		"nothing":         {request{1, requestPut, box, nil}, CodeSize},
		"short box":       {request{1, requestPut, box[:31], make([]byte, SmallEnvelope)}, CodeMalformed},
		"unknown kind":    {request{1, 3, nil, nil}, CodeMalformed},
		"open with a box": {request{1, requestOpen, box, nil}, CodeMalformed},
	} {
		if got := checkRequest(c.r); got != c.want {
			t.Errorf("%s: code %d, want %d", name, got, c.want)
		}
	}
}

// Cases 37 of crypto.md: what is not signed by the box's key, for this relay, over this stream's nonce, is refused.
func TestAccessIsBoundToKeyRelayAndNonce(t *testing.T) {
	owner, other, relay, nonce := hosttest.Key(1), hosttest.Key(4), peerOf(t, 2), nonceOf(3)
	good := access{Version: version, Kind: accessDelete, Relay: []byte(relay), Nonce: nonce, Box: boxOf(owner), IDs: []EnvelopeID{{1}}}
	if _, code := readAccess(signAccess(t, owner, good), relay, nonce); code != CodeOK {
		t.Fatalf("good access: code %d", code)
	}
	change := func(f func(*access)) access { a := good; f(&a); return a }
	for name, c := range map[string]struct {
		key  ed25519.PrivateKey
		a    access
		want Code
	}{
		"another key":    {other, good, CodeRefused},
		"another relay":  {owner, change(func(a *access) { a.Relay = []byte(peerOf(t, 5)) }), CodeRefused},
		"old nonce":      {owner, change(func(a *access) { a.Nonce = nonceOf(9) }), CodeRefused},
		"another's box":  {other, change(func(a *access) { a.Kind = accessFetch; a.IDs = nil }), CodeRefused},
		"version 2":      {owner, change(func(a *access) { a.Version = 2 }), CodeVersion},
		"kind 0":         {owner, change(func(a *access) { a.Kind = 0 }), CodeMalformed},
		"kind 4":         {owner, change(func(a *access) { a.Kind = 4 }), CodeMalformed},
		"delete nothing": {owner, change(func(a *access) { a.IDs = nil }), CodeMalformed},
		"fetch with ids": {owner, change(func(a *access) { a.Kind = accessFetch }), CodeMalformed},
		"65 ids":         {owner, change(func(a *access) { a.IDs = make([]EnvelopeID, maxDelete+1) }), CodeMalformed},
	} {
		if _, code := readAccess(signAccess(t, c.key, c.a), relay, nonce); code != c.want {
			t.Errorf("%s: code %d, want %d", name, code, c.want)
		}
	}
	unsigned, _ := wire.Marshal(good)
	if _, code := readAccess(unsigned, relay, nonce); code != CodeMalformed {
		t.Errorf("without signature: code %d", code)
	}
	asOther, _ := wire.SignObject("pieks/pass-request/1", owner, good)
	if _, code := readAccess(asOther, relay, nonce); code != CodeRefused {
		t.Errorf("signed as another type: code %d", code)
	}
	signed := signAccess(t, owner, good)
	for i := range len(signed) * 8 {
		bad := bytes.Clone(signed)
		bad[i/8] ^= 1 << (i % 8)
		if _, code := readAccess(bad, relay, nonce); code == CodeOK {
			t.Fatalf("bit %d flipped and accepted", i)
		}
	}
}

func TestEveryCodeHasItsOwnSentence(t *testing.T) {
	seen := map[string]bool{}
	for c := CodeMalformed; c <= CodeFailed; c++ {
		err := c.err()
		if err == nil || seen[err.Error()] || codeErrors[c] == nil {
			t.Errorf("code %d: %v", c, err)
			continue
		}
		seen[err.Error()] = true
	}
	if Code(99).err() == nil {
		t.Error("an unknown code is no error")
	}
}
