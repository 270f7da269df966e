package network

import (
	"time"

	"pieks/card"
	"pieks/gossip"
	"pieks/gossip/place"
)

// Version is the only bundle form that there is.
const Version = 1

// Bundle is the payload of a network file. A Bundle from Verify is complete and consistent, and must not be changed.
type Bundle struct {
	Version     uint8              `cbor:"1,keyasint"`           // 1
	Number      uint64             `cbor:"2,keyasint"`           // grows with each bundle of the network, from 1
	Operators   [3][32]byte        `cbor:"3,keyasint"`           // Ed25519 keys, two of which sign, in ascending order
	Issued      uint64             `cbor:"4,keyasint"`           // Unix seconds
	Expires     uint64             `cbor:"5,keyasint"`           // Unix seconds, at most MaxValidity after Issued
	Name        string             `cbor:"6,keyasint"`           // for people
	Test        *TestCard          `cbor:"7,keyasint,omitempty"` // only in a test network
	Relays      []Relay            `cbor:"8,keyasint"`           // ascending by Peer
	Issuers     []gossip.IssuerKey `cbor:"9,keyasint"`           // ascending by From, then ID
	Roots       [][]byte           `cbor:"10,keyasint"`          // DER of the card CA certificates, ascending
	Professions []string           `cbor:"11,keyasint"`          // accepted profession OIDs, dotted, ascending
	Map         place.MapData      `cbor:"12,keyasint"`
	Vaccines    []gossip.Vaccine   `cbor:"13,keyasint"` // ascending by Code
	Rules       gossip.Rules       `cbor:"14,keyasint"`
	Revoked     [][32]byte         `cbor:"15,keyasint,omitempty"` // device keys D of practices, ascending
}

// TestCard is the card CA of a test network with its private key, so that anybody can enrol with a virtual card.
type TestCard struct {
	Certificate []byte `cbor:"1,keyasint"` // DER, also one of Roots
	PrivateKey  []byte `cbor:"2,keyasint"` // PKCS #8 DER
}

// Relay is a relay of the network.
type Relay struct {
	Peer     string   `cbor:"1,keyasint"`           // libp2p peer ID of an Ed25519 key, base58 ("12D3KooW...")
	Addrs    []string `cbor:"2,keyasint"`           // multiaddrs without /p2p
	Operator string   `cbor:"3,keyasint"`           // who runs it, for people; patients prefer relays of different operators
	Zones    []string `cbor:"4,keyasint,omitempty"` // first two digits of its regions; none means all
}

// ID names the network: the first 16 hex digits of SHA-256 over the three operator keys in their order.
func (b *Bundle) ID() string { return "" }

// CardRoots is what the bundle says about cards.
func (b *Bundle) CardRoots() card.Roots { return card.Roots{} }

// ExpiredAt says that at this time the bundle no longer counts: the node may only be read.
func (b *Bundle) ExpiredAt(now time.Time) bool { return true }

// Policy is what the bundle says about sheets and passes. It is made when it is first asked for.
func (b *Bundle) Policy() (*gossip.Policy, error) { return nil, ErrContent }
