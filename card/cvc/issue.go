package cvc

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"fmt"
	"time"

	"pieks/card/brainpool"
)

// draft is a certificate to be made.
type draft struct {
	authority [authorityLength]byte
	holder    []byte
	oid       string // of the key's algorithm
	point     []byte
	listOf    string
	flags     []byte
	from, to  time.Time
}

// signer signs what is between tag and end of a body, and answers r and s side by side.
type signer func(body []byte) ([]byte, error)

func (d draft) issue(sign signer) ([]byte, error) {
	body, err := d.body()
	if err != nil {
		return nil, err
	}
	signature, err := sign(body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrIssue, err)
	}
	return element(tagCertificate, body, element(tagSignature, signature)), nil
}

func (d draft) body() ([]byte, error) {
	from, err := encodeDate(d.from)
	if err != nil {
		return nil, err
	}
	to, err := encodeDate(d.to)
	if err != nil {
		return nil, err
	}
	if d.to.Before(d.from) {
		return nil, fmt.Errorf("%w: it ends before it begins", ErrIssue)
	}
	return element(tagBody,
		element(tagProfile, []byte{profile}),
		element(tagAuthority, d.authority[:]),
		element(tagKey, element(tagOID, []byte(d.oid)), element(tagPoint, d.point)),
		element(tagHolder, d.holder),
		element(tagRights, element(tagOID, []byte(d.listOf)), element(tagFlags, d.flags)),
		element(tagFrom, from),
		element(tagTo, to),
	), nil
}

// signerOf signs over brainpoolP256r1, deterministically.
func signerOf(key *ecdsa.PrivateKey) signer {
	return func(body []byte) ([]byte, error) {
		digest := sha256.Sum256(body)
		r, s, err := brainpool.Sign(key, digest[:])
		if err != nil {
			return nil, err
		}
		out := make([]byte, 64)
		r.FillBytes(out[:32])
		s.FillBytes(out[32:])
		return out, nil
	}
}
