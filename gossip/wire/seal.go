package wire

import (
	"crypto/ecdh"
	"crypto/hpke"
	"errors"
	"fmt"
)

// ErrSealed says that a sealed object is not for this key, was sealed for another purpose, or was changed.
var ErrSealed = errors.New("sealed object does not open")

const (
	sealVersion = 1
	sealKeySize = 32
	// SealOverhead is how many bytes Seal adds: version, encapsulated key, tag.
	SealOverhead = 1 + sealKeySize + 16
)

// Seal encrypts plaintext to pub (X25519). Purpose and aad must be the same when it is opened.
func Seal(pub [32]byte, purpose string, aad, plaintext []byte) ([]byte, error) {
	key, err := ecdh.X25519().NewPublicKey(pub[:])
	if err != nil {
		return nil, fmt.Errorf("seal for %s: %w", purpose, err)
	}
	recipient, err := hpke.NewDHKEMPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("seal for %s: %w", purpose, err)
	}
	enc, sender, err := hpke.NewSender(recipient, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), []byte(purpose))
	if err != nil {
		return nil, fmt.Errorf("seal for %s: %w", purpose, err)
	}
	ct, err := sender.Seal(aad, plaintext)
	if err != nil {
		return nil, fmt.Errorf("seal for %s: %w", purpose, err)
	}
	return append(append([]byte{sealVersion}, enc...), ct...), nil
}

// Open decrypts what Seal made for the private key priv.
func Open(priv *ecdh.PrivateKey, purpose string, aad, sealed []byte) ([]byte, error) {
	if len(sealed) < SealOverhead || sealed[0] != sealVersion {
		return nil, ErrSealed
	}
	key, err := hpke.NewDHKEMPrivateKey(priv)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", purpose, err)
	}
	recipient, err := hpke.NewRecipient(sealed[1:1+sealKeySize], key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), []byte(purpose))
	if err != nil {
		return nil, ErrSealed
	}
	plaintext, err := recipient.Open(aad, sealed[1+sealKeySize:])
	if err != nil {
		return nil, ErrSealed
	}
	return plaintext, nil
}
