//lint:file-ignore SA1019 crypto/elliptic and the coordinates are deprecated for curves that the standard library has: this one it has not

package card

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"

	"pieks/card/brainpool"
)

// Keys and signatures of virtual cards and test CAs, the same for the same seed. They are for tests and demonstrations: over brainpool the
// library's arithmetic takes a time that tells of the key.

// keyFor derives a key on a curve by its name: the first of the candidates below the group's order.
func keyFor(curve string, seed [32]byte, purpose string) (*ecdsa.PrivateKey, error) {
	if curve == CurveP256 {
		return keyFromSeed(seed, purpose)
	}
	if curve != CurveBrainpool {
		return nil, fmt.Errorf("%w: curve %q", ErrHolder, curve)
	}
	return brainpool.KeyFromSeed(seed, purpose)
}

// keyFromSeed derives a P-256 key.
func keyFromSeed(seed [32]byte, purpose string) (*ecdsa.PrivateKey, error) {
	for try := range uint32(8) { // each fails with probability 2^-32
		scalar, err := seedScalar(seed, purpose, try)
		if err != nil {
			return nil, err
		}
		if key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar); err == nil {
			return key, nil
		}
	}
	return nil, fmt.Errorf("%w: no key from this seed", ErrHolder)
}

func seedScalar(seed [32]byte, purpose string, try uint32) ([]byte, error) {
	return hkdf.Key(sha256.New, seed[:], nil, string(binary.BigEndian.AppendUint32([]byte(purpose), try)), 32)
}

// coordinates of a key's public point.
func coordinates(key *ecdsa.PrivateKey) (x, y *big.Int) {
	return key.X, key.Y
}

// scalarOf is a private key's number, 32 bytes.
func scalarOf(key *ecdsa.PrivateKey) ([]byte, error) {
	if brainpool.IsKey(key) {
		return key.D.FillBytes(make([]byte, 32)), nil
	}
	return key.Bytes()
}

// uncompressed is the public point as certificates have it.
func uncompressed(key *ecdsa.PrivateKey) []byte {
	x, y := coordinates(key)
	return append(append([]byte{4}, x.FillBytes(make([]byte, 32))...), y.FillBytes(make([]byte, 32))...)
}

// curveOID is what certificates say of the key's curve.
func curveOID(key *ecdsa.PrivateKey) string {
	if brainpool.IsKey(key) {
		return oidBrainpool
	}
	return oidP256
}

// signerOf signs deterministically (RFC 6979), so that equal seeds give equal certificates.
func signerOf(key *ecdsa.PrivateKey) digestSigner {
	if brainpool.IsKey(key) {
		return func(digest []byte) ([]byte, error) { return signBrainpool(key, digest) }
	}
	return func(digest []byte) ([]byte, error) { return key.Sign(nil, digest, crypto256) }
}

// signBrainpool signs a SHA-256 digest.
func signBrainpool(key *ecdsa.PrivateKey, digest []byte) ([]byte, error) {
	if err := checkDigest(digest); err != nil {
		return nil, err
	}
	r, s, err := brainpool.Sign(key, digest)
	if err != nil {
		return nil, err
	}
	return encodeSignature(r, s)
}
