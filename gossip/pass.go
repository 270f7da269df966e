package gossip

import (
	"crypto/rsa"
)

// KeyID is the first 8 bytes of SHA-256 over an issuer key's DER form (PKIX SubjectPublicKeyInfo).
type KeyID [8]byte

// Pass says that an issuer admitted the holder of P for one epoch. The issuer signed blindly: it cannot tell for whom.
type Pass struct {
	P         [32]byte `cbor:"1,keyasint"` // Ed25519, identity of the front host, signs sheets
	H         [32]byte `cbor:"2,keyasint"` // X25519, requests to the practice are sealed to it
	Epoch     uint64   `cbor:"3,keyasint"`
	Issuer    KeyID    `cbor:"4,keyasint"`
	Prefix    [32]byte `cbor:"5,keyasint"` // random, RFC 9474 section 4.1 (Randomized)
	Signature []byte   `cbor:"6,keyasint"` // 384 bytes
}

// IssuerKey is one public key of an issuer, used for the passes of the epochs that begin in [From, To).
// In CBOR: 1 issuer, 2 from, 3 to, 4 key as DER; the id is computed.
type IssuerKey struct {
	ID     KeyID
	Issuer string // peer ID of the relay that signs with it
	From   uint64 // unix seconds
	To     uint64 // unix seconds
	Key    *rsa.PublicKey
}

// NewIssuerKey makes a fresh RSA key for passes and its public entry. bits is 3072 outside tests of refusals.
func NewIssuerKey(bits int, issuer string, from, to uint64) (*rsa.PrivateKey, IssuerKey, error) {
	return nil, IssuerKey{}, ErrIssuer
}

// PublicIssuerKey is the entry of an existing key.
func PublicIssuerKey(key *rsa.PublicKey, issuer string, from, to uint64) (IssuerKey, error) {
	return IssuerKey{}, ErrIssuer
}

// MarshalCBOR and UnmarshalCBOR give the wire form.
func (k IssuerKey) MarshalCBOR() ([]byte, error)     { return nil, ErrIssuer }
func (k *IssuerKey) UnmarshalCBOR(data []byte) error { return ErrIssuer }

// PassRequest is one pass between blinding and finishing. It lives in memory only.
type PassRequest struct {
	pass    Pass
	blinded []byte
}

// BlindPass prepares a pass of p and h for epoch. Take key only from the network bundle: a key that only one practice
// was given would mark that practice's passes.
func BlindPass(key IssuerKey, p, h [32]byte, epoch uint64, rules Rules) (*PassRequest, error) {
	return nil, ErrIssuer
}

// Blinded is what the issuer signs, 384 bytes.
func (r *PassRequest) Blinded() []byte { return r.blinded }

// Finish removes the blinding and checks the pass. A wrong or tampered blind signature gives ErrPass.
func (r *PassRequest) Finish(blindSignature []byte) (Pass, error) { return Pass{}, ErrPass }

// BlindSign is the issuer's part: it signs what it cannot read. ErrForm for bytes that are no blinded message.
func BlindSign(key *rsa.PrivateKey, blinded []byte) ([]byte, error) { return nil, ErrForm }

// Verify checks the signature of a pass under key, nothing else.
func (p *Pass) Verify(key IssuerKey) error { return ErrPass }
