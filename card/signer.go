package card

import (
	"context"
	"crypto"
	"fmt"
	"io"
)

// signer is a card as a crypto.Signer, which knows no context: the one it was made with holds for all signatures.
type signer struct {
	ctx  context.Context
	card Card
	key  publicKey
}

// NewSigner reads the card's certificate and gives its key as a crypto.Signer: Public is an *ecdsa.PublicKey, over brainpoolP256r1 too,
// and Sign takes SHA-256 digests and needs VerifyPIN before, else ErrPINNeeded. ctx ends all of its signatures.
func NewSigner(ctx context.Context, c Card) (crypto.Signer, error) {
	der, err := c.Certificate(ctx)
	if err != nil {
		return nil, err
	}
	certificate, err := ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &signer{ctx, c, certificate.key}, nil
}

// Public is the key of the certificate.
func (s *signer) Public() crypto.PublicKey { return s.key.ecdsa }

// Sign lets the card sign, and checks what it answered.
func (s *signer) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts == nil || opts.HashFunc() != crypto256 {
		return nil, fmt.Errorf("sign with a card: only SHA-256 is signed")
	}
	signature, err := s.card.SignDigest(s.ctx, digest)
	if err != nil {
		return nil, err
	}
	if !s.key.verify(digest, signature) {
		return nil, fmt.Errorf("%w: the card's key is not that of its certificate", ErrSignature)
	}
	return signature, nil
}
