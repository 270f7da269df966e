package cvc

import (
	"bytes"
	"crypto/ecdsa"
	"testing"
	"time"

	"pieks/card/brainpool"
)

var testNow = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)

func testSeed(b byte) [32]byte { return [32]byte(bytes.Repeat([]byte{b}, 32)) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var (
	testPKI = must(NewTestPKI(testSeed(1), testNow))
	cardKey = must(brainpool.KeyFromSeed(testSeed(2), "card"))
	rootKey = must(brainpool.KeyFromSeed(testSeed(3), "root"))
	subKey  = must(brainpool.KeyFromSeed(testSeed(4), "sub"))
	iccsn   = [iccsnLength]byte{0x80, 0x27, 0x68, 0x83, 0x11, 0, 0, 0x15, 0x27, 0x15}
)

func pointOf(key *ecdsa.PrivateKey) []byte { return must(brainpool.PublicOf(key)).Point() }

func parse(t testing.TB, raw []byte) *Certificate {
	t.Helper()
	c, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// hierarchy is a chain to be, each part with what it says and who signs it. Tests change one thing.
type hierarchy struct {
	root, sub, ee         draft
	rootSigner, subSigner signer // of root and Sub-CA, of the card
}

func newHierarchy(t testing.TB) *hierarchy {
	t.Helper()
	h := &hierarchy{rootSigner: signerOf(rootKey), subSigner: signerOf(subKey)}
	day := dayOf(testNow)
	rootName, subName := [8]byte([]byte("DEPKS\x87\x02\x26")), [8]byte([]byte("DEPKS\x11\x02\x26"))
	h.root = draft{authority: rootName, holder: rootName[:], oid: oidCA, point: pointOf(rootKey), listOf: oidListTI,
		flags: []byte{0xc0, 0, 0, 0, 0, 0, 0x11}, from: day.AddDate(0, 0, -3), to: day.AddDate(0, 0, 3)}
	h.sub = draft{authority: rootName, holder: subName[:], oid: oidCA, point: pointOf(subKey), listOf: oidListTI,
		flags: []byte{0x80, 0, 0, 0, 0, 0, 0x11}, from: day.AddDate(0, 0, -2), to: day.AddDate(0, 0, 2)}
	h.ee = draft{authority: subName, holder: append([]byte{0, 9}, iccsn[:]...), oid: oidCard, point: pointOf(cardKey), listOf: oidListTI,
		flags: []byte{0, 0, 0, 0, 0, 0, 0x01}, from: day.AddDate(0, 0, -1), to: day.AddDate(0, 0, 1)}
	return h
}

// verify issues the chain and checks it.
func (h *hierarchy) verify(t testing.TB, at time.Time) error {
	t.Helper()
	made := func(d draft, by signer) *Certificate {
		raw, err := d.issue(by)
		if err != nil {
			t.Fatal(err)
		}
		return parse(t, raw)
	}
	return Verify(made(h.ee, h.subSigner), made(h.sub, h.rootSigner), []*Certificate{made(h.root, h.rootSigner)}, at)
}
