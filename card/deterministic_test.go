//lint:file-ignore SA1019 a nonce is seen only through the functions that crypto/elliptic deprecates

package card

import (
	"crypto/elliptic"
	"crypto/sha256"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// TestNonces holds the generator against RFC 6979 appendix A.2.5, and against what crypto/ecdsa does over P-256.
func TestNonces(t *testing.T) {
	digest := sha256.Sum256([]byte("sample"))
	d := new(big.Int).SetBytes(unhex(t, "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"))
	want := new(big.Int).SetBytes(unhex(t, "a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60"))
	if k := newNonces(d, digest[:], elliptic.P256().Params().N).next(); k.Cmp(want) != 0 {
		t.Fatalf("%x", k)
	}
	rapid.Check(t, func(t *rapid.T) {
		key, err := keyFor(CurveP256, testSeed(rapid.Byte().Draw(t, "seed")), "nonces")
		if err != nil {
			t.Fatal(err)
		}
		digest := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "digest")
		der, err := signerOf(key)(digest)
		if err != nil {
			t.Fatal(err)
		}
		r, _, ok := readSignature(der)
		if !ok {
			t.Fatal("no signature")
		}
		scalar, err := key.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		n := key.Params().N
		k := newNonces(new(big.Int).SetBytes(scalar), digest, n).next()
		x, _ := key.ScalarBaseMult(k.Bytes())
		if x.Mod(x, n).Cmp(r) != 0 {
			t.Fatal("another nonce than the standard library's")
		}
	})
}

// TestNextNonce: a second nonce is another one, and below n.
func TestNextNonce(t *testing.T) {
	n := new(big.Int).Lsh(big.NewInt(1), 255) // half of the candidates are too large
	g := newNonces(big.NewInt(7), make([]byte, 32), n)
	seen := map[string]bool{}
	for range 20 {
		k := g.next()
		if k.Cmp(n) >= 0 || k.Sign() == 0 || seen[k.String()] {
			t.Fatal(k)
		}
		seen[k.String()] = true
	}
}
