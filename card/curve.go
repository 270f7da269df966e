package card

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// crypto256 is the hash of every signature here.
const crypto256 = crypto.SHA256

// publicKey checks ECDSA signatures (DER) over digests.
type publicKey struct {
	curve  string // as shown to people: "P-256"
	ecdsa  *ecdsa.PublicKey
	verify verifier
}

type verifier func(digest, signature []byte) bool

// curve is an elliptic curve that certificates may use.
type curve struct {
	name string
	// parse takes an uncompressed point of the curve, other than infinity.
	parse func(point []byte) (*ecdsa.PublicKey, verifier, error)
}

// curves by the contents of their OID.
var curves = map[string]curve{
	oidP256:      {name: CurveP256, parse: parseP256},
	oidBrainpool: {name: CurveBrainpool, parse: parseBrainpool},
}

// Names of the curves, as Certificate.Curve has them.
const (
	CurveP256      = "P-256"
	CurveBrainpool = "brainpoolP256r1"
)

func parseP256(point []byte) (*ecdsa.PublicKey, verifier, error) {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return nil, nil, err
	}
	return key, func(digest, signature []byte) bool { return ecdsa.VerifyASN1(key, digest, signature) }, nil
}

// parsePublicKey reads the contents of a SubjectPublicKeyInfo.
func parsePublicKey(spki cryptobyte.String) (publicKey, error) {
	var algorithm cryptobyte.String
	var point []byte
	if !spki.ReadASN1(&algorithm, asn1.SEQUENCE) || !spki.ReadASN1BitStringAsBytes(&point) || !spki.Empty() {
		return publicKey{}, fmt.Errorf("%w: public key", ErrCertificate)
	}
	kind, ok := readOID(&algorithm)
	if !ok {
		return publicKey{}, fmt.Errorf("%w: public key", ErrCertificate)
	}
	if kind != oidECPublicKey {
		return publicKey{}, ErrCurve
	}
	name, ok := readOID(&algorithm)
	c, known := curves[name]
	if !ok || !algorithm.Empty() || !known { // explicit parameters are not an OID: refused
		return publicKey{}, ErrCurve
	}
	key, verify, err := c.parse(point)
	if err != nil {
		return publicKey{}, fmt.Errorf("%w (%s)", ErrPoint, c.name)
	}
	return publicKey{curve: c.name, ecdsa: key, verify: verify}, nil
}

// joinSignature makes ECDSA-Sig-Value (RFC 3279 section 2.2.3) of what a card answers: r and s side by side.
func joinSignature(raw []byte) ([]byte, error) {
	half := len(raw) / 2
	if half == 0 || len(raw) != 2*half || isZero(raw[:half]) || isZero(raw[half:]) {
		return nil, fmt.Errorf("%w: signature of %d bytes", ErrResponse, len(raw))
	}
	return encodeSignature(new(big.Int).SetBytes(raw[:half]), new(big.Int).SetBytes(raw[half:]))
}

func encodeSignature(r, s *big.Int) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(r)
		b.AddASN1BigInt(s)
	})
	return b.Bytes()
}

// splitSignature is the reverse, with halves of size bytes.
func splitSignature(der []byte, size int) ([]byte, error) {
	r, s, ok := readSignature(der)
	if !ok || r.BitLen() > 8*size || s.BitLen() > 8*size {
		return nil, ErrSignature
	}
	raw := make([]byte, 2*size)
	r.FillBytes(raw[:size])
	s.FillBytes(raw[size:])
	return raw, nil
}

// readSignature reads an ECDSA-Sig-Value of two positive numbers.
func readSignature(der []byte) (r, s *big.Int, ok bool) {
	r, s = new(big.Int), new(big.Int)
	var inner cryptobyte.String
	in := cryptobyte.String(der)
	ok = in.ReadASN1(&inner, asn1.SEQUENCE) && in.Empty() &&
		inner.ReadASN1Integer(r) && inner.ReadASN1Integer(s) && inner.Empty() && r.Sign() > 0 && s.Sign() > 0
	return r, s, ok
}

func isZero(b []byte) bool { return len(bytes.TrimLeft(b, "\x00")) == 0 }
