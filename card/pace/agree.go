package pace

import (
	"fmt"
	"io"
	"math/big"
)

// side is one end of the key agreement, the same for both: two key pairs, one on each of the generators.
type side struct {
	random io.Reader // of scalars
	scalar *big.Int
	base   point // generator of the second pair
	own    point // public key, of the pair that is next
}

// newSide draws the first pair.
func newSide(random io.Reader) (*side, error) {
	d := &side{random: random, base: generator()}
	return d, d.draw()
}

func (d *side) draw() (err error) {
	if d.scalar, err = drawScalar(d.random); err == nil {
		d.own, err = d.base.times(d.scalar)
	}
	return err
}

// common is what the pair and the other side's public key have in common, after the check of that.
func (d *side) common(other []byte) (common, theirs point, err error) {
	if theirs, err = parsePoint(other); err != nil {
		return point{}, point{}, fmt.Errorf("%w: %w", ErrAgreement, err)
	}
	if theirs.equal(d.own) {
		return point{}, point{}, fmt.Errorf("%w: it sent the key back that it was sent", ErrAgreement)
	}
	common, err = theirs.times(d.scalar)
	return common, theirs, err
}

// mapped goes over to the generator G' = s G + H (TR-03110 part 3, annex A.3.4.1), and draws the second pair.
func (d *side) mapped(nonce [block]byte, other []byte) error {
	h, _, err := d.common(other)
	if err != nil {
		return err
	}
	if s := new(big.Int).SetBytes(nonce[:]); s.Sign() == 0 {
		d.base = h
	} else {
		sg, err := generator().times(s)
		if err == nil {
			d.base, err = sg.plus(h)
		}
		if err != nil {
			return err
		}
	}
	return d.draw()
}

// agreed gives the keys, the token that this side shows and the one that it wants to see.
func (d *side) agreed(other []byte) (k keys, show, want [macSize]byte, err error) {
	common, theirs, err := d.common(other)
	if err != nil {
		return keys{}, show, want, err
	}
	k = keysOf(common)
	return k, k.token(theirs), k.token(d.own), nil
}
