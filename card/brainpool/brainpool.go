//lint:file-ignore SA1019 crypto/elliptic and the coordinates are deprecated for curves that the standard library has: this one it has not

// Package brainpool is the curve of German health cards, brainpoolP256r1 (RFC 5639 section 3.4): it checks signatures, and makes them for virtual cards.
//
// The library has the curve's parameters and checks points; crypto/ecdsa over it takes 1.74 ms a signature, and a patient's card has four. So a
// signature is checked here with both multiplications interleaved (Strauss), in Jacobian coordinates over the twist brainpoolP256t1, whose a = -3 has
// the cheap doubling: 0.57 ms measured on the same machine. What is checked is public, so time may depend on it. Cards sign; keys here are those of
// virtual ones, and of test CAs, over the library's arithmetic, whose time tells of the key.
package brainpool

import (
	"crypto/ecdsa"
	"errors"
	"math/big"

	curves "github.com/ProtonMail/go-crypto/brainpool"
)

// size of a coordinate and of a scalar.
const size = 32

// PublicKey is a point of the curve other than infinity.
type PublicKey struct{ x, y *big.Int }

// Errors of points and keys.
var (
	ErrForm  = errors.New("point is not uncompressed")
	ErrCurve = errors.New("point is not on the curve")
	ErrKey   = errors.New("no key of brainpoolP256r1")
)

// Parse takes an uncompressed point of the curve (SEC 1 version 2.0 section 2.3.4).
func Parse(point []byte) (*PublicKey, error) {
	if len(point) != 1+2*size || point[0] != 4 {
		return nil, ErrForm
	}
	x, y := new(big.Int).SetBytes(point[1:1+size]), new(big.Int).SetBytes(point[1+size:])
	curve := curves.P256r1()
	if p := curve.Params().P; x.Cmp(p) >= 0 || y.Cmp(p) >= 0 || !curve.IsOnCurve(x, y) {
		return nil, ErrCurve
	}
	return &PublicKey{x, y}, nil
}

// ECDSA is the key in the only form that crypto/ecdsa has for a curve it does not know.
func (k *PublicKey) ECDSA() *ecdsa.PublicKey {
	return &ecdsa.PublicKey{Curve: curves.P256r1(), X: k.x, Y: k.y}
}

// Point is the key as certificates have it, uncompressed.
func (k *PublicKey) Point() []byte {
	out := make([]byte, 1+2*size)
	out[0] = 4
	k.x.FillBytes(out[1 : 1+size])
	k.y.FillBytes(out[1+size:])
	return out
}

// Verify is SEC 1 version 2.0 section 4.1.4 for a message representative of at most 32 bytes, a hash or what stands for one, read as a number.
func (k *PublicKey) Verify(message []byte, r, s *big.Int) bool {
	tw := theTwist()
	if r.Sign() <= 0 || s.Sign() <= 0 || r.Cmp(tw.n) >= 0 || s.Cmp(tw.n) >= 0 || len(message) > size {
		return false
	}
	w := new(big.Int).ModInverse(s, tw.n)
	u1 := new(big.Int).SetBytes(message)
	u1.Mul(u1, w).Mod(u1, tw.n)
	u2 := w.Mul(r, w)
	u2.Mod(u2, tw.n)
	return tw.isX(tw.multiply(u1, u2, tw.from(k.x, k.y)), r)
}
