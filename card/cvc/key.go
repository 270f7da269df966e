//lint:file-ignore SA1019 crypto/elliptic and the coordinates are deprecated for curves that the standard library has: these it has not

package cvc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	_ "crypto/sha256" // of P256r1
	_ "crypto/sha512" // of P384r1 and P512r1
	"math/big"

	library "github.com/ProtonMail/go-crypto/brainpool"

	"pieks/card/brainpool"
)

// publicKey checks signatures over message representatives.
type publicKey struct {
	size   int // of a coordinate, and of each half of a signature
	hash   crypto.Hash
	ofCA   bool // signs certificates; else a card's, for authentication
	verify func(message []byte, r, s *big.Int) bool
}

// algorithm is what an object identifier in a certificate says of its key.
type algorithm struct {
	ofCA  bool
	size  int
	hash  crypto.Hash
	parse func(point []byte) (verify func(message []byte, r, s *big.Int) bool, ok bool)
}

// Algorithms by the contents of their identifiers: those of CAs are ecdsa-with-SHA256 to 512, 1.2.840.10045.4.3.2 to 4, those of cards
// authS_gemSpec-COS-G2_ecc-with-sha256 to 512, 1.3.36.3.5.3.1 to 3 (gemSpec_OID). Cards of generation 2.1 have keys over P256r1; CAs over the
// larger curves exist, so that their chains are checked, by crypto/ecdsa over the library's curves.
var algorithms = map[string]algorithm{
	"\x2a\x86\x48\xce\x3d\x04\x03\x02": {true, 32, crypto.SHA256, parseP256},
	"\x2a\x86\x48\xce\x3d\x04\x03\x03": {true, 48, crypto.SHA384, parserOf(library.P384r1)},
	"\x2a\x86\x48\xce\x3d\x04\x03\x04": {true, 64, crypto.SHA512, parserOf(library.P512r1)},
	"\x2b\x24\x03\x05\x03\x01":         {false, 32, crypto.SHA256, parseP256},
	"\x2b\x24\x03\x05\x03\x02":         {false, 48, crypto.SHA384, parserOf(library.P384r1)},
	"\x2b\x24\x03\x05\x03\x03":         {false, 64, crypto.SHA512, parserOf(library.P512r1)},
}

// Identifiers of what is made here.
const (
	oidCA   = "\x2a\x86\x48\xce\x3d\x04\x03\x02"
	oidCard = "\x2b\x24\x03\x05\x03\x01"
)

func parsePublicKey(oid, point []byte) (publicKey, error) {
	a, known := algorithms[string(oid)]
	if !known {
		return publicKey{}, ErrAlgorithm
	}
	if len(point) != 1+2*a.size || point[0] != 4 {
		return publicKey{}, ErrPoint
	}
	verify, ok := a.parse(point)
	if !ok {
		return publicKey{}, ErrPoint
	}
	return publicKey{size: a.size, hash: a.hash, ofCA: a.ofCA, verify: verify}, nil
}

func parseP256(point []byte) (func([]byte, *big.Int, *big.Int) bool, bool) {
	key, err := brainpool.Parse(point)
	if err != nil {
		return nil, false
	}
	return key.Verify, true
}

// parserOf takes points of the right length of a curve of the library.
func parserOf(curveOf func() elliptic.Curve) func(point []byte) (func([]byte, *big.Int, *big.Int) bool, bool) {
	return func(point []byte) (func([]byte, *big.Int, *big.Int) bool, bool) {
		curve, half := curveOf(), (len(point)-1)/2
		key := &ecdsa.PublicKey{Curve: curve, X: new(big.Int).SetBytes(point[1 : 1+half]), Y: new(big.Int).SetBytes(point[1+half:])}
		if p := curve.Params().P; key.X.Cmp(p) >= 0 || key.Y.Cmp(p) >= 0 || !curve.IsOnCurve(key.X, key.Y) {
			return nil, false
		}
		return func(message []byte, r, s *big.Int) bool { return ecdsa.Verify(key, message, r, s) }, true
	}
}

// verifyRaw checks a signature of r and s side by side. A card may answer either of s and n-s.
func (k publicKey) verifyRaw(message, signature []byte) bool {
	if len(signature) != 2*k.size {
		return false
	}
	return k.verify(message, new(big.Int).SetBytes(signature[:k.size]), new(big.Int).SetBytes(signature[k.size:]))
}

func (k publicKey) verifyHashed(data, signature []byte) bool {
	h := k.hash.New()
	h.Write(data)
	return k.verifyRaw(h.Sum(nil), signature)
}
