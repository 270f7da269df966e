package cvc

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"testing"
	"time"

	library "github.com/ProtonMail/go-crypto/brainpool"

	"pieks/card/brainpool"
	"pieks/card/published"
)

var insideA = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// TestPublishedFields reads certificates that were not made here.
func TestPublishedFields(t *testing.T) {
	a := published.CardA()
	sub, ee := parse(t, a.SubCA), parse(t, a.EndEntity)
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	if reference(sub.CAR) != "DEGXX870222" || reference([8]byte(sub.CHR)) != "DEGXX110223" || sub.role() != roleSubCA ||
		!sub.From.Equal(day(2023, 7, 31)) || !sub.To.Equal(day(2031, 7, 30)) || sub.ICCSN() != nil || !sub.IsTest() {
		t.Fatalf("%+v", sub)
	}
	if reference(ee.CAR) != "DEGXX110223" || hex.EncodeToString(ee.ICCSN()) != "80276883110000152715" || ee.KeyID() != [2]byte{0, 9} ||
		ee.role() != roleCard || !ee.From.Equal(day(2023, 9, 20)) || !ee.To.Equal(day(2028, 9, 19)) || !bytes.Equal(ee.Raw, a.EndEntity) {
		t.Fatalf("%+v", ee)
	}
	for _, padding := range [][]byte{{0}, {0xff, 0xff}, bytes.Repeat([]byte{0}, 2000), {0x7f, 0x21}} {
		padded, err := Parse(append(bytes.Clone(a.EndEntity), padding...))
		if err != nil || !bytes.Equal(padded.Raw, a.EndEntity) {
			t.Fatal(err)
		}
	}
	key, err := brainpool.NewKey(a.Key)
	if err != nil || !bytes.Contains(a.EndEntity, pointOf(key)) {
		t.Fatal("the published key is not the certificate's", err)
	}
}

