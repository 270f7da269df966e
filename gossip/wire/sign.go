package wire

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/veraison/go-cose"
)

// ErrSignature says that a signed object was not signed by the key that it names, or not as this type.
var ErrSignature = errors.New("signature does not match")

// protectedEdDSA is the only protected header that Pieks accepts: {1: -8}.
var protectedEdDSA = []byte{0x43, 0xa1, 0x01, 0x27}

// Sign returns the COSE_Sign1 of payload by key, with typ as external AAD.
func Sign(typ string, key ed25519.PrivateKey, payload []byte) ([]byte, error) {
	signer, err := cose.NewSigner(cose.AlgorithmEdDSA, key)
	if err != nil {
		return nil, fmt.Errorf("sign %s: %w", typ, err)
	}
	msg := cose.NewSign1Message()
	msg.Headers.Protected.SetAlgorithm(cose.AlgorithmEdDSA)
	msg.Payload = payload
	if err := msg.Sign(rand.Reader, []byte(typ), signer); err != nil {
		return nil, fmt.Errorf("sign %s: %w", typ, err)
	}
	return msg.MarshalCBOR()
}

// SignObject signs the deterministic encoding of v.
func SignObject(typ string, key ed25519.PrivateKey, v any) ([]byte, error) {
	payload, err := Marshal(v)
	if err != nil {
		return nil, err
	}
	return Sign(typ, key, payload)
}

// Envelope is a COSE_Sign1 whose form was checked and whose signature was not: its payload may be read to
// learn which key to check it with.
type Envelope struct {
	Payload []byte
	message *cose.Sign1Message
}

// ParseSigned checks the form of a COSE_Sign1: its only header is EdDSA and it has one encoding.
func ParseSigned(data []byte) (*Envelope, error) {
	var msg cose.Sign1Message
	if err := msg.UnmarshalCBOR(data); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrEncoding, err)
	}
	if !bytes.Equal(msg.Headers.RawProtected, protectedEdDSA) || len(msg.Headers.Unprotected) != 0 || len(msg.Payload) == 0 {
		return nil, fmt.Errorf("%w: foreign COSE headers", ErrEncoding)
	}
	again, err := msg.MarshalCBOR()
	if err != nil || !bytes.Equal(again, data) {
		return nil, ErrEncoding
	}
	return &Envelope{Payload: msg.Payload, message: &msg}, nil
}

// Verify checks the signature as type typ by pub.
func (e *Envelope) Verify(typ string, pub ed25519.PublicKey) error {
	if len(pub) != ed25519.PublicKeySize {
		return ErrSignature
	}
	verifier, err := cose.NewVerifier(cose.AlgorithmEdDSA, pub)
	if err != nil {
		return fmt.Errorf("%w: %v", ErrSignature, err)
	}
	if err := e.message.Verify([]byte(typ), verifier); err != nil {
		return ErrSignature
	}
	return nil
}

// VerifyObject checks that data was signed as typ by pub and reads its payload into v.
func VerifyObject(typ string, pub ed25519.PublicKey, data []byte, v any) error {
	env, err := ParseSigned(data)
	if err != nil {
		return err
	}
	if err := env.Verify(typ, pub); err != nil {
		return err
	}
	return Unmarshal(env.Payload, v)
}
