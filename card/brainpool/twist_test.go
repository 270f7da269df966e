//lint:file-ignore SA1019 the library's curve is the judge, and has only these functions

package brainpool

import (
	"math/big"
	"testing"

	curves "github.com/ProtonMail/go-crypto/brainpool"
	"pgregory.net/rapid"
)

// multiple gives k times the generator by the library.
func multiple(k *big.Int) (x, y *big.Int) { return curves.P256r1().ScalarBaseMult(k.Bytes()) }

// TestBrainpoolMultiplies holds u1*G + u2*Q against the library, with scalars at the edges and Q in every relation to G.
func TestBrainpoolMultiplies(t *testing.T) {
	curve := curves.P256r1()
	n := curve.Params().N
	small := func(k int64) *big.Int { return big.NewInt(k) }
	below := func(k int64) *big.Int { return new(big.Int).Sub(n, big.NewInt(k)) }
	edges := []*big.Int{
		small(0), small(1), small(2), small(3), small(15), small(16), small(31), below(1), below(2), below(17),
		new(big.Int).Rsh(n, 1), new(big.Int).Lsh(big.NewInt(1), 255),
	}
	check := func(t interface{ Fatalf(string, ...any) }, u1, u2, k *big.Int) {
		qx, qy := multiple(k)
		whole := new(big.Int).Mul(u2, k)
		whole.Add(whole, u1).Mod(whole, n) // u1*G + u2*k*G
		tw := theTwist()
		got := tw.multiply(u1, u2, tw.from(qx, qy))
		if whole.Sign() == 0 {
			if got.z.Sign() != 0 || tw.isX(got, new(big.Int)) {
				t.Fatalf("u1=%x u2=%x k=%x is infinity", u1, u2, k)
			}
			return
		}
		x, _ := multiple(whole)
		if !tw.isX(got, x.Mod(x, n)) {
			t.Fatalf("u1=%x u2=%x k=%x differs", u1, u2, k)
		}
	}
	for _, u1 := range edges {
		for _, u2 := range edges {
			for _, k := range []*big.Int{small(1), small(2), below(1), below(2), small(7)} {
				check(t, u1, u2, k)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		scalar := func(name string) *big.Int {
			b := rapid.SliceOfN(rapid.Byte(), 0, 32).Draw(t, name)
			k := new(big.Int).SetBytes(b)
			return k.Mod(k, n)
		}
		k := scalar("k")
		if k.Sign() == 0 {
			k.SetInt64(1)
		}
		check(t, scalar("u1"), scalar("u2"), k)
	})
}
