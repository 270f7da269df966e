package network

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/veraison/go-cose"

	"pieks/gossip"
	"pieks/gossip/wire"
)

func TestWhatIsSignedIsVerified(t *testing.T) {
	made := fixtureOf(t)
	b, err := Verify(made.Signed)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(b, made.Bundle) {
		t.Errorf("%+v, want %+v", b, made.Bundle)
	}
	if id := b.ID(); len(id) != 16 || id != made.Bundle.ID() {
		t.Errorf("network id %q", id)
	}
	for _, keys := range [][]int{{0, 2}, {1, 2}, {2, 0}, {0, 1, 2}} {
		var signers []ed25519.PrivateKey
		for _, i := range keys {
			signers = append(signers, made.OperatorKeys[i])
		}
		data, err := Sign(made.Bundle, signers...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(data); err != nil {
			t.Errorf("signed by %v: %v", keys, err)
		}
	}
}

func TestOneOperatorMakesADraft(t *testing.T) {
	made := fixtureOf(t)
	draft, err := Sign(made.Bundle, made.OperatorKeys[2])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(draft); !errors.Is(err, ErrSignatures) {
		t.Errorf("draft: %v", err)
	}
	if _, signers, err := Inspect(draft); err != nil || !slices.Equal(signers, []int{2}) {
		t.Errorf("inspect: %v %v", signers, err)
	}
	done, err := Cosign(draft, made.OperatorKeys[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(done); err != nil {
		t.Error(err)
	}
	if _, signers, err := Inspect(done); err != nil || !slices.Equal(signers, []int{0, 2}) {
		t.Errorf("inspect: %v %v", signers, err)
	}
	direct, err := Sign(made.Bundle, made.OperatorKeys[0], made.OperatorKeys[2])
	if err != nil || !bytes.Equal(direct, done) {
		t.Errorf("two ways, two files: %v", err)
	}
}

func TestWhoMaySign(t *testing.T) {
	made := fixtureOf(t)
	_, stranger, _ := ed25519.GenerateKey(nil)
	if _, err := Sign(made.Bundle, made.OperatorKeys[0], stranger); !errors.Is(err, ErrOperator) {
		t.Errorf("stranger: %v", err)
	}
	if _, err := Sign(made.Bundle, made.OperatorKeys[0], made.OperatorKeys[0]); !errors.Is(err, ErrOperator) {
		t.Errorf("one operator twice: %v", err)
	}
	if _, err := Sign(made.Bundle, nil); !errors.Is(err, ErrOperator) {
		t.Errorf("no key: %v", err)
	}
	if _, err := Sign(made.Bundle); err == nil {
		t.Error("signed by nobody")
	}
	if _, err := Cosign(made.Signed, made.OperatorKeys[1]); !errors.Is(err, ErrOperator) {
		t.Errorf("cosigned twice: %v", err)
	}
	bad := made.Bundle.Next()
	bad.Name = ""
	if _, err := Sign(bad, made.OperatorKeys[0], made.OperatorKeys[1]); !errors.Is(err, ErrContent) {
		t.Errorf("nobody signs nonsense: %v", err)
	}
}

// TestForgedSignatures makes files that only a forger makes: the honest signer refuses to.
func TestForgedSignatures(t *testing.T) {
	made := fixtureOf(t)
	payload := mustMarshal(t, made.Bundle)
	_, stranger, _ := ed25519.GenerateKey(nil)
	for name, c := range map[string]struct {
		typ     string
		headers []int
		keys    []ed25519.PrivateKey
		want    error
	}{
		"honest":                  {Type, []int{0, 1}, made.OperatorKeys[:2], nil},
		"one only":                {Type, []int{0}, made.OperatorKeys[:1], ErrSignatures},
		"the same twice":          {Type, []int{0, 0}, []ed25519.PrivateKey{made.OperatorKeys[0], made.OperatorKeys[0]}, ErrSignatures},
		"one in two names":        {Type, []int{0, 1}, []ed25519.PrivateKey{made.OperatorKeys[0], made.OperatorKeys[0]}, ErrSignatures},
		"out of order":            {Type, []int{1, 0}, []ed25519.PrivateKey{made.OperatorKeys[1], made.OperatorKeys[0]}, ErrSignatures},
		"a stranger":              {Type, []int{0, 1}, []ed25519.PrivateKey{made.OperatorKeys[0], stranger}, ErrSignatures},
		"two and a stranger":      {Type, []int{0, 1, 2}, []ed25519.PrivateKey{made.OperatorKeys[0], made.OperatorKeys[1], stranger}, ErrSignatures},
		"a fourth operator":       {Type, []int{0, 1, 3}, []ed25519.PrivateKey{made.OperatorKeys[0], made.OperatorKeys[1], stranger}, ErrSignatures},
		"signed as another type":  {"pieks/sheet/1", []int{0, 1}, made.OperatorKeys[:2], ErrSignatures},
		"signed without any type": {"", []int{0, 1}, made.OperatorKeys[:2], ErrSignatures},
	} {
		msg := cose.NewSignMessage()
		msg.Payload = payload
		body, _ := msg.Headers.MarshalProtected()
		for i, key := range c.keys {
			sig := cose.NewSignature()
			sig.Headers.RawProtected, sig.Headers.RawUnprotected = signatureHeader(c.headers[i]), []byte{0xa0}
			if err := sig.Headers.UnmarshalFromRaw(); err != nil {
				t.Fatal(err)
			}
			signer, _ := cose.NewSigner(cose.AlgorithmEdDSA, key)
			if err := sig.Sign(nil, signer, body, payload, []byte(c.typ)); err != nil {
				t.Fatal(err)
			}
			msg.Signatures = append(msg.Signatures, sig)
		}
		data, err := msg.MarshalCBOR()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(data); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestUnsignedHeadersAreRefused: what no signature covers anybody could change.
func TestUnsignedHeadersAreRefused(t *testing.T) {
	for name, change := range map[string]func(*cose.SignMessage){
		"nothing":                   func(*cose.SignMessage) {},
		"beside the payload":        func(m *cose.SignMessage) { m.Headers.RawUnprotected = []byte{0xa1, 0x18, 0x63, 0x01} },
		"beside a signature":        func(m *cose.SignMessage) { m.Signatures[0].Headers.RawUnprotected = []byte{0xa1, 0x18, 0x63, 0x01} },
		"protected, of the payload": func(m *cose.SignMessage) { m.Headers.RawProtected = []byte{0x43, 0xa1, 0x01, 0x27} },
		"protected, as empty map":   func(m *cose.SignMessage) { m.Headers.RawProtected = []byte{0x41, 0xa0} },
	} {
		msg, err := parseMessage(fixtureOf(t).Signed)
		if err != nil {
			t.Fatal(err)
		}
		change(msg)
		data, err := msg.MarshalCBOR()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(data); (err == nil) != (name == "nothing") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOneEncodingOnly: the payload's length in more bytes than needed says the same, and no signature covers it.
func TestOneEncodingOnly(t *testing.T) {
	signed := fixtureOf(t).Signed
	const lengthAt = 5 // tag, array, protected and unprotected header come before
	if signed[lengthAt] != 0x59 {
		t.Fatalf("payload begins with %x", signed[:8])
	}
	long := slices.Concat(signed[:lengthAt], []byte{0x5a, 0, 0}, signed[lengthAt+1:])
	var msg cose.SignMessage
	if err := msg.UnmarshalCBOR(long); err != nil {
		t.Fatalf("the library reads it: %v", err)
	}
	if _, err := Verify(long); !errors.Is(err, ErrForm) {
		t.Errorf("long length: %v", err)
	}
}

func TestSignatureOfAnotherObjectIsNone(t *testing.T) {
	made := fixtureOf(t)
	data, err := wire.SignObject(Type, made.OperatorKeys[0], made.Bundle)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(data); !errors.Is(err, ErrForm) {
		t.Errorf("COSE_Sign1: %v", err)
	}
}

func TestNoBitMayChange(t *testing.T) {
	data := bytes.Clone(fixtureOf(t).Signed)
	flip := func(bit int) {
		data[bit/8] ^= 1 << (bit % 8)
		if _, err := Verify(data); err == nil {
			t.Fatalf("bit %d of byte %d flipped and accepted", bit%8, bit/8)
		}
		data[bit/8] ^= 1 << (bit % 8)
	}
	// All bits of the frame around the payload and of the signatures, and a sample of the many bits of keys.
	for bit := range 8 * 200 {
		flip(bit)
	}
	for bit := 8 * (len(data) - 200); bit < 8*len(data); bit++ {
		flip(bit)
	}
	for range 1500 {
		flip(rand.IntN(8 * len(data)))
	}
	for _, n := range []int{0, 1, 3, 100, len(data) / 2, len(data) - 1} {
		if _, err := Verify(data[:n]); !errors.Is(err, ErrForm) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	if _, err := Verify(append(bytes.Clone(data), 0)); !errors.Is(err, ErrForm) {
		t.Errorf("one byte more: %v", err)
	}
	if _, err := Verify(make([]byte, MaxBytes+1)); !errors.Is(err, ErrSize) {
		t.Errorf("too large: %v", err)
	}
}

func TestLaterVersionIsNamed(t *testing.T) {
	made := fixtureOf(t)
	later := struct {
		Version uint8  `cbor:"1,keyasint"`
		New     string `cbor:"99,keyasint"`
	}{2, "unknown to us"}
	data, err := signPayload(made.Bundle, mustMarshal(t, later), made.OperatorKeys[0], made.OperatorKeys[1])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(data); !errors.Is(err, ErrVersion) {
		t.Errorf("version 2: %v", err)
	}
	later.Version = 200
	data, _ = signPayload(made.Bundle, mustMarshal(t, later), made.OperatorKeys[0], made.OperatorKeys[1])
	if _, err := Verify(data); !errors.Is(err, ErrVersion) {
		t.Errorf("version 200: %v", err)
	}
}

// TestOperatorsMustBeDistinct: with one key in two places, one operator would be two.
func TestOperatorsMustBeDistinct(t *testing.T) {
	made := fixtureOf(t)
	b := made.Bundle.Next()
	b.Operators[1] = b.Operators[0]
	msg := cose.NewSignMessage()
	msg.Payload = mustMarshal(t, b)
	body, _ := msg.Headers.MarshalProtected()
	for i := range 2 {
		sig := cose.NewSignature()
		sig.Headers.RawProtected, sig.Headers.RawUnprotected = signatureHeader(i), []byte{0xa0}
		_ = sig.Headers.UnmarshalFromRaw()
		signer, _ := cose.NewSigner(cose.AlgorithmEdDSA, made.OperatorKeys[0])
		if err := sig.Sign(nil, signer, body, msg.Payload, []byte(Type)); err != nil {
			t.Fatal(err)
		}
		msg.Signatures = append(msg.Signatures, sig)
	}
	data, err := msg.MarshalCBOR()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(data); !errors.Is(err, ErrContent) {
		t.Errorf("one operator twice: %v", err)
	}
}

func TestFileStaysSmall(t *testing.T) {
	// 40 relays with six keys each and a built map: still small enough to be gossiped.
	made := fixtureOf(t)
	key := *made.Bundle.Issuers[0].Key
	b := made.Bundle.Next()
	b.Map = builtMap(t)
	b.Issuers = nil
	for i := range 240 {
		k := made.Bundle.Issuers[0]
		k.Key, k.From, k.To = &key, uint64(i+1), uint64(i+2)
		b.Issuers = append(b.Issuers, gossip.IssuerKey(k))
	}
	for range 38 {
		b.Relays = append(b.Relays, b.Relays[0])
	}
	n := len(signUnchecked(t, b, made.OperatorKeys[0], made.OperatorKeys[1]))
	t.Logf("40 relays with 240 keys: %d bytes; the fixture has %d, its map built with counts adds %d", n, len(made.Signed),
		len(mustMarshal(t, b.Map))-len(mustMarshal(t, made.Bundle.Map)))
	if n > maxGossipBytes {
		t.Errorf("%d bytes cannot be gossiped", n)
	}
}
