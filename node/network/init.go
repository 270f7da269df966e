package network

import (
	"context"
	"crypto/ed25519"
	"time"

	"pieks/card"
	"pieks/gossip"
	"pieks/gossip/place"
)

// InitConfig says what network to make. The zero value of every field but Relays is a good network.
type InitConfig struct {
	Name        string           // for people; empty = "Pieks test network" or "Pieks network"
	Relays      []RelayPlan      // at least one
	Weeks       int              // how many weeks the bundle is good for, 1 to 4; 0 = 30 days
	Rules       gossip.Rules     // zero = gossip.DefaultRules
	Map         place.MapData    // zero = default map
	Vaccines    []gossip.Vaccine // nil = DefaultVaccines
	Professions []string         // nil = DefaultProfessions
	Roots       [][]byte         // DER card CAs; none = a test network with a card CA of its own
	TestCA      *card.TestCA     // of a test network; nil = made anew

	Now      func() time.Time      // nil = time.Now
	Progress func(done, total int) // called after each issuer key, never by two at once; may be nil
}

// RelayPlan is a relay to be.
type RelayPlan struct {
	Addrs    []string // multiaddrs under which it will be reached, without /p2p
	Operator string   // who runs it; empty = "operator N"
	Zones    []string // none = all
}

// LoopbackRelays plans n relays on this computer, with UDP (QUIC) and TCP ports from firstPort on.
func LoopbackRelays(n, firstPort int) []RelayPlan { return nil }

// Made is a new network, or a new bundle for an old one.
type Made struct {
	Signed       []byte // the network file, signed by two operators
	Bundle       *Bundle
	OperatorKeys [3]ed25519.PrivateKey // in the order of Bundle.Operators
	Relays       []RelayHome           // in the order of InitConfig.Relays
}

// RelayHome is what a relay needs to keep secret: its identity and the private keys of its passes.
type RelayHome struct {
	Peer     string             `cbor:"1,keyasint"`
	Identity ed25519.PrivateKey `cbor:"2,keyasint"` // 64 bytes
	Issuers  []IssuerSecret     `cbor:"3,keyasint"`
}

// IssuerSecret is the private half of a gossip.IssuerKey.
type IssuerSecret struct {
	ID   gossip.KeyID `cbor:"1,keyasint"`
	From uint64       `cbor:"2,keyasint"` // Unix seconds
	To   uint64       `cbor:"3,keyasint"` // Unix seconds
	Key  []byte       `cbor:"4,keyasint"` // PKCS #8 DER
}

// MarshalRelayHome encodes a relay's secrets for its home; ParseRelayHome reads them.
func MarshalRelayHome(h RelayHome) ([]byte, error)   { return nil, ErrForm }
func ParseRelayHome(data []byte) (*RelayHome, error) { return nil, ErrForm }

// Init makes a network: operator keys, relay identities, issuer keys, and the bundle signed by two operators.
func Init(ctx context.Context, cfg InitConfig) (*Made, error) { return nil, ErrForm }

// Renew makes the next bundle of a network from prev, good for weeks more (0 = 30 days) from now, with issuer keys for the weeks that have
// none yet. The result is unsigned until two operators Sign it. Relays of the result holds only the new issuer keys, without identities.
func Renew(ctx context.Context, prev *Bundle, weeks int, now time.Time, progress func(done, total int)) (*Made, error) {
	return nil, ErrForm
}

// DefaultVaccines is the catalogue of a new network.
func DefaultVaccines() []gossip.Vaccine { return nil }

// DefaultProfessions are the profession OIDs that may hand out vaccination appointments.
func DefaultProfessions() []string { return nil }
