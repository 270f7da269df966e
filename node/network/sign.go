package network

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"slices"

	"github.com/veraison/go-cose"

	"pieks/gossip"
	"pieks/gossip/wire"
)

// Type is the external AAD of every bundle signature.
const Type = "pieks/network/1"

// needed of the three operators sign.
const needed = 2

// Sign signs a bundle with one to three operator keys. One signature makes a draft that Cosign completes.
func Sign(b *Bundle, keys ...ed25519.PrivateKey) ([]byte, error) {
	if _, err := b.check(); err != nil {
		return nil, err
	}
	payload, err := wire.Marshal(b)
	if err != nil {
		return nil, err
	}
	return signPayload(b, payload, keys...)
}

func signPayload(b *Bundle, payload []byte, keys ...ed25519.PrivateKey) ([]byte, error) {
	msg := cose.NewSignMessage()
	msg.Payload = payload
	for _, key := range keys {
		if err := addSignature(msg, b, key); err != nil {
			return nil, err
		}
	}
	return encode(msg)
}

// Cosign adds the signature of another operator to a draft.
func Cosign(data []byte, key ed25519.PrivateKey) ([]byte, error) {
	msg, b, err := parse(data)
	if err != nil {
		return nil, err
	}
	if _, err := verifySigners(msg, b.Operators); err != nil {
		return nil, err
	}
	if _, err := b.check(); err != nil {
		return nil, err
	}
	if err := addSignature(msg, b, key); err != nil {
		return nil, err
	}
	return encode(msg)
}

// Verify checks a network file: its form, that at least two of its three operators and nobody else signed it, and that its
// content is consistent. It does not know which network is wanted nor what time it is: that is Current's part.
func Verify(data []byte) (*Bundle, error) {
	b, _, _, err := verify(data)
	return b, err
}

// verify is Verify that also gives the policy, which it has made to check it, and the signed payload.
func verify(data []byte) (*Bundle, *gossip.Policy, []byte, error) {
	msg, b, err := parse(data)
	if err != nil {
		return nil, nil, nil, err
	}
	signers, err := verifySigners(msg, b.Operators)
	if err != nil {
		return nil, nil, nil, err
	}
	if len(signers) < needed {
		return nil, nil, nil, fmt.Errorf("%w: one has signed", ErrSignatures)
	}
	policy, err := b.check()
	if err != nil {
		return nil, nil, nil, err
	}
	return b, policy, msg.Payload, nil
}

// Inspect is Verify for a draft too: it also says which operators (0 to 2) signed. It fails with ErrSignatures only when a signature
// is wrong.
func Inspect(data []byte) (*Bundle, []int, error) {
	msg, b, err := parse(data)
	if err != nil {
		return nil, nil, err
	}
	signers, err := verifySigners(msg, b.Operators)
	if err != nil {
		return nil, nil, err
	}
	if _, err := b.check(); err != nil {
		return nil, nil, err
	}
	return b, signers, nil
}

// parse checks the form of the file and reads the payload, whose signatures are not checked yet.
func parse(data []byte) (*cose.SignMessage, *Bundle, error) {
	msg, err := parseMessage(data)
	if err != nil {
		return nil, nil, err
	}
	if v, ok := versionOf(msg.Payload); ok && v != Version {
		return nil, nil, ErrVersion
	}
	b := new(Bundle)
	if err := wire.Unmarshal(msg.Payload, b); err != nil {
		return nil, nil, fmt.Errorf("%w: %v", ErrForm, err)
	}
	return msg, b, nil
}

// parseMessage checks the form of the file but for the payload.
func parseMessage(data []byte) (*cose.SignMessage, error) {
	if len(data) > MaxBytes {
		return nil, ErrSize
	}
	msg := new(cose.SignMessage)
	if err := msg.UnmarshalCBOR(data); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrForm, err)
	}
	if len(msg.Headers.Protected) != 0 || len(msg.Headers.Unprotected) != 0 {
		return nil, fmt.Errorf("%w: foreign COSE headers", ErrForm)
	}
	if again, err := msg.MarshalCBOR(); err != nil || !bytes.Equal(again, data) {
		return nil, fmt.Errorf("%w: not in the deterministic encoding", ErrForm)
	}
	return msg, nil
}

