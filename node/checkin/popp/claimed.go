package popp

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"pieks/node/checkin/jose"
)

// HashOf is the Hash of a compact token, whether it holds or not.
func HashOf(compact string) [32]byte {
	return sha256.Sum256([]byte(compact[:max(0, strings.LastIndexByte(compact, '.'))]))
}

// Claimed is what a token says before there is a key to verify it by, held against what claims may be and against nothing else. It is for whoever keeps
// tokens until there is one: to keep none that is for somebody else, or is none.
func Claimed(compact string) (Claims, error) {
	c, err := claimed(compact)
	if err != nil {
		return Claims{}, fmt.Errorf("read token: %w", err)
	}
	return c, nil
}

func claimed(compact string) (Claims, error) {
	m, err := jose.Parse(compact, MaxToken)
	if err != nil {
		return Claims{}, err
	}
	kind, err := kindOf(m)
	if err != nil {
		return Claims{}, err
	}
	o, err := jose.ParseObject(m.Payload)
	if err != nil {
		return Claims{}, fmt.Errorf("%w: %w", ErrClaims, err)
	}
	c, err := claimsOf(o)
	if err != nil {
		return Claims{}, err
	}
	return c, c.check(kind, m.KeyID)
}
