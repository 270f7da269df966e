package gossip

import "pieks/gossip/place"

// Vaccine is an entry of the network's catalogue.
type Vaccine struct {
	Code         string `cbor:"1,keyasint"`
	Name         string `cbor:"2,keyasint"`
	Doses        uint8  `cbor:"3,keyasint"` // in a series, from 1
	VialDoses    uint8  `cbor:"4,keyasint"` // doses that one vial gives
	IntervalDays [2]int `cbor:"5,keyasint"` // least and most days between two doses; zero for a single dose
}

// Policy is what the network bundle says about sheets and passes. It is immutable: a new bundle makes a new Policy.
type Policy struct {
	Map      *place.Map
	Keys     map[KeyID]IssuerKey
	Vaccines map[string]Vaccine
	Rules    Rules
}

// NewPolicy builds the lookup tables. It refuses rules that fail Validate, keys that share an id, and vaccines that share a code.
func NewPolicy(m *place.Map, keys []IssuerKey, vaccines []Vaccine, rules Rules) (*Policy, error) {
	return nil, ErrPolicy
}

// IssuerKeys are the keys for passes of epoch, of one issuer or, with "", of all, in the order of their ids.
func (p *Policy) IssuerKeys(issuer string, epoch uint64) []IssuerKey { return nil }

// BlindPass is BlindPass with a key of this network; another key gives ErrIssuer.
func (p *Policy) BlindPass(id KeyID, pub, sealing [32]byte, epoch uint64) (*PassRequest, error) {
	return nil, ErrIssuer
}
