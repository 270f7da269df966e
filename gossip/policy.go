package gossip

import (
	"bytes"
	"fmt"
	"slices"

	"pieks/gossip/place"
)

// Vaccine is an entry of the network's catalogue.
type Vaccine struct {
	Code         string `cbor:"1,keyasint"` // what slots name, at most 24 bytes
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

// NewPolicy builds the tables. It refuses rules that fail Validate, keys that share an id, and vaccines without doses,
// with a code too long for a slot, or with the code of another.
func NewPolicy(m *place.Map, keys []IssuerKey, vaccines []Vaccine, rules Rules) (*Policy, error) {
	if m == nil {
		return nil, fmt.Errorf("%w: it has no region map", ErrPolicy)
	}
	if err := rules.Validate(); err != nil {
		return nil, err
	}
	p := &Policy{Map: m, Keys: make(map[KeyID]IssuerKey, len(keys)), Vaccines: make(map[string]Vaccine, len(vaccines)), Rules: rules}
	for _, k := range keys {
		if _, err := k.der(); err != nil {
			return nil, err
		}
		if _, twice := p.Keys[k.ID]; twice {
			return nil, fmt.Errorf("%w: %s is listed twice", ErrIssuerKey, k.ID)
		}
		p.Keys[k.ID] = k
	}
	for _, v := range vaccines {
		if _, twice := p.Vaccines[v.Code]; twice || v.Code == "" || len(v.Code) > maxVaccineText || v.Doses == 0 {
			return nil, fmt.Errorf("catalogue entry %q: %w", v.Code, ErrVaccine)
		}
		p.Vaccines[v.Code] = v
	}
	return p, nil
}

// IssuerKeys are the keys for passes of an epoch, of one issuer or, with "", of all, in the order of their ids.
func (p *Policy) IssuerKeys(issuer string, epoch uint64) []IssuerKey {
	var keys []IssuerKey
	for _, k := range p.Keys {
		if (issuer == "" || k.Issuer == issuer) && k.covers(epoch, p.Rules) == nil {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b IssuerKey) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return keys
}

// BlindPass is BlindPass with a key of this network. Any other key gives ErrIssuer: it could be one made for this
// practice alone, to recognise its passes.
func (p *Policy) BlindPass(id KeyID, pub, sealing [32]byte, epoch uint64) (*PassRequest, error) {
	key, ok := p.Keys[id]
	if !ok {
		return nil, fmt.Errorf("blind a pass under key %s: %w", id, ErrIssuer)
	}
	return BlindPass(key, pub, sealing, epoch, p.Rules)
}

// checkPass checks what is cheap about a pass: that its key is known and covers its epoch.
func (p *Policy) checkPass(pass *Pass) (IssuerKey, error) {
	key, ok := p.Keys[pass.Issuer]
	if !ok {
		return IssuerKey{}, fmt.Errorf("key %s: %w", pass.Issuer, ErrIssuer)
	}
	return key, key.covers(pass.Epoch, p.Rules)
}

// checkSlots checks days and vaccines. Days count from the day the sheet was issued, not from today, so that a sheet does
// not turn invalid at midnight on those nodes only that do not have it yet.
func (p *Policy) checkSlots(s *Sheet) error {
	first, last := dayRange(s.IssuedAt(), p.Rules.DaysAhead)
	for i := range s.Slots {
		slot := &s.Slots[i]
		if slot.Day < first || slot.Day > last {
			return fmt.Errorf("day %d, allowed %d to %d: %w", slot.Day, first, last, ErrDay)
		}
		if v, ok := p.Vaccines[slot.Vaccine]; !ok || slot.Dose > v.Doses {
			return fmt.Errorf("vaccine %q dose %d: %w", slot.Vaccine, slot.Dose, ErrVaccine)
		}
	}
	return nil
}
