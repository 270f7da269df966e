//lint:file-ignore SA1019 crypto/elliptic and the coordinates are deprecated for curves that the standard library has: this one it has not

package brainpool

import (
	"crypto/ecdsa"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"

	curves "github.com/ProtonMail/go-crypto/brainpool"
)

// Keys and signatures here are for tests and demonstrations, the same for the same seed: the library's arithmetic takes a time that tells of the key.

// NewKey takes a private key as its number, 32 bytes.
func NewKey(scalar []byte) (*ecdsa.PrivateKey, error) {
	curve := curves.P256r1()
	d := new(big.Int).SetBytes(scalar)
	if len(scalar) != size || d.Sign() == 0 || d.Cmp(curve.Params().N) >= 0 {
		return nil, ErrKey
	}
	x, y := curve.ScalarBaseMult(scalar)
	return &ecdsa.PrivateKey{PublicKey: ecdsa.PublicKey{Curve: curve, X: x, Y: y}, D: d}, nil
}

// KeyFromSeed derives a key: the first of the candidates for a purpose that is below the group's order.
func KeyFromSeed(seed [32]byte, purpose string) (*ecdsa.PrivateKey, error) {
	for try := range uint32(64) { // each fails with probability 1/3
		scalar, err := hkdf.Key(sha256.New, seed[:], nil, string(binary.BigEndian.AppendUint32([]byte(purpose), try)), size)
		if err != nil {
			return nil, err
		}
		if key, err := NewKey(scalar); err == nil {
			return key, nil
		}
	}
	return nil, fmt.Errorf("%w: from this seed", ErrKey)
}

// PublicOf is the public key of a private one of this curve.
func PublicOf(key *ecdsa.PrivateKey) (*PublicKey, error) {
	if !IsKey(key) {
		return nil, ErrKey
	}
	return &PublicKey{key.X, key.Y}, nil
}

// IsKey says whether a private key is one of this curve.
func IsKey(key *ecdsa.PrivateKey) bool { return key.Curve == curves.P256r1() }

// Sign is ECDSA with the nonce of RFC 6979: crypto/ecdsa signs deterministically over its own curves only. message is what Verify takes.
func Sign(key *ecdsa.PrivateKey, message []byte) (r, s *big.Int, err error) {
	if !IsKey(key) || len(message) > size {
		return nil, nil, fmt.Errorf("%w, or %d bytes to sign", ErrKey, len(message))
	}
	n, z := key.Curve.Params().N, new(big.Int).SetBytes(message)
	for nonces := newNonces(key.D, z, n); ; {
		k := nonces.next()
		r, _ = key.Curve.ScalarBaseMult(k.Bytes())
		r.Mod(r, n)
		s = new(big.Int).Mul(key.D, r)
		s.Add(s, z).Mul(s, k.ModInverse(k, n)).Mod(s, n)
		if r.Sign() != 0 && s.Sign() != 0 {
			return r, s, nil
		}
	}
}
