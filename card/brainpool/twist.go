//lint:file-ignore SA1019 crypto/elliptic is deprecated for curves that the standard library has: this one it has not

package brainpool

import (
	"math/big"
	"sync"

	curves "github.com/ProtonMail/go-crypto/brainpool"
)

// twist is brainpoolP256t1 with what leads to it from brainpoolP256r1: (x, y) goes to (x*z2, y*z3).
type twist struct {
	p, n      *big.Int
	z2, z3    *big.Int
	z2Inverse *big.Int
	generator [1 << (wnafWidth - 2)]jacobian // odd multiples of the generator: 1, 3, 5 ...
}

// theTwist derives the map from the generators, which RFC 5639 section 2.2 maps onto each other; tests hold it against the library.
var theTwist = sync.OnceValue(func() *twist {
	from, to := curves.P256r1().Params(), curves.P256t1().Params()
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
