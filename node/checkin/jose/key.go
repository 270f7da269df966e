package jose

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Key is a public key that verifies signatures: a P-256 one for ES256, or an Ed25519 one for EdDSA. Exactly one of the two is there.
type Key struct {
	ID      string // its kid, or its thumbprint where it has none
	P256    *ecdsa.PublicKey
	Ed25519 ed25519.PublicKey
	Members Object // the JWK as it came, for what else stands in it; nil of a key that was not read from one
}

var base64url = base64.RawURLEncoding.Strict()

// decode takes base64url in its only form. Go's decoder skips line breaks.
func decode(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, ErrCompact
	}
	return base64url.DecodeString(s)
}

// Algorithm is the only one that the key is for.
func (k Key) Algorithm() string {
	if k.P256 != nil {
		return ES256
	}
	return EdDSA
}

// Thumbprint is that of RFC 7638, base64url of SHA-256 over the required members in their fixed order.
func (k Key) Thumbprint() string {
	sum := sha256.Sum256([]byte(k.required()))
	return base64url.EncodeToString(sum[:])
}

// required are the members that make the key, in lexicographic order (RFC 7638 section 3.2, RFC 8037 appendix A.3).
func (k Key) required() string {
	if k.P256 != nil {
		x, y := coordinates(k.P256)
		return fmt.Sprintf(`{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}`, base64url.EncodeToString(x), base64url.EncodeToString(y))
	}
	return fmt.Sprintf(`{"crv":"Ed25519","kty":"OKP","x":"%s"}`, base64url.EncodeToString(k.Ed25519))
}

// MarshalJSON gives the JWK with id, algorithm and use, and the extra members of Members that are no part of those.
func (k Key) MarshalJSON() ([]byte, error) {
	all := map[string]any{}
	for name, value := range k.Members {
		all[name] = value
	}
	var required map[string]any
	if err := json.Unmarshal([]byte(k.required()), &required); err != nil {
		return nil, err
	}
	for name, value := range required {
		all[name] = value
	}
	id := k.ID
	if id == "" {
		id = k.Thumbprint()
	}
	all["kid"], all["alg"], all["use"] = id, k.Algorithm(), "sig"
	return json.Marshal(all)
}

// coordinates are those of a point, 32 bytes each: an uncompressed point is 4 | x | y.
func coordinates(p *ecdsa.PublicKey) (x, y []byte) {
	point, err := p.Bytes()
	if err != nil || len(point) != 65 {
		return make([]byte, 32), make([]byte, 32) // not a key of ParseKey
	}
	return point[1:33], point[33:]
}

// errOther is a key that RFC 7517 section 5 says to pass over: of another type, curve or use.
var errOther = errors.New("a key for something else")

// ParseKey reads a JWK that has to be a public P-256 or Ed25519 key.
func ParseKey(data []byte) (Key, error) {
	o, err := ParseObject(data)
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	k, err := keyOf(o)
	if errors.Is(err, errOther) {
		err = fmt.Errorf("%w: %w", ErrKey, err)
	}
	return k, err
}

func keyOf(o Object) (Key, error) {
	k := Key{Members: o}
	for _, secret := range []string{"d", "k", "p", "q", "dp", "dq", "qi", "oth"} { // RFC 7518 section 6
		if _, ok := o[secret]; ok {
			return k, ErrPrivateKey
		}
	}
	var member [5]string
	for i, name := range []string{"kty", "crv", "use", "alg", "kid"} {
		var err error
		if member[i], err = o.OptionalText(name); err != nil {
			return k, fmt.Errorf("%w: %w", ErrKey, err)
		}
	}
	kty, crv, use, alg, kid := member[0], member[1], member[2], member[3], member[4]
	if use != "" && use != "sig" || len(kid) > maxKeyID {
		return k, errOther
	}
	var err error
	switch kty + " " + crv {
	case "EC P-256":
		k.P256, err = pointOf(o)
	case "OKP Ed25519":
		k.Ed25519, err = bytesOf(o, "x")
	default:
		return k, errOther
	}
	if err != nil {
		return k, err
	}
	if alg != "" && alg != k.Algorithm() {
		return k, errOther
	}
	if k.ID = kid; kid == "" {
		k.ID = k.Thumbprint()
	}
	return k, nil
}

func pointOf(o Object) (*ecdsa.PublicKey, error) {
	x, err := bytesOf(o, "x")
	if err != nil {
		return nil, err
	}
	y, err := bytesOf(o, "y")
	if err != nil {
		return nil, err
	}
	point := append(append([]byte{4}, x...), y...)
	if _, err := ecdh.P256().NewPublicKey(point); err != nil { // not on the curve, or infinity
		return nil, fmt.Errorf("%w: not a point of P-256", ErrKey)
	}
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
}

// bytesOf is a member of exactly 32 bytes: RFC 7518 section 6.2.1.2 has leading zeros kept.
func bytesOf(o Object, name string) ([]byte, error) {
	text, err := o.Text(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	b, err := decode(text)
	if err != nil || len(b) != 32 {
		return nil, fmt.Errorf("%w: %s has to have 32 bytes", ErrKey, name)
	}
	return b, nil
}
