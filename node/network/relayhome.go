package network

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"pieks/gossip"
	"pieks/gossip/wire"
)

// ErrRelayHome says that a relay's secrets cannot be read.
var ErrRelayHome = errors.New("the keys of this relay cannot be read; ask the operators of the network for them again")

// RelayHome is what a relay needs to keep secret: its identity and the private keys of its passes.
type RelayHome struct {
	Peer     string             `cbor:"1,keyasint"`
	Identity ed25519.PrivateKey `cbor:"2,keyasint"` // 64 bytes
	Issuers  []IssuerSecret     `cbor:"3,keyasint"` // by From, then ID
}

// IssuerSecret is the private half of a gossip.IssuerKey.
type IssuerSecret struct {
	ID   gossip.KeyID `cbor:"1,keyasint"`
	From uint64       `cbor:"2,keyasint"` // Unix seconds
	To   uint64       `cbor:"3,keyasint"` // Unix seconds
	Key  []byte       `cbor:"4,keyasint"` // PKCS #8 DER
}

// PrivateKeys are the issuer keys ready for use. A key that is not the one that its ID names is refused with ErrRelayHome.
func (h *RelayHome) PrivateKeys() (map[gossip.KeyID]*rsa.PrivateKey, error) {
	keys := make(map[gossip.KeyID]*rsa.PrivateKey, len(h.Issuers))
	for _, s := range h.Issuers {
		parsed, err := x509.ParsePKCS8PrivateKey(s.Key)
		if err != nil {
			return nil, fmt.Errorf("issuer key %s: %w", s.ID, ErrRelayHome) // without err: it may tell of the key
		}
		key, ok := parsed.(*rsa.PrivateKey)
		if !ok {
			return nil, fmt.Errorf("issuer key %s: %w", s.ID, ErrRelayHome)
		}
		public, err := gossip.PublicIssuerKey(&key.PublicKey, h.Peer, time.Unix(int64(s.From), 0), time.Unix(int64(s.To), 0))
		if err != nil || public.ID != s.ID {
			return nil, fmt.Errorf("issuer key %s: %w", s.ID, ErrRelayHome)
		}
		keys[s.ID] = key
	}
	return keys, nil
}

// Add puts further issuer keys to a relay's own, those that Renew made for it.
func (h *RelayHome) Add(keys []IssuerSecret) {
	h.Issuers = append(h.Issuers, keys...)
	slices.SortFunc(h.Issuers, compareSecrets)
	h.Issuers = slices.CompactFunc(h.Issuers, func(a, b IssuerSecret) bool { return a.ID == b.ID })
}

func compareSecrets(a, b IssuerSecret) int {
	return cmp.Or(cmp.Compare(a.From, b.From), bytes.Compare(a.ID[:], b.ID[:]))
}

// MarshalRelayHome encodes a relay's secrets for its store.
func MarshalRelayHome(h RelayHome) ([]byte, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	return wire.Marshal(h)
}

// ParseRelayHome reads what MarshalRelayHome wrote.
func ParseRelayHome(data []byte) (*RelayHome, error) {
	h := new(RelayHome)
	if err := wire.Unmarshal(data, h); err != nil {
		return nil, ErrRelayHome
	}
	if err := h.check(); err != nil {
		return nil, err
	}
	return h, nil
}

func (h *RelayHome) check() error {
	if len(h.Identity) != ed25519.PrivateKeySize || !bytes.Equal(ed25519.NewKeyFromSeed(h.Identity.Seed()), h.Identity) {
		return ErrRelayHome
	}
	if id, err := peerOf(publicOf(h.Identity)); err != nil || id != h.Peer {
		return ErrRelayHome
	}
	if !ascending(h.Issuers, compareSecrets) {
		return ErrRelayHome
	}
	_, err := h.PrivateKeys()
	return err
}
