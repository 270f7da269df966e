package cvc

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"slices"
	"testing"
	"time"

	library "github.com/ProtonMail/go-crypto/brainpool"
	"pgregory.net/rapid"
)

func hashOf(data []byte) []byte { sum := sha256.Sum256(data); return sum[:] }

// TestRules breaks one rule at a time: the chain is signed as it should be all the same.
func TestRules(t *testing.T) {
	if err := newHierarchy(t).verify(t, testNow); err != nil {
		t.Fatal(err)
	}
	other := [8]byte([]byte("DEPKS\x12\x02\x26"))
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		change func(h *hierarchy)
		want   error
	}{
		"card from another Sub-CA":     {func(h *hierarchy) { h.ee.authority = other }, ErrIssuer},
		"Sub-CA from another root":     {func(h *hierarchy) { h.sub.authority = other }, ErrUnknownRoot},
		"card signed by another":       {func(h *hierarchy) { h.subSigner = h.rootSigner }, ErrSignature},
		"Sub-CA signed by another":     {func(h *hierarchy) { h.rootSigner = h.subSigner }, ErrSignature},
		"card with another list":       {func(h *hierarchy) { h.ee.listOf = oidListCMS }, ErrOtherList},
		"Sub-CA with another list":     {func(h *hierarchy) { h.sub.listOf, h.ee.listOf = oidListCMS, oidListCMS }, ErrOtherList},
		"card with a right of none":    {func(h *hierarchy) { h.ee.flags = []byte{0, 0, 0, 1, 0, 0, 0} }, ErrRights},
		"Sub-CA with a right of none":  {func(h *hierarchy) { h.sub.flags = []byte{0x80, 0, 0, 1, 0, 0, 0x11} }, ErrRights},
		"right in the first byte":      {func(h *hierarchy) { h.ee.flags = []byte{0x20, 0, 0, 0, 0, 0, 0} }, ErrRights},
		"card is a Sub-CA":             {func(h *hierarchy) { h.ee.flags = []byte{0x80, 0, 0, 0, 0, 0, 0} }, ErrRole},
		"card is of no role":           {func(h *hierarchy) { h.ee.flags = []byte{0x40, 0, 0, 0, 0, 0, 0} }, ErrRole},
		"Sub-CA is a root":             {func(h *hierarchy) { h.sub.flags = []byte{0xc0, 0, 0, 0, 0, 0, 0x11} }, ErrRole},
		"root is a Sub-CA":             {func(h *hierarchy) { h.root.flags = []byte{0x80, 0, 0, 0, 0, 0, 0x11} }, ErrRole},
		"card with a CA's key":         {func(h *hierarchy) { h.ee.oid = oidCA }, ErrRole},
		"Sub-CA with a card's key":     {func(h *hierarchy) { h.sub.oid = oidCard }, ErrRole},
		"root with a card's key":       {func(h *hierarchy) { h.root.oid = oidCard }, ErrRole},
		"card with a CA's name":        {func(h *hierarchy) { h.ee.holder = other[:] }, ErrRole},
		"card begins tomorrow":         {func(h *hierarchy) { h.ee.from = h.ee.to }, ErrNotYetValid},
		"card ended yesterday":         {func(h *hierarchy) { h.ee.to = h.ee.from }, ErrExpired},
		"Sub-CA begins tomorrow":       {func(h *hierarchy) { h.sub.from = dayOf(testNow.Add(day)) }, ErrNotYetValid},
		"Sub-CA ended yesterday":       {func(h *hierarchy) { h.sub.to = dayOf(testNow.Add(-day)) }, ErrExpired},
		"root begins tomorrow":         {func(h *hierarchy) { h.root.from = dayOf(testNow.Add(day)) }, ErrNotYetValid},
		"root ended yesterday":         {func(h *hierarchy) { h.root.to = dayOf(testNow.Add(-day)) }, ErrExpired},
		"card outlives its Sub-CA":     {func(h *hierarchy) { h.ee.to = h.ee.to.AddDate(5, 0, 0) }, nil},
		"all for today alone":          {func(h *hierarchy) { h.ee.from, h.ee.to = dayOf(testNow), dayOf(testNow) }, nil},
		"card with its issuer's right": {func(h *hierarchy) { h.ee.flags = []byte{0, 0, 0, 0, 0, 0, 0x11} }, nil},
		"list of the other kind":       {func(h *hierarchy) { h.root.listOf, h.sub.listOf, h.ee.listOf = oidListCMS, oidListCMS, oidListCMS }, nil},
	} {
		h := newHierarchy(t)
		c.change(h)
		if err := h.verify(t, testNow); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Verify(nil, nil, nil, testNow); !errors.Is(err, ErrCertificate) {
		t.Error(err)
	}
}

