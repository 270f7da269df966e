package jose

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Set are keys by their ids.
type Set struct {
	keys []Key
}

// ParseSet reads a JWK Set. Keys of other kinds and for other uses are passed over, as RFC 7517 section 5 wants; a damaged one is not.
func ParseSet(data []byte) (*Set, error) {
	o, err := ParseObject(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeySet, err)
	}
	return SetOf(o)
}

// SetOf reads the set whose member "keys" stands in o.
func SetOf(o Object) (*Set, error) {
	var raw []json.RawMessage
	if list := o["keys"]; len(list) == 0 || list[0] != '[' || json.Unmarshal(list, &raw) != nil {
		return nil, ErrKeySet
	}
	if len(raw) > MaxKeys {
		return nil, fmt.Errorf("%w: %d keys, at most %d", ErrKeySet, len(raw), MaxKeys)
	}
	s := &Set{}
	for _, one := range raw {
		o, err := ParseObject(one)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrKeySet, err)
		}
		k, err := keyOf(o)
		switch {
		case errors.Is(err, errOther):
			continue
		case err != nil:
			return nil, fmt.Errorf("read a key of the set: %w", err)
		}
		if _, twice := s.Key(k.ID); twice {
			return nil, ErrKeyTwice
		}
		s.keys = append(s.keys, k)
	}
	return s, nil
}

// NewSet makes one; each key has its ID.
func NewSet(keys ...Key) *Set { return &Set{keys} }

// Key is the one with this id.
func (s *Set) Key(id string) (Key, bool) {
	for _, k := range s.keys {
		if k.ID == id {
			return k, true
		}
	}
	return Key{}, false
}

// Keys are all, as the set had them.
func (s *Set) Keys() []Key { return s.keys }

// MarshalJSON gives the JWK Set.
func (s *Set) MarshalJSON() ([]byte, error) {
	keys := s.keys
	if keys == nil {
		keys = []Key{}
	}
	return json.Marshal(map[string]any{"keys": keys})
}