// TestPublishedChain is T15. Places are those of the bytes in the files.
func TestPublishedChain(t *testing.T) {
	a := published.CardA()
	root := parse(t, published.CVCRoot())
	check := func(ee, sub []byte, at time.Time) error {
		t.Helper()
		return Verify(parse(t, ee), parse(t, sub), []*Certificate{root}, at)
	}
	for at, want := range map[time.Time]error{
		insideA: nil,
		time.Date(2023, 9, 19, 23, 59, 59, 0, time.UTC):                         ErrNotYetValid,
		time.Date(2023, 9, 20, 0, 0, 0, 0, time.UTC):                            nil,
		time.Date(2028, 9, 19, 23, 59, 59, 0, time.UTC):                         nil,
		time.Date(2028, 9, 20, 0, 0, 0, 0, time.UTC):                            ErrExpired,
		time.Date(2028, 9, 20, 1, 0, 0, 0, time.FixedZone("CEST", 2*60*60)):     nil, // 23:00 UTC the day before
		time.Date(2028, 9, 19, 23, 0, 0, 0, time.FixedZone("earlier", -2*3600)): ErrExpired,
	} {
		if err := check(a.EndEntity, a.SubCA, at); !errors.Is(err, want) {
			t.Errorf("%s: %v", at, err)
		}
	}
	changed := func(file []byte, at int, to byte) []byte {
		c := bytes.Clone(file)
		c[at] ^= to
		return c
	}
	last := len(a.EndEntity) - 1
	const body = 8 // 7F21 81 DA 7F4E 81 93
	for name, c := range map[string]struct {
		ee, sub []byte
		want    error
	}{
		"CAR of the card":          {changed(a.EndEntity, body+6+7, 1), a.SubCA, ErrIssuer},
		"CAR of the Sub-CA":        {a.EndEntity, changed(a.SubCA, body+6+7, 1), ErrUnknownRoot},
		"signature of the card":    {changed(a.EndEntity, last, 1), a.SubCA, ErrSignature},
		"r of the card":            {changed(a.EndEntity, last-63, 0x10), a.SubCA, ErrSignature},
		"signature of the Sub-CA":  {a.EndEntity, changed(a.SubCA, len(a.SubCA)-1, 1), ErrSignature},
		"serial number":            {changed(a.EndEntity, bytes.Index(a.EndEntity, []byte{0x80, 0x27, 0x68, 0x83})+9, 1), a.SubCA, ErrSignature},
		"Sub-CA as end entity":     {a.SubCA, a.SubCA, ErrRole},
		"end entity as Sub-CA":     {a.EndEntity, a.EndEntity, ErrRole},
		"end entity with its flag": {changed(a.EndEntity, bytes.Index(a.EndEntity, []byte{0x53, 0x07})+2, 0x80), a.SubCA, ErrRole},
	} {
		if err := check(c.ee, c.sub, insideA); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Parse(changed(a.EndEntity, body+3, 1)); !errors.Is(err, ErrProfile) {
		t.Error("CPI 71:", err)
	}
	if err := Verify(parse(t, a.EndEntity), parse(t, a.SubCA), nil, insideA); !errors.Is(err, ErrUnknownRoot) {
		t.Error("no root:", err)
	}
	if err := Verify(parse(t, a.EndEntity), parse(t, a.SubCA), []*Certificate{nil, parse(t, testPKI.Root())}, insideA); !errors.Is(err, ErrUnknownRoot) {
		t.Error("other root:", err)
	}
}

// TestPublishedChallenge is T14: the vector, and what else one could take for what is signed.
func TestPublishedChallenge(t *testing.T) {
	a := published.CardA()
	ee := parse(t, a.EndEntity)
	nonce := must(hex.DecodeString("000102030405060708090a0b0c0d0e0f1011121314151617"))
	signature := must(hex.DecodeString("743cf1b8b5cd4f2eb55f8aa369593ac436ef044166699e37d51a14c2ce13ea0e" +
		"0c92ec47fe26994e0959266a5ec3a46d67d32bd19c5a5254adc98d36169ada1f"))
	if !ee.VerifyChallenge(nonce, signature) {
		t.Fatal("the vector is refused")
	}
	n := library.P256r1().Params().N
	s := new(big.Int).SetBytes(signature[32:])
	if !ee.VerifyChallenge(nonce, slices.Concat(signature[:32], s.Sub(n, s).FillBytes(make([]byte, 32)))) {
		t.Error("n - s is refused")
	}
	key := must(brainpool.NewKey(a.Key))
	tau := append(bytes.Clone(nonce), 0)
	signed := func(message []byte) []byte {
		r, s, err := brainpool.Sign(key, message)
		if err != nil {
			t.Fatal(err)
		}
		return slices.Concat(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32)))
	}
	if !ee.VerifyChallenge(nonce, signed(tau)) || !ee.VerifyChallenge(nonce, signed(append(make([]byte, 7), tau...))) {
		t.Error("tau, or tau with zeros before it, is refused")
	}
	for name, message := range map[string][]byte{
		"nonce alone":     nonce,
		"tau, then zeros": append(bytes.Clone(tau), make([]byte, 7)...),
		"hash of tau":     hashOf(tau),
		"hash of nonce":   hashOf(nonce),
		"another end":     append(bytes.Clone(nonce), 1),
	} {
		if ee.VerifyChallenge(nonce, signed(message)) {
			t.Error(name)
		}
	}
	for bit := range 8 * len(nonce) {
		other := bytes.Clone(nonce)
		other[bit/8] ^= 1 << (bit % 8)
		if ee.VerifyChallenge(other, signature) {
			t.Fatal("taken for another nonce:", bit)
		}
	}
	for name, c := range map[string]struct{ nonce, signature []byte }{
		"short nonce":     {nonce[:23], signature},
		"long nonce":      {tau, signature},
		"no signature":    {nonce, nil},
		"short signature": {nonce, signature[:63]},
		"long signature":  {nonce, append(bytes.Clone(signature), 0)},
		"zero between":    {nonce, slices.Concat(signature[:32], []byte{0}, signature[32:])},
		"zeros":           {nonce, make([]byte, 64)},
		"s is n":          {nonce, slices.Concat(signature[:32], n.FillBytes(make([]byte, 32)))},
	} {
		if ee.VerifyChallenge(c.nonce, c.signature) {
			t.Error(name)
		}
	}
	r, s, err := brainpool.Sign(testPKI.key, tau)
	if err != nil {
		t.Fatal(err)
	}
	byCA := slices.Concat(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32)))
	if parse(t, testPKI.SubCA()).VerifyChallenge(nonce, byCA) {
		t.Error("a CA's key answers challenges")
	}
}
