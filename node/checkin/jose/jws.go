package jose

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
)

// The two algorithms.
const (
	ES256 = "ES256"
	EdDSA = "EdDSA"
)

// Message is a compact JWS that was taken apart. Nothing of it is believed before Verify.
type Message struct {
	Type      string // typ, algorithm and kid are "" where the header has none
	Algorithm string
	KeyID     string
	Header    Object // all of it
	Payload   []byte

	signed    string
	signature []byte
}

// Parse takes a compact JWS of at most so many bytes apart.
func Parse(compact string, most int) (*Message, error) {
	if len(compact) > most {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(compact), most)
	}
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return nil, ErrCompact
	}
	var raw [3][]byte
	for i, part := range parts {
		var err error
		if raw[i], err = decode(part); err != nil {
			return nil, ErrCompact
		}
	}
	header, err := ParseObject(raw[0])
	if err != nil {
		return nil, fmt.Errorf("read the header of a token: %w", err)
	}
	m := &Message{Header: header, Payload: raw[1], signed: parts[0] + "." + parts[1], signature: raw[2]}
	if _, ok := header["crit"]; ok {
		return nil, ErrCritical
	}
	for name, to := range map[string]*string{"typ": &m.Type, "alg": &m.Algorithm, "kid": &m.KeyID} {
		if *to, err = header.OptionalText(name); err != nil {
			return nil, fmt.Errorf("read the header of a token: %w", err)
		}
	}
	return m, nil
}

// Signed is what the signature is over: header and payload. One token has one; of a signature of ECDSA anybody can make a second one that holds too.
func (m *Message) Signed() string { return m.signed }

// Verify checks the signature with a key, whose algorithm the token has to name.
func (m *Message) Verify(k Key) error {
	switch {
	case m.Algorithm == "none":
		return ErrUnsigned
	case m.Algorithm != ES256 && m.Algorithm != EdDSA:
		return ErrAlgorithm
	case m.Algorithm != k.Algorithm():
		return ErrKeyKind
	case len(m.signature) != 64:
		return ErrSignature
	}
	if k.P256 == nil {
		if !ed25519.Verify(k.Ed25519, []byte(m.signed), m.signature) {
			return ErrSignature
		}
		return nil
	}
	r, s := new(big.Int).SetBytes(m.signature[:32]), new(big.Int).SetBytes(m.signature[32:])
	digest := sha256.Sum256([]byte(m.signed))
	if !ecdsa.Verify(k.P256, digest[:], r, s) {
		return ErrSignature
	}
	return nil
}

// Header is what a token is signed under.
type Header struct {
	Algorithm string   `json:"alg"` // filled by the signing
	KeyID     string   `json:"kid,omitempty"`
	Type      string   `json:"typ,omitempty"`
	Chain     []string `json:"x5c,omitempty"` // base64 of DER
}

// SignES256 signs with a P-256 key.
func SignES256(key *ecdsa.PrivateKey, h Header, payload []byte) (string, error) {
	h.Algorithm = ES256
	return sign(h, payload, func(signed string) ([]byte, error) {
		digest := sha256.Sum256([]byte(signed))
		r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
		if err != nil {
			return nil, err
		}
		signature := make([]byte, 64) // RFC 7518 section 3.4: 32 bytes each, leading zeros kept
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
		return signature, nil
	})
}

// SignEdDSA signs with an Ed25519 key.
func SignEdDSA(key ed25519.PrivateKey, h Header, payload []byte) (string, error) {
	h.Algorithm = EdDSA
	return sign(h, payload, func(signed string) ([]byte, error) { return ed25519.Sign(key, []byte(signed)), nil })
}

func sign(h Header, payload []byte, by func(string) ([]byte, error)) (string, error) {
	header, err := json.Marshal(h)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	signed := base64url.EncodeToString(header) + "." + base64url.EncodeToString(payload)
	signature, err := by(signed)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return signed + "." + base64url.EncodeToString(signature), nil
}
