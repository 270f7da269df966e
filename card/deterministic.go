//lint:file-ignore SA1019 crypto/elliptic and the coordinates are deprecated for curves that the standard library has: this one it has not

package card

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"

	"github.com/ProtonMail/go-crypto/brainpool"
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
	c := brainpool.P256r1()
	for try := range uint32(64) { // each fails with probability 1/3
		scalar, err := seedScalar(seed, purpose, try)
		if err != nil {
			return nil, err
		}
		d := new(big.Int).SetBytes(scalar)
		if d.Sign() == 0 || d.Cmp(c.Params().N) >= 0 {
			continue
		}
		x, y := c.ScalarBaseMult(scalar)
		return &ecdsa.PrivateKey{PublicKey: *brainpoolKey(x, y), D: d}, nil
	}
	return nil, fmt.Errorf("%w: no key from this seed", ErrHolder)
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

// uncompressed is the public point as certificates have it.
func uncompressed(key *ecdsa.PrivateKey) []byte {
	x, y := coordinates(key)
	return append(append([]byte{4}, x.FillBytes(make([]byte, 32))...), y.FillBytes(make([]byte, 32))...)
}

// curveOID is what certificates say of the key's curve.
func curveOID(key *ecdsa.PrivateKey) string {
	if key.Curve == brainpool.P256r1() {
		return oidBrainpool
	}
	return oidP256
}

// signerOf signs deterministically (RFC 6979), so that equal seeds give equal certificates.
func signerOf(key *ecdsa.PrivateKey) digestSigner {
	if key.Curve == brainpool.P256r1() {
		return func(digest []byte) ([]byte, error) { return signBrainpool(key, digest) }
	}
	return func(digest []byte) ([]byte, error) { return key.Sign(nil, digest, crypto256) }
}

// signBrainpool is ECDSA with the nonce of RFC 6979: crypto/ecdsa signs deterministically over its own curves only.
func signBrainpool(key *ecdsa.PrivateKey, digest []byte) ([]byte, error) {
	if len(digest) != crypto256.Size() {
		return nil, fmt.Errorf("sign a digest of %d bytes: only SHA-256 is signed", len(digest))
	}
	n := key.Curve.Params().N
	d := key.D
	for nonces := newNonces(d, digest, n); ; {
		k := nonces.next()
		r, _ := key.Curve.ScalarBaseMult(k.Bytes())
		r.Mod(r, n)
		s := new(big.Int).Mul(d, r)
		s.Add(s, new(big.Int).SetBytes(digest)).Mul(s, k.ModInverse(k, n)).Mod(s, n)
		if r.Sign() == 0 || s.Sign() == 0 {
			continue
		}
		return encodeSignature(r, s)
	}
}

// nonces is the generator of RFC 6979 section 3.2 for SHA-256 and an order n of 256 bits.
type nonces struct {
	n       *big.Int
	v, k    []byte
	started bool
}

func newNonces(d *big.Int, digest []byte, n *big.Int) *nonces {
	g := &nonces{n: n, v: make([]byte, 32), k: make([]byte, 32)}
	for i := range g.v {
		g.v[i] = 1
	}
	h := new(big.Int).SetBytes(digest)
	seed := append(d.FillBytes(make([]byte, 32)), h.Mod(h, n).FillBytes(make([]byte, 32))...)
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
