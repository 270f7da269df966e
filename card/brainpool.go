package card

import (
	"crypto/ecdsa"

	"pieks/card/brainpool"
)

// parseBrainpool takes an uncompressed point of brainpoolP256r1.
func parseBrainpool(point []byte) (*ecdsa.PublicKey, verifier, error) {
	key, err := brainpool.Parse(point)
	if err != nil {
		return nil, nil, err
	}
	return key.ECDSA(), func(digest, signature []byte) bool { return verifyBrainpool(key, digest, signature) }, nil
}

// verifyBrainpool checks an ECDSA-Sig-Value over a SHA-256 digest.
func verifyBrainpool(key *brainpool.PublicKey, digest, signature []byte) bool {
	r, s, ok := readSignature(signature)
	return ok && len(digest) == crypto256.Size() && key.Verify(digest, r, s)
}