// TestRootsOfOneName: after a change of key two roots may have one name; the one that signed is found, in whatever order.
func TestRootsOfOneName(t *testing.T) {
	h := newHierarchy(t)
	good := must(h.root.issue(h.rootSigner))
	h.root.point = pointOf(subKey)
	twin := must(h.root.issue(h.rootSigner))
	h.root.to = dayOf(testNow).AddDate(0, 0, -1)
	old := must(h.root.issue(h.rootSigner))
	sub, ee := parse(t, must(h.sub.issue(h.rootSigner))), parse(t, must(h.ee.issue(h.subSigner)))
	for _, roots := range [][][]byte{{good, twin, old}, {twin, good, old}, {old, twin, good}} {
		var parsed []*Certificate
		for _, raw := range roots {
			parsed = append(parsed, parse(t, raw))
		}
		if err := Verify(ee, sub, parsed, testNow); err != nil {
			t.Error(err)
		}
	}
	if err := Verify(ee, sub, []*Certificate{parse(t, twin)}, testNow); !errors.Is(err, ErrSignature) {
		t.Error(err)
	}
}

// TestEveryBit: no bit of a chain can be turned. Below the signatures every one is signed; in a root all but its own signature are looked at
// by other rules, which TestRules has.
func TestEveryBit(t *testing.T) {
	h := newHierarchy(t)
	root := parse(t, must(h.root.issue(h.rootSigner)))
	files := [][]byte{must(h.ee.issue(h.subSigner)), must(h.sub.issue(h.rootSigner))}
	refused := func(which, bit int) bool {
		changed := slices.Clone(files)
		changed[which] = bytes.Clone(files[which])
		changed[which][bit/8] ^= 1 << (bit % 8)
		ee, errEE := Parse(changed[0])
		sub, errSub := Parse(changed[1])
		return errEE != nil || errSub != nil || Verify(ee, sub, []*Certificate{root}, testNow) != nil
	}
	if !testing.Short() { // 3,500 chains of one to two signatures
		for which := range files {
			for bit := range 8 * len(files[which]) {
				if !refused(which, bit) {
					t.Fatal(which, bit)
				}
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		which := rapid.IntRange(0, 1).Draw(t, "file")
		if bit := rapid.IntRange(0, 8*len(files[which])-1).Draw(t, "bit"); !refused(which, bit) {
			t.Fatal(which, bit)
		}
	})
}

// TestLargerCurves has roots and Sub-CAs over P384r1 and P512r1 above a card over P256r1.
func TestLargerCurves(t *testing.T) {
	over := map[int]struct {
		oid   string
		curve elliptic.Curve
		hash  func([]byte) []byte
	}{
		48: {"\x2a\x86\x48\xce\x3d\x04\x03\x03", library.P384r1(), func(b []byte) []byte { s := sha512.Sum384(b); return s[:] }},
		64: {"\x2a\x86\x48\xce\x3d\x04\x03\x04", library.P512r1(), func(b []byte) []byte { s := sha512.Sum512(b); return s[:] }},
	}
	for size, c := range over {
		key, err := ecdsa.GenerateKey(c.curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		sign := func(body []byte) ([]byte, error) {
			r, s, err := ecdsa.Sign(rand.Reader, key, c.hash(body))
			return slices.Concat(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))), err
		}
		point := slices.Concat([]byte{4}, key.X.FillBytes(make([]byte, size)), key.Y.FillBytes(make([]byte, size)))
		h := newHierarchy(t)
		h.root.oid, h.root.point, h.rootSigner = c.oid, point, sign
		if err := h.verify(t, testNow); err != nil {
			t.Error("root", size, err)
		}
		h.sub.oid, h.sub.point, h.subSigner = c.oid, point, sign
		if err := h.verify(t, testNow); err != nil {
			t.Error("root and Sub-CA", size, err)
		}
		h.subSigner = signerOf(subKey)
		if err := h.verify(t, testNow); !errors.Is(err, ErrSignature) {
			t.Error("signature of another length", size, err)
		}
		off := bytes.Clone(point)
		off[len(off)-1] ^= 1
		h.root.point = off
		if _, err := Parse(must(h.root.issue(sign))); !errors.Is(err, ErrPoint) {
			t.Error("off the curve", size, err)
		}
		hybrid := bytes.Clone(point)
		hybrid[0] = 6 | hybrid[len(hybrid)-1]&1
		h.root.point = hybrid
		if _, err := Parse(must(h.root.issue(sign))); !errors.Is(err, ErrPoint) {
			t.Error("hybrid point", size, err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	h := newHierarchy(b)
	root, sub, ee := must(h.root.issue(h.rootSigner)), must(h.sub.issue(h.rootSigner)), must(h.ee.issue(h.subSigner))
	roots := []*Certificate{parse(b, root)}
	for b.Loop() {
		if err := Verify(parse(b, ee), parse(b, sub), roots, testNow); err != nil {
			b.Fatal(err)
		}
	}
}
