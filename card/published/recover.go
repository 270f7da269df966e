//lint:file-ignore SA1019 crypto/elliptic and the coordinates are deprecated for curves that the standard library has: this one it has not
package published

import (
	"math/big"

	library "github.com/ProtonMail/go-crypto/brainpool"
)

// signers gives the public keys, as uncompressed points, under which r and s are a signature of a SHA-256 digest (SEC 1 version 2.0 section 4.1.6).
// One of the two is the signer's.
func signers(digest []byte, r, s *big.Int) (points [][]byte) {
	curve := library.P256r1()
	p, n := curve.Params().P, curve.Params().N
	y := new(big.Int).ModSqrt(rightSide(r), p)
	if y == nil {
		return nil
	}
	inverse := new(big.Int).ModInverse(r, n)
	u1 := new(big.Int).SetBytes(digest)
	u1.Neg(u1).Mul(u1, inverse).Mod(u1, n)
	u2 := new(big.Int).Mul(s, inverse)
	u2.Mod(u2, n)
	for _, y := range []*big.Int{y, new(big.Int).Sub(p, y)} {
		ax, ay := curve.ScalarBaseMult(u1.Bytes())
		bx, by := curve.ScalarMult(r, y, u2.Bytes())
		qx, qy := curve.Add(ax, ay, bx, by)
		points = append(points, append(append([]byte{4}, qx.FillBytes(make([]byte, 32))...), qy.FillBytes(make([]byte, 32))...))
	}
	return points
}

// rightSide is x^3 + ax + b, with a of RFC 5639 section 3.4 and the b that the generator gives.
func rightSide(x *big.Int) *big.Int {
	c := library.P256r1().Params()
	a := new(big.Int).SetBytes(unhex("7d5a0975fc2c3057eef67530417affe7fb8055c126dc5c6ce94a4b44f330b5d9"))
	withoutB := func(x *big.Int) *big.Int {
		v := new(big.Int).Mul(x, x)
		return v.Add(v, a).Mul(v, x)
	}
	b := new(big.Int).Mul(c.Gy, c.Gy)
	b.Sub(b, withoutB(c.Gx))
	return b.Add(b, withoutB(x)).Mod(b, c.P)
}
