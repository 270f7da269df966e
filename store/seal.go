package store

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"

	"golang.org/x/crypto/chacha20poly1305"
)

const (
	sealVersion = 1
	nonceSize   = chacha20poly1305.NonceSizeX
	// SealOverhead is how many bytes sealing adds: version, nonce, tag.
	SealOverhead = 1 + nonceSize + chacha20poly1305.Overhead
)

// Sealer seals values under one key: XChaCha20-Poly1305 with a random nonce. Used for what must become unreadable when
// an epoch secret is erased. Safe for use by several goroutines. NewSealer makes one; the
// zero Sealer must not be used.
type Sealer struct {
	aead cipher.AEAD
}

// NewSealer takes a uniformly random key.
func NewSealer(key [32]byte) Sealer {
	aead, _ := chacha20poly1305.NewX(key[:]) // fails only for keys of another length
	return Sealer{aead: aead}
}

// Seal returns version | nonce | ciphertext. Open needs the same aad.
func (s Sealer) Seal(aad, plain []byte) []byte {
	out := make([]byte, 1+nonceSize, len(plain)+SealOverhead)
	out[0] = sealVersion
	rand.Read(out[1:])
	return s.aead.Seal(out, out[1:], plain, sealAAD(aad))
}

// Open returns what Seal was given, or ErrSealed. The result is never nil without an error.
func (s Sealer) Open(aad, sealed []byte) ([]byte, error) {
	return s.open(make([]byte, 0, max(len(sealed)-SealOverhead, 0)), aad, sealed)
}

// open appends to dst what Seal was given.
func (s Sealer) open(dst, aad, sealed []byte) ([]byte, error) {
	if len(sealed) < SealOverhead || sealed[0] != sealVersion {
		return nil, ErrSealed
	}
	plain, err := s.aead.Open(dst, sealed[1:1+nonceSize], sealed[1+nonceSize:], sealAAD(aad))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// sealAAD ends the AAD with the version, so that a later version cannot be passed off as this one.
func sealAAD(aad []byte) []byte { return append(aad[:len(aad):len(aad)], sealVersion) }

// valueAAD binds a value to its place: bucket | 0 | key. Names of buckets have no 0 but the store's own, which begins with it.
func valueAAD(bucket string, key []byte) []byte {
	aad := make([]byte, 0, len(bucket)+1+len(key)+1)
	aad = append(append(aad, bucket...), 0)
	return append(aad, key...)
}

// hiddenKey is the key on disk of a hidden bucket.
func hiddenKey(index [32]byte, bucket string, key []byte) []byte {
	return pseudonym(index, "bucket", bucket, key)
}

func pseudonym(index [32]byte, purpose, label string, data []byte) []byte {
	mac := hmac.New(sha256.New, index[:])
	mac.Write(append(append([]byte(purpose), 0), label...))
	mac.Write([]byte{0})
	mac.Write(data)
	return mac.Sum(nil)
}
