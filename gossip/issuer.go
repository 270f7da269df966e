package gossip

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"pieks/gossip/wire"
)

// KeyID is the first 8 bytes of SHA-256 over an issuer key's DER form (PKIX SubjectPublicKeyInfo).
type KeyID [8]byte

func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

// IssuerKey is one public key of an issuer, for the passes of those epochs that begin in [From, To).
// In CBOR: 1 issuer, 2 from, 3 to, 4 key as DER; the id is computed.
type IssuerKey struct {
	ID     KeyID
	Issuer string // peer ID of the relay that signs with it
	From   uint64 // unix seconds
	To     uint64 // unix seconds
	Key    *rsa.PublicKey
}

var (
	// ErrIssuerKey says that an issuer key is not of the one form that networks use.
	ErrIssuerKey = errors.New("an issuer key is RSA with 3072 bits, exponent 65537 and a time span")
	// ErrBlinded says that an issuer was asked to sign what is not a blinded pass.
	ErrBlinded = errors.New("not a blinded pass")
)

// NewIssuerKey makes a fresh key for passes, 3072 bits, and its public entry. It takes a second or more.
func NewIssuerKey(issuer string, from, to time.Time) (*rsa.PrivateKey, IssuerKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, issuerKeyBits)
	if err != nil {
		return nil, IssuerKey{}, fmt.Errorf("make an issuer key: %w", err)
	}
	public, err := PublicIssuerKey(&key.PublicKey, issuer, from, to)
	if err != nil {
		return nil, IssuerKey{}, err
	}
	return key, public, nil
}

// PublicIssuerKey is the entry of an existing key. It refuses keys of another size or exponent with ErrIssuerKey.
func PublicIssuerKey(key *rsa.PublicKey, issuer string, from, to time.Time) (IssuerKey, error) {
	k := IssuerKey{Issuer: issuer, From: uint64(max(from.Unix(), 0)), To: uint64(max(to.Unix(), 0)), Key: key}
	der, err := k.der()
	if err != nil {
		return IssuerKey{}, err
	}
	k.ID = keyIDOf(der)
	return k, nil
}

func keyIDOf(der []byte) KeyID {
	sum := sha256.Sum256(der)
	return KeyID(sum[:8])
}

// der checks the key and gives its DER form.
func (k *IssuerKey) der() ([]byte, error) {
	if k.Key == nil || k.Key.N == nil || k.Key.N.BitLen() != issuerKeyBits || k.Key.N.Bit(0) == 0 || k.Key.E != 65537 ||
		k.From >= k.To || k.To > maxInstant || k.Issuer == "" || len(k.Issuer) > maxRelayText {
		return nil, ErrIssuerKey
	}
	der, err := x509.MarshalPKIXPublicKey(k.Key)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrIssuerKey, err)
	}
	return der, nil
}

// covers says whether the key is for the passes of an epoch, ErrEpoch if not.
func (k *IssuerKey) covers(epoch uint64, rules Rules) error {
	if start := uint64(rules.EpochStart(epoch).Unix()); start < k.From || start >= k.To {
		return fmt.Errorf("issuer key %s is not for epoch %d: %w", k.ID, epoch, ErrEpoch)
	}
	return nil
}

// issuerKeyWire is the wire form of an IssuerKey.
type issuerKeyWire struct {
	Issuer string `cbor:"1,keyasint"`
	From   uint64 `cbor:"2,keyasint"`
	To     uint64 `cbor:"3,keyasint"`
	Key    []byte `cbor:"4,keyasint"`
}

// MarshalCBOR gives the wire form.
func (k IssuerKey) MarshalCBOR() ([]byte, error) {
	der, err := k.der()
	if err != nil {
		return nil, err
	}
	return wire.Marshal(issuerKeyWire{k.Issuer, k.From, k.To, der})
}

// UnmarshalCBOR reads the wire form and computes the id. It refuses every key but those of the one form.
func (k *IssuerKey) UnmarshalCBOR(data []byte) error {
	var w issuerKeyWire
	if err := wire.Unmarshal(data, &w); err != nil {
		return fmt.Errorf("issuer key: %w", err)
	}
	parsed, err := x509.ParsePKIXPublicKey(w.Key)
	if err != nil {
		return fmt.Errorf("%w: %v", ErrIssuerKey, err)
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return ErrIssuerKey
	}
	got := IssuerKey{ID: keyIDOf(w.Key), Issuer: w.Issuer, From: w.From, To: w.To, Key: key}
	der, err := got.der()
	if err != nil {
		return err
	}
	if keyIDOf(der) != got.ID {
		return fmt.Errorf("%w: not in DER", ErrIssuerKey)
	}
	*k = got
	return nil
}
