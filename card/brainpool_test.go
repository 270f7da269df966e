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

	library "github.com/ProtonMail/go-crypto/brainpool"
	"golang.org/x/crypto/cryptobyte"
	"pgregory.net/rapid"

	"pieks/card/brainpool"
)

// sigValue writes an ECDSA-Sig-Value, also of numbers that no signature has.
func sigValue(r, s *big.Int) []byte { return must(encodeSignature(r, s)) }

// brainpoolPoint gives k times the generator by the library.
func brainpoolPoint(k *big.Int) (x, y *big.Int) { return library.P256r1().ScalarBaseMult(k.Bytes()) }

// byLibrary asks crypto/ecdsa over the library's curve.
func byLibrary(key *brainpool.PublicKey, digest, signature []byte) bool {
	return ecdsa.VerifyASN1(key.ECDSA(), digest, signature)
}

func publicOf(t testing.TB, key *ecdsa.PrivateKey) *brainpool.PublicKey {
	t.Helper()
	public, err := brainpool.PublicOf(key)
	if err != nil {
		t.Fatal(err)
	}
	return public
}

// TestBrainpoolAgrees signs with crypto/ecdsa, spoils in every way, and wants the library's word each time.
func TestBrainpoolAgrees(t *testing.T) {
	n := library.P256r1().Params().N
	rapid.Check(t, func(t *rapid.T) {
		key, err := ecdsa.GenerateKey(library.P256r1(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		public, err := brainpool.PublicOf(key)
		if err != nil {
			t.Fatal(err)
		}
		digest := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "digest")
		r, s, err := ecdsa.Sign(rand.Reader, key, digest)
		if err != nil {
			t.Fatal(err)
		}
		if !verifyBrainpool(public, digest, sigValue(r, s)) {
			t.Fatal("a good signature is refused")
		}
		if !verifyBrainpool(public, digest, sigValue(r, new(big.Int).Sub(n, s))) {
			t.Fatal("n - s signs the same (ECDSA has both), and is refused")
		}
		bit := rapid.IntRange(0, 255).Draw(t, "bit")
		flipped := bytes.Clone(digest)
		flipped[bit/8] ^= 1 << (bit % 8)
		otherR, otherS := new(big.Int).Xor(r, new(big.Int).Lsh(big.NewInt(1), uint(bit))), new(big.Int).Xor(s, new(big.Int).Lsh(big.NewInt(1), uint(bit)))
		for name, good := range map[string]bool{
			"other digest": verifyBrainpool(public, flipped, sigValue(r, s)),
			"other r":      verifyBrainpool(public, digest, sigValue(otherR, s)),
			"other s":      verifyBrainpool(public, digest, sigValue(r, otherS)),
			"r and s":      verifyBrainpool(public, digest, sigValue(s, r)),
		} {
			if good {
				t.Fatal(name)
			}
		}
	})
}

// TestBrainpoolSignatureEdges is what test suites of ECDSA hold against verifiers.
func TestBrainpoolSignatureEdges(t *testing.T) {
	n, p := library.P256r1().Params().N, library.P256r1().Params().P
	key, err := keyFor(CurveBrainpool, testSeed(5), "edges")
	if err != nil {
		t.Fatal(err)
	}
	public := publicOf(t, key)
	digest := sha256.Sum256([]byte("content"))
	der, err := signerOf(key)(digest[:])
	if err != nil {
		t.Fatal(err)
	}
	r, s, ok := readSignature(der)
	if !ok || !verifyBrainpool(public, digest[:], der) || !byLibrary(public, digest[:], der) {
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
		if verifyBrainpool(public, digest[:], signature) {
			t.Error(name)
		}
	}
	for name, d := range map[string][]byte{"short digest": digest[:31], "long digest": append(digest[:], 0), "no digest": nil} {
		if verifyBrainpool(public, d, der) {
			t.Error(name)
		}
	}
	// u1*G + u2*Q is infinity: with Q = k*G, e + r*k = 0 modulo n for any s.
	k, kr := new(big.Int), new(big.Int).SetBytes(digest[:])
	kr.Neg(kr).Mod(kr, n)
	k.ModInverse(r, n)
	k.Mul(k, kr).Mod(k, n)
	multiple, err := brainpool.NewKey(k.FillBytes(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	infinite := publicOf(t, multiple)
	if verifyBrainpool(infinite, digest[:], sigValue(r, s)) || byLibrary(infinite, digest[:], sigValue(r, s)) {
		t.Error("the point at infinity is taken for a signature")
	}
}

// TestBrainpoolPoints is case 47 for the points themselves.
func TestBrainpoolPoints(t *testing.T) {
	curve := library.P256r1()
	encode := func(x, y *big.Int) []byte {
		return append(append([]byte{4}, x.FillBytes(make([]byte, 32))...), y.FillBytes(make([]byte, 32))...)
	}
	x, y := brainpoolPoint(big.NewInt(12345))
	good := encode(x, y)
	if _, _, err := parseBrainpool(good); err != nil {
		t.Fatal(err)
	}
	p256 := elliptic.P256().Params()
	twisted := library.P256t1().Params()
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
	public := publicOf(f, key)
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
		if ours, theirs := verifyBrainpool(public, digest, signature), byLibrary(public, digest, signature); ours != theirs {
			t.Fatalf("%x %x: we say %v, the library %v", digest, signature, ours, theirs)
		}
	})
}

func BenchmarkBrainpoolVerify(b *testing.B) {
	key, err := keyFor(CurveBrainpool, testSeed(5), "bench")
	if err != nil {
		b.Fatal(err)
	}
	public := publicOf(b, key)
	digest := sha256.Sum256([]byte("content"))
	der, err := signerOf(key)(digest[:])
	if err != nil {
		b.Fatal(err)
	}
	for name, verify := range map[string]func(*brainpool.PublicKey, []byte, []byte) bool{"here": verifyBrainpool, "library": byLibrary} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if !verify(public, digest[:], der) {
					b.Fatal("refused")
				}
			}
		})
	}
}
