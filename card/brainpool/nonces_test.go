//lint:file-ignore SA1019 a nonce is seen only through the functions that crypto/elliptic deprecates

package brainpool

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func hexNumber(s string) *big.Int {
	n, ok := new(big.Int).SetString(s, 16)
	if !ok {
		panic(s)
	}
	return n
}

// TestNonces holds the generator against RFC 6979 appendix A.2.5, and against what crypto/ecdsa does over P-256.
func TestNonces(t *testing.T) {
	digest := sha256.Sum256([]byte("sample"))
	d := hexNumber("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
	want := hexNumber("a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60")
	if k := newNonces(d, new(big.Int).SetBytes(digest[:]), elliptic.P256().Params().N).next(); k.Cmp(want) != 0 {
		t.Fatalf("%x", k)
	}
	rapid.Check(t, func(t *rapid.T) {
		scalar := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "key")
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar)
		if err != nil {
			t.Skip("the bytes drawn are no key: zero, or not below the order")
		}
		digest := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "digest")
		der, err := key.Sign(nil, digest, crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		var signature struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(der, &signature); err != nil {
			t.Fatal(err)
		}
		n := key.Params().N
		k := newNonces(new(big.Int).SetBytes(scalar), new(big.Int).SetBytes(digest), n).next()
		x, _ := key.ScalarBaseMult(k.Bytes())
		if x.Mod(x, n).Cmp(signature.R) != 0 {
			t.Fatal("another nonce than the standard library's")
		}
	})
}

// TestNextNonce: a second nonce is another one, and below n.
func TestNextNonce(t *testing.T) {
	n := new(big.Int).Lsh(big.NewInt(1), 255) // half of the candidates are too large
	g := newNonces(big.NewInt(7), new(big.Int), n)
	seen := map[string]bool{}
	for range 20 {
		k := g.next()
		if k.Cmp(n) >= 0 || k.Sign() == 0 || seen[k.String()] {
			t.Fatal(k)
		}
		seen[k.String()] = true
	}
}
