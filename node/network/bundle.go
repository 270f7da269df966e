package network

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"pieks/card"
	"pieks/gossip"
	"pieks/gossip/place"
)

// Version is the only bundle form that there is.
const Version = 1

// Bundle is the payload of a network file. A Bundle from Verify is complete and consistent, and must not be changed:
// Next makes a copy for that. All lists are in ascending order without doubles, so that equal bundles have equal bytes.
type Bundle struct {
	Version     uint8              `cbor:"1,keyasint"`           // 1
	Number      uint64             `cbor:"2,keyasint"`           // grows with each bundle of the network, from 1
	Operators   [3][32]byte        `cbor:"3,keyasint"`           // Ed25519 keys, two of which sign
	Issued      uint64             `cbor:"4,keyasint"`           // Unix seconds
	Expires     uint64             `cbor:"5,keyasint"`           // Unix seconds, at most MaxValidity after Issued
	Name        string             `cbor:"6,keyasint"`           // for people
	Test        *TestCard          `cbor:"7,keyasint,omitempty"` // marks a test network
	Relays      []Relay            `cbor:"8,keyasint"`           // by Peer
	Issuers     []gossip.IssuerKey `cbor:"9,keyasint"`           // by From, then ID
	Roots       [][]byte           `cbor:"10,keyasint"`          // DER of the card CA certificates
	Professions []string           `cbor:"11,keyasint"`          // accepted profession OIDs, dotted
	Map         place.MapData      `cbor:"12,keyasint"`
	Vaccines    []gossip.Vaccine   `cbor:"13,keyasint"` // by Code
	Rules       gossip.Rules       `cbor:"14,keyasint"`
	Revoked     [][32]byte         `cbor:"15,keyasint,omitempty"` // device keys D of practices
	// RevokedCards are SHA-256 over the DER of authentication certificates.
	RevokedCards [][32]byte  `cbor:"16,keyasint,omitempty"`
	Disclosure   *Disclosure `cbor:"17,keyasint,omitempty"` // nil: as node/disclosure has it
	// CVCRoots are the roots of the CV certificates on patients' cards. A test network needs none: those of its virtual cards follow from Test.
	CVCRoots [][]byte `cbor:"18,keyasint,omitempty"`
}

// TestCard is the card CA of a test network with its private key, so that anybody can enrol with a virtual card. A
// network is a test network exactly when its bundle carries one.
type TestCard struct {
	Certificate []byte `cbor:"1,keyasint"` // DER, also one of Roots
	PrivateKey  []byte `cbor:"2,keyasint"` // PKCS #8 DER
}

// Relay is a relay of the network.
type Relay struct {
	Peer     string   `cbor:"1,keyasint"`           // libp2p peer ID of an Ed25519 key, base58 ("12D3KooW...")
	Addrs    []string `cbor:"2,keyasint"`           // multiaddrs without /p2p, the best first
	Operator string   `cbor:"3,keyasint"`           // who runs it, for people; patients prefer relays of different operators
	Zones    []string `cbor:"4,keyasint,omitempty"` // first two digits of its regions; none means all
}

// IsTest says that nothing in the network is a real licence: it carries the key of its card CA, or trusts a CA of test cards. CAs
// of test cards say TEST-ONLY in their names, gematik's too; whoever has theirs can make a card.
func (b *Bundle) IsTest() bool {
	return b.Test != nil || slices.ContainsFunc(b.Roots, func(der []byte) bool { return bytes.Contains(der, []byte("TEST-ONLY")) })
}

// ID names the network: the first 16 hex digits of SHA-256 over the three operator keys in their order.
func (b *Bundle) ID() string {
	h := sha256.New()
	for _, key := range b.Operators {
		h.Write(key[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// IssuedAt and ExpiresAt are the span in which the bundle counts.
func (b *Bundle) IssuedAt() time.Time  { return time.Unix(int64(b.Issued), 0).UTC() }
func (b *Bundle) ExpiresAt() time.Time { return time.Unix(int64(b.Expires), 0).UTC() }

// ExpiredAt says that at this time the bundle no longer counts: the node may only be read.
func (b *Bundle) ExpiredAt(now time.Time) bool { return !now.Before(b.ExpiresAt()) }

// CardRoots is what the bundle says about cards.
func (b *Bundle) CardRoots() card.Roots {
	return card.Roots{CAs: b.Roots, Professions: b.Professions, Revoked: b.Revoked, RevokedCards: b.RevokedCards}
}

// IsRevoked says whether the operators revoked a practice's device key D.
func (b *Bundle) IsRevoked(device [32]byte) bool { return slices.Contains(b.Revoked, device) }

// Policy is what the bundle says about sheets and passes. It takes milliseconds: Current keeps a ready one.
func (b *Bundle) Policy() (*gossip.Policy, error) {
	m, err := place.NewMap(b.Map)
	if err != nil {
		return nil, err
	}
	return gossip.NewPolicy(m, b.Issuers, b.Vaccines, b.Rules)
}

// Next is a copy with the next number, to be changed and signed. Its lists are its own, what they contain is shared.
func (b *Bundle) Next() *Bundle {
	next := *b
	next.Number++
	next.Relays, next.Issuers = slices.Clone(b.Relays), slices.Clone(b.Issuers)
	next.Roots, next.Professions = slices.Clone(b.Roots), slices.Clone(b.Professions)
	next.Vaccines, next.Revoked, next.RevokedCards = slices.Clone(b.Vaccines), slices.Clone(b.Revoked), slices.Clone(b.RevokedCards)
	next.CVCRoots = slices.Clone(b.CVCRoots)
	return &next
}
