package brainpool

import (
	"crypto/hmac"
	"crypto/sha256"
	"math/big"
)

// nonces is the generator of RFC 6979 section 3.2 for SHA-256, an order n of 256 bits and a message representative z.
type nonces struct {
	n       *big.Int
	v, k    []byte
	started bool
}

func newNonces(d, z, n *big.Int) *nonces {
	g := &nonces{n: n, v: make([]byte, 32), k: make([]byte, 32)}
	for i := range g.v {
		g.v[i] = 1
	}
	seed := append(d.FillBytes(make([]byte, 32)), new(big.Int).Mod(z, n).FillBytes(make([]byte, 32))...)
	g.reseed(0, seed)
	g.reseed(1, seed)
	return g
}

func (g *nonces) reseed(mark byte, seed []byte) {
	g.k = g.mac(g.v, []byte{mark}, seed)
	g.v = g.mac(g.v)
}

func (g *nonces) next() *big.Int {
	for {
		if g.started {
			g.reseed(0, nil)
		}
		g.started = true
		g.v = g.mac(g.v)
		if k := new(big.Int).SetBytes(g.v); k.Sign() > 0 && k.Cmp(g.n) < 0 {
			return k
		}
	}
}

func (g *nonces) mac(parts ...[]byte) []byte {
	m := hmac.New(sha256.New, g.k)
	for _, p := range parts {
		m.Write(p)
	}
	return m.Sum(nil)
}
