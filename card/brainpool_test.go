//lint:file-ignore SA1019 the library's curve is the judge, and has only these functions

package card

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"math/big"
	"testing"

	"github.com/ProtonMail/go-crypto/brainpool"
	"golang.org/x/crypto/cryptobyte"
	"pgregory.net/rapid"
)

// sigValue writes an ECDSA-Sig-Value, also of numbers that no signature has.
func sigValue(r, s *big.Int) []byte { return must(encodeSignature(r, s)) }

// brainpoolPoint gives k times the generator by the library.
func brainpoolPoint(k *big.Int) (x, y *big.Int) { return brainpool.P256r1().ScalarBaseMult(k.Bytes()) }

// byLibrary asks crypto/ecdsa over the library's curve.
func byLibrary(x, y *big.Int, digest, signature []byte) bool {
	return ecdsa.VerifyASN1(brainpoolKey(x, y), digest, signature)
}

// TestBrainpoolAgrees signs with crypto/ecdsa, spoils in every way, and wants the library's word each time.
func TestBrainpoolAgrees(t *testing.T) {
	n := brainpool.P256r1().Params().N
	rapid.Check(t, func(t *rapid.T) {
		key, err := ecdsa.GenerateKey(brainpool.P256r1(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		x, y := coordinates(key)
		digest := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "digest")
		r, s, err := ecdsa.Sign(rand.Reader, key, digest)
		if err != nil {
			t.Fatal(err)
		}
		if !verifyBrainpool(x, y, digest, sigValue(r, s)) {
			t.Fatal("a good signature is refused")
		}
		if !verifyBrainpool(x, y, digest, sigValue(r, new(big.Int).Sub(n, s))) {
			t.Fatal("n - s signs the same (ECDSA has both), and is refused")
		}
		bit := rapid.IntRange(0, 255).Draw(t, "bit")
		flipped := bytes.Clone(digest)
		flipped[bit/8] ^= 1 << (bit % 8)
		otherR, otherS := new(big.Int).Xor(r, new(big.Int).Lsh(big.NewInt(1), uint(bit))), new(big.Int).Xor(s, new(big.Int).Lsh(big.NewInt(1), uint(bit)))
		for name, good := range map[string]bool{
			"other digest": verifyBrainpool(x, y, flipped, sigValue(r, s)),
			"other r":      verifyBrainpool(x, y, digest, sigValue(otherR, s)),
			"other s":      verifyBrainpool(x, y, digest, sigValue(r, otherS)),
			"r and s":      verifyBrainpool(x, y, digest, sigValue(s, r)),
		} {
			if good {
				t.Fatal(name)
			}
		}
	})
}

// TestBrainpoolMultiplies holds u1*G + u2*Q against the library, with scalars at the edges and Q in every relation to G.
func TestBrainpoolMultiplies(t *testing.T) {
	curve := brainpool.P256r1()
	n := curve.Params().N
	small := func(k int64) *big.Int { return big.NewInt(k) }
	below := func(k int64) *big.Int { return new(big.Int).Sub(n, big.NewInt(k)) }
	edges := []*big.Int{small(0), small(1), small(2), small(3), small(15), small(16), small(31), below(1), below(2), below(17), new(big.Int).Rsh(n, 1), new(big.Int).Lsh(big.NewInt(1), 255)}
	check := func(t interface{ Fatalf(string, ...any) }, u1, u2, k *big.Int) {
		qx, qy := brainpoolPoint(k)
		whole := new(big.Int).Mul(u2, k)
		whole.Add(whole, u1).Mod(whole, n) // u1*G + u2*k*G
		tw := theTwist()
		got := tw.multiply(u1, u2, tw.from(qx, qy))
		if whole.Sign() == 0 {
			if got.z.Sign() != 0 || tw.isX(got, new(big.Int)) {
				t.Fatalf("u1=%x u2=%x k=%x is infinity", u1, u2, k)
			}
			return
		}
		x, _ := brainpoolPoint(whole)
		if !tw.isX(got, x.Mod(x, n)) {
			t.Fatalf("u1=%x u2=%x k=%x differs", u1, u2, k)
		}
	}
	for _, u1 := range edges {
		for _, u2 := range edges {
			for _, k := range []*big.Int{small(1), small(2), below(1), below(2), small(7)} {
				check(t, u1, u2, k)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		scalar := func(name string) *big.Int {
			b := rapid.SliceOfN(rapid.Byte(), 0, 32).Draw(t, name)
			k := new(big.Int).SetBytes(b)
			return k.Mod(k, n)
		}
		k := scalar("k")
		if k.Sign() == 0 {
			k.SetInt64(1)
		}
		check(t, scalar("u1"), scalar("u2"), k)
	})
}

// TestBrainpoolSignatureEdges is what test suites of ECDSA hold against verifiers.
func TestBrainpoolSignatureEdges(t *testing.T) {
	n, p := brainpool.P256r1().Params().N, brainpool.P256r1().Params().P
	key, err := keyFor(CurveBrainpool, testSeed(5), "edges")
	if err != nil {
		t.Fatal(err)
	}
	x, y := coordinates(key)
	digest := sha256.Sum256([]byte("content"))
	der, err := signerOf(key)(digest[:])
	if err != nil {
		t.Fatal(err)
	}
	r, s, ok := readSignature(der)
	if !ok || !verifyBrainpool(x, y, digest[:], der) || !byLibrary(x, y, digest[:], der) {
		t.Fatal("the signature that is spoilt below is not good")
	}
	zero, one := new(big.Int), big.NewInt(1)
	add := func(a, b *big.Int) *big.Int { return new(big.Int).Add(a, b) }
	for name, signature := range map[string][]byte{
		"r is 0":           sigValue(zero, s),
		"s is 0":           sigValue(r, zero),
		"both are 0":       sigValue(zero, zero),
		"r is n":           sigValue(n, s),
		"s is n":           sigValue(r, n),
		"r + n":            sigValue(add(r, n), s),
		"s + n":            sigValue(r, add(s, n)),
		"r is p":           sigValue(p, s),
		"r is p - n":       sigValue(new(big.Int).Sub(p, n), s),
		"both are 1":       sigValue(one, one),
		"r is n - 1":       sigValue(new(big.Int).Sub(n, one), s),
		"negative r":       sigValue(new(big.Int).Neg(r), s),
		"negative s":       sigValue(r, new(big.Int).Neg(s)),
		"negated r":        sigValue(new(big.Int).Sub(n, r), s),
		"huge s":           sigValue(r, new(big.Int).Lsh(s, 4096)),
		"trailing byte":    append(bytes.Clone(der), 0),
		"nothing":          nil,
		"empty sequence":   {0x30, 0},
		"one number":       {0x30, 3, 2, 1, 1},
		"length in BER":    append([]byte{0x30, 0x81, der[1]}, der[2:]...),
		"number not short": append(append([]byte{0x30, der[1] + 1, 2, der[3] + 1, 0}, der[4:4+der[3]]...), der[4+der[3]:]...),
	} {
		if verifyBrainpool(x, y, digest[:], signature) {
			t.Error(name)
		}
	}
	for name, d := range map[string][]byte{"short digest": digest[:31], "long digest": append(digest[:], 0), "no digest": nil} {
		if verifyBrainpool(x, y, d, der) {
			t.Error(name)
		}
	}
	// u1*G + u2*Q is infinity: with Q = k*G, e + r*k = 0 modulo n for any s.
	k, kr := new(big.Int), new(big.Int).SetBytes(digest[:])
	kr.Neg(kr).Mod(kr, n)
	k.ModInverse(r, n)
	k.Mul(k, kr).Mod(k, n)
	qx, qy := brainpoolPoint(k)
	if verifyBrainpool(qx, qy, digest[:], sigValue(r, s)) || byLibrary(qx, qy, digest[:], sigValue(r, s)) {
		t.Error("the point at infinity is taken for a signature")
	}
}

// TestBrainpoolPoints is case 47 for the points themselves.
func TestBrainpoolPoints(t *testing.T) {
	curve := brainpool.P256r1()
	encode := func(x, y *big.Int) []byte {
		return append(append([]byte{4}, x.FillBytes(make([]byte, 32))...), y.FillBytes(make([]byte, 32))...)
	}
	x, y := brainpoolPoint(big.NewInt(12345))
	good := encode(x, y)
	if _, _, err := parseBrainpool(good); err != nil {
		t.Fatal(err)
	}
	p256 := elliptic.P256().Params()
	twisted := brainpool.P256t1().Params()
	off := bytes.Clone(good)
	off[64] ^= 1
	p := curve.Params().P
	small, smallY := x, y // a point whose x has a second form below 2^256
	for k := int64(1); small.BitLen() > 254; k++ {
		small, smallY = brainpoolPoint(big.NewInt(k))
	}
	for name, point := range map[string][]byte{
		"x is not reduced":      encode(new(big.Int).Add(small, p), smallY),
		"off the curve":         off,
		"compressed":            append([]byte{2 + good[64]&1}, good[1:33]...),
		"hybrid":                append([]byte{6 + good[64]&1}, good[1:]...),
		"infinity":              {0},
		"infinity in zeros":     make([]byte, 65),
		"origin":                append([]byte{4}, make([]byte, 64)...),
		"P-256's generator":     encode(p256.Gx, p256.Gy),
		"the twist's generator": encode(twisted.Gx, twisted.Gy),
		"empty":                 nil,
		"short":                 good[:64],
		"long":                  append(bytes.Clone(good), 0),
		"x is p":                append(append([]byte{4}, p.FillBytes(make([]byte, 32))...), good[33:]...),
	} {
		if _, _, err := parseBrainpool(point); err == nil {
			t.Error(name)
		}
	}
	var spki cryptobyte.Builder
	spki.AddBytes(algorithmID(oidECPublicKey, []byte("\x06\x09"+oidBrainpool)...))
	spki.AddASN1BitString(off)
	if _, err := parsePublicKey(spki.BytesOrPanic()); !errors.Is(err, ErrPoint) {
		t.Error(err)
	}
}

func FuzzBrainpool(f *testing.F) {
	key, err := keyFor(CurveBrainpool, testSeed(5), "fuzz")
	if err != nil {
		f.Fatal(err)
	}
	x, y := coordinates(key)
	digest := sha256.Sum256([]byte("content"))
	der, err := signerOf(key)(digest[:])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(digest[:], der)
	f.Fuzz(func(t *testing.T, digest, signature []byte) {
		if len(digest) != 32 {
			return
		}
		if ours, theirs := verifyBrainpool(x, y, digest, signature), byLibrary(x, y, digest, signature); ours != theirs {
			t.Fatalf("%x %x: we say %v, the library %v", digest, signature, ours, theirs)
		}
	})
}

func BenchmarkBrainpoolVerify(b *testing.B) {
	key, err := keyFor(CurveBrainpool, testSeed(5), "bench")
	if err != nil {
		b.Fatal(err)
	}
	x, y := coordinates(key)
	digest := sha256.Sum256([]byte("content"))
	der, err := signerOf(key)(digest[:])
	if err != nil {
		b.Fatal(err)
	}
	for name, verify := range map[string]func(x, y *big.Int, digest, signature []byte) bool{"here": verifyBrainpool, "library": byLibrary} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if !verify(x, y, digest[:], der) {
					b.Fatal("refused")
				}
			}
		})
	}
}