// versionOf reads the version from the start of any payload, also one of a later version with keys unknown here: the
// lowest key of a map comes first. It is for a better sentence only.
func versionOf(payload []byte) (byte, bool) {
	const mapOf, tinyMap, oneByteFollows = 0xa0, 23, 0x18
	if len(payload) < 4 || payload[0] < mapOf || payload[0] > mapOf+tinyMap || payload[1] != 1 {
		return 0, false
	}
	if payload[2] == oneByteFollows {
		return payload[3], true
	}
	return payload[2], payload[2] < oneByteFollows
}

// signatureHeader is the protected header of the signature of operator i: {1: -8 (EdDSA), 4: h'0i'}, as a byte string.
func signatureHeader(i int) []byte { return []byte{0x46, 0xa2, 0x01, 0x27, 0x04, 0x41, byte(i)} }

// operatorOf says which operator a signature names, -1 for any other header.
func operatorOf(s *cose.Signature) int {
	for i := range 3 {
		if bytes.Equal(s.Headers.RawProtected, signatureHeader(i)) {
			return i
		}
	}
	return -1
}

func addSignature(msg *cose.SignMessage, b *Bundle, key ed25519.PrivateKey) error {
	if len(key) != ed25519.PrivateKeySize {
		return ErrOperator
	}
	operator := slices.Index(b.Operators[:], [32]byte(key.Public().(ed25519.PublicKey)))
	if operator < 0 {
		return ErrOperator
	}
	if slices.ContainsFunc(msg.Signatures, func(s *cose.Signature) bool { return operatorOf(s) == operator }) {
		return ErrOperator
	}
	signer, err := cose.NewSigner(cose.AlgorithmEdDSA, key)
	if err != nil {
		return fmt.Errorf("sign the network file: %w", err)
	}
	sig := cose.NewSignature()
	sig.Headers.RawProtected, sig.Headers.RawUnprotected = signatureHeader(operator), []byte{0xa0}
	if err := sig.Headers.UnmarshalFromRaw(); err != nil {
		return fmt.Errorf("sign the network file: %w", err)
	}
	body, err := msg.Headers.MarshalProtected()
	if err != nil {
		return fmt.Errorf("sign the network file: %w", err)
	}
	if err := sig.Sign(rand.Reader, signer, body, msg.Payload, []byte(Type)); err != nil {
		return fmt.Errorf("sign the network file: %w", err)
	}
	msg.Signatures = append(msg.Signatures, sig)
	slices.SortFunc(msg.Signatures, func(a, b *cose.Signature) int {
		return cmp.Compare(operatorOf(a), operatorOf(b))
	})
	return nil
}

func encode(msg *cose.SignMessage) ([]byte, error) {
	data, err := msg.MarshalCBOR()
	if err != nil {
		return nil, fmt.Errorf("encode the network file: %w", err)
	}
	if len(data) > MaxBytes {
		return nil, ErrSize
	}
	return data, nil
}

// verifySigners checks every signature and says which operators made them, in ascending order. One that is wrong, twice there or of
// nobody spoils the file: so nobody can change a signed file at all and have it accepted.
func verifySigners(msg *cose.SignMessage, operators [3][32]byte) ([]int, error) {
	body, err := msg.Headers.MarshalProtected()
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrForm, err)
	}
	var signers []int
	for _, s := range msg.Signatures {
		operator := operatorOf(s)
		if operator < 0 || len(s.Headers.Unprotected) != 0 {
			return nil, fmt.Errorf("%w: a signature of nobody", ErrSignatures)
		}
		if len(signers) > 0 && operator <= signers[len(signers)-1] {
			return nil, fmt.Errorf("%w: one has signed twice, or they are out of order", ErrSignatures)
		}
		verifier, err := cose.NewVerifier(cose.AlgorithmEdDSA, ed25519.PublicKey(operators[operator][:]))
		if err != nil {
			return nil, fmt.Errorf("%w: %v", ErrSignatures, err)
		}
		if err := s.Verify(verifier, body, msg.Payload, []byte(Type)); err != nil {
			return nil, fmt.Errorf("%w: the signature of operator %d is wrong", ErrSignatures, operator+1)
		}
		signers = append(signers, operator)
	}
	return signers, nil
}
