//lint:file-ignore SA1019 crypto/elliptic and its arithmetic are deprecated for curves that the standard library has: this one it has not

package pace

import (
	"crypto/elliptic"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/ProtonMail/go-crypto/brainpool"
)

// point of brainpoolP256r1 other than infinity.
type point struct{ x, y *big.Int }

// errPoint is a point that cannot be used, whoever sent or computed it.
var errPoint = errors.New("not a point of the curve")

func curve() elliptic.Curve { return brainpool.P256r1() }

// parsePoint takes an uncompressed point.
func parsePoint(encoded []byte) (point, error) {
	if len(encoded) != 1+2*coordinate || encoded[0] != 4 {
		return point{}, errPoint
	}
	p := point{new(big.Int).SetBytes(encoded[1 : 1+coordinate]), new(big.Int).SetBytes(encoded[1+coordinate:])}
	if of := curve().Params().P; p.x.Cmp(of) >= 0 || p.y.Cmp(of) >= 0 || !curve().IsOnCurve(p.x, p.y) {
		return point{}, errPoint
	}
	return p, nil
}

// encode is the uncompressed point, with all zeros in front of its coordinates.
func (p point) encode() []byte {
	out := make([]byte, 1+2*coordinate)
	out[0] = 4
	p.x.FillBytes(out[1 : 1+coordinate])
	p.y.FillBytes(out[1+coordinate:])
	return out
}

// secret is what both sides know of a common point: its x, with all zeros in front.
func (p point) secret() []byte { return p.x.FillBytes(make([]byte, coordinate)) }

func (p point) equal(q point) bool { return p.x.Cmp(q.x) == 0 && p.y.Cmp(q.y) == 0 }

// times is k p.
func (p point) times(k *big.Int) (point, error) {
	return finite(curve().ScalarMult(p.x, p.y, k.FillBytes(make([]byte, coordinate))))
}

// plus is p + q. The library's addition knows equal and opposite points, and infinity.
func (p point) plus(q point) (point, error) { return finite(curve().Add(p.x, p.y, q.x, q.y)) }

// generator is G.
func generator() point { return point{curve().Params().Gx, curve().Params().Gy} }

// finite refuses infinity, which the library gives as (0, 0).
func finite(x, y *big.Int) (point, error) {
	if x.Sign() == 0 && y.Sign() == 0 {
		return point{}, fmt.Errorf("%w: infinity", errPoint)
	}
	return point{x, y}, nil
}

// drawScalar draws a number from 1 to the order less 1, all alike.
func drawScalar(random io.Reader) (*big.Int, error) {
	buffer := make([]byte, coordinate)
	defer clear(buffer)
	for range maxDraws {
		if _, err := io.ReadFull(random, buffer); err != nil {
			return nil, fmt.Errorf("draw an ephemeral key: %w", err)
		}
		if k := new(big.Int).SetBytes(buffer); k.Sign() > 0 && k.Cmp(curve().Params().N) < 0 {
			return k, nil
		}
	}
	return nil, errors.New("draw an ephemeral key: the source of random bytes is broken")
}
