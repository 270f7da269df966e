package network

import "crypto/ed25519"

// Type is the external AAD of every bundle signature.
const Type = "pieks/network/1"

// Sign signs a bundle with one to three operator keys. One signature makes a draft that Cosign completes.
func Sign(b *Bundle, keys ...ed25519.PrivateKey) ([]byte, error) { return nil, ErrForm }

// Cosign adds the signature of another operator to a draft.
func Cosign(data []byte, key ed25519.PrivateKey) ([]byte, error) { return nil, ErrForm }

// Verify checks a network file: its form, that at least two of its three operators and nobody else signed it, and that its
// content is consistent. It does not know which network is wanted nor what time it is: that is Current's part.
func Verify(data []byte) (*Bundle, error) { return nil, ErrForm }

// Inspect is Verify for a draft too: it also says which operators (0 to 2) signed. It fails with ErrSignatures only when a signature
// is wrong.
func Inspect(data []byte) (*Bundle, []int, error) { return nil, nil, ErrForm }
