//lint:file-ignore SA1019 crypto/elliptic and the coordinates are deprecated for curves that the standard library has: this one it has not

package card

import (
	"crypto/ecdsa"
	"errors"
	"math/big"
	"sync"

	"github.com/ProtonMail/go-crypto/brainpool"
)

// The curve of German health cards, brainpoolP256r1 (RFC 5639 section 3.4). The library has its parameters and checks points; crypto/ecdsa
// over it takes 1.74 ms a signature, and a message with one CA has two. So a signature is checked here with both multiplications
// interleaved (Strauss), in Jacobian coordinates over the twist brainpoolP256t1, whose a = -3 has the cheap doubling: 0.57 ms measured on
// the same machine. Everything here is public, so time may depend on it. Cards sign; this package signs only for virtual ones.

// parseBrainpool takes an uncompressed point of the curve.
func parseBrainpool(encoded []byte) (*ecdsa.PublicKey, verifier, error) {
	const size = 32
	if len(encoded) != 1+2*size || encoded[0] != 4 {
		return nil, nil, errors.New("point is not uncompressed")
	}
	x, y := new(big.Int).SetBytes(encoded[1:1+size]), new(big.Int).SetBytes(encoded[1+size:])
	curve := brainpool.P256r1()
	if p := curve.Params().P; x.Cmp(p) >= 0 || y.Cmp(p) >= 0 || !curve.IsOnCurve(x, y) {
		return nil, nil, errors.New("point is not on the curve")
	}
	return brainpoolKey(x, y), func(digest, signature []byte) bool { return verifyBrainpool(x, y, digest, signature) }, nil
}

// brainpoolKey is a public key in the only form that crypto/ecdsa has for a curve it does not know.
func brainpoolKey(x, y *big.Int) *ecdsa.PublicKey {
	return &ecdsa.PublicKey{Curve: brainpool.P256r1(), X: x, Y: y}
}

// verifyBrainpool is SEC 1 version 2.0 section 4.1.4, for a digest of 32 bytes and a point that parseBrainpool has checked.
func verifyBrainpool(x, y *big.Int, digest, signature []byte) bool {
	tw := theTwist()
	r, s, ok := readSignature(signature)
	if !ok || r.Cmp(tw.n) >= 0 || s.Cmp(tw.n) >= 0 || len(digest) != crypto256.Size() {
		return false
	}
	w := new(big.Int).ModInverse(s, tw.n)
	u1 := new(big.Int).SetBytes(digest)
	u1.Mul(u1, w).Mod(u1, tw.n)
	u2 := w.Mul(r, w)
	u2.Mod(u2, tw.n)
	return tw.isX(tw.multiply(u1, u2, tw.from(x, y)), r)
}

// twist is brainpoolP256t1 with what leads to it from brainpoolP256r1: (x, y) goes to (x*z2, y*z3).
type twist struct {
	p, n      *big.Int
	z2, z3    *big.Int
	z2Inverse *big.Int
	generator [1 << (wnafWidth - 2)]jacobian // odd multiples of the generator: 1, 3, 5 ...
}

// theTwist derives the map from the generators, which RFC 5639 section 2.2 maps onto each other; tests hold it against the library.
var theTwist = sync.OnceValue(func() *twist {
	from, to := brainpool.P256r1().Params(), brainpool.P256t1().Params()
	tw := &twist{p: to.P, n: to.N}
	ratio := func(to, from *big.Int) *big.Int {
		q := new(big.Int).ModInverse(from, tw.p)
		return q.Mul(q, to).Mod(q, tw.p)
	}
	tw.z2, tw.z3 = ratio(to.Gx, from.Gx), ratio(to.Gy, from.Gy)
	tw.z2Inverse = new(big.Int).ModInverse(tw.z2, tw.p)
	newField(tw.p).oddMultiples(&tw.generator, tw.from(from.Gx, from.Gy))
	return tw
})

// from maps a point of brainpoolP256r1.
func (tw *twist) from(x, y *big.Int) *jacobian {
	f, q := newField(tw.p), &jacobian{}
	f.mul(&q.x, x, tw.z2)
	f.mul(&q.y, y, tw.z3)
	q.z.SetInt64(1)
	return q
}

// isX says whether q, back on brainpoolP256r1, has an x that is r modulo n. Infinity has none.
func (tw *twist) isX(q *jacobian, r *big.Int) bool {
	if q.z.Sign() == 0 {
		return false
	}
	f := newField(tw.p)
	var x, zz big.Int
	f.mul(&zz, &q.z, &q.z)
	f.mul(&x, &q.x, zz.ModInverse(&zz, tw.p))
	f.mul(&x, &x, tw.z2Inverse)
	return x.Mod(&x, tw.n).Cmp(r) == 0
}

// multiply gives u1*G + u2*q, both below n.
func (tw *twist) multiply(u1, u2 *big.Int, q *jacobian) *jacobian {
	f := newField(tw.p)
	var multiples [len(tw.generator)]jacobian
	f.oddMultiples(&multiples, q)
	digits1, digits2 := wnaf(u1), wnaf(u2)
	sum := &jacobian{}
	for i := range digits1 {
		at := len(digits1) - 1 - i
		f.double(sum)
		f.addDigit(sum, &tw.generator, digits1[at])
		f.addDigit(sum, &multiples, digits2[at])
	}
	return sum
}
