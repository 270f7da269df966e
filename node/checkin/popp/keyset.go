package popp

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"pieks/card"
	"pieks/node/checkin/jose"
)

// enrolmentMember is the member of a practice's JWK that has its enrolment, base64url of the CMS.
const enrolmentMember = "pieks_enrolment"

// KeySet are keys by their id: P-256 keys of PoPP services, Ed25519 keys of practices.
type KeySet struct {
	set        *jose.Set
	enrolments map[string][]byte
}

// ParseKeySet reads a JWK Set. Keys for something else are passed over.
func ParseKeySet(data []byte) (*KeySet, error) {
	if len(data) > MaxKeySet {
		return nil, fmt.Errorf("read key set: %w: larger than %d bytes", jose.ErrKeySet, MaxKeySet)
	}
	set, err := jose.ParseSet(data)
	if err != nil {
		return nil, fmt.Errorf("read key set: %w", err)
	}
	k, err := KeySetOf(set)
	if err != nil {
		return nil, fmt.Errorf("read key set: %w", err)
	}
	return k, nil
}

// KeySetOf takes a set that was read elsewhere, as out of a signed one.
func KeySetOf(set *jose.Set) (*KeySet, error) {
	k := &KeySet{set, map[string][]byte{}}
	for _, key := range set.Keys() {
		if _, ok := key.Members[enrolmentMember]; !ok {
			continue
		}
		text, err := key.Members.Text(enrolmentMember)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", jose.ErrKey, err)
		}
		cms, err := base64.RawURLEncoding.Strict().DecodeString(text)
		if err != nil || strings.ContainsAny(text, "\r\n") || len(cms) == 0 || len(cms) > card.MaxEnrolment {
			return nil, fmt.Errorf("%w: %s has to be base64url of at most %d bytes", jose.ErrKey, enrolmentMember, card.MaxEnrolment)
		}
		k.enrolments[key.ID] = cms
	}
	return k, nil
}

// Len is how many keys there are.
func (k *KeySet) Len() int { return len(k.set.Keys()) }

// Enrolment is the enrolment (CMS) that came with a practice's key, not verified; nil without one.
func (k *KeySet) Enrolment(keyID string) []byte { return k.enrolments[keyID] }

// of is the key of a token of a kind; that it fits the algorithm is for the signature's check to say. A practice's key has to have its own thumbprint
// as its id: nothing else says whose it is.
func (k *KeySet) of(m *jose.Message, kind Kind) (jose.Key, error) {
	if k == nil {
		return jose.Key{}, ErrUnknownKey
	}
	key, ok := k.set.Key(m.KeyID)
	if !ok {
		return key, ErrUnknownKey
	}
	if kind == KindPresence && key.Thumbprint() != key.ID {
		return key, ErrUnknownKey
	}
	return key, nil
}

// PracticeKey is a practice's device key with its enrolment, which may be missing.
type PracticeKey struct {
	Device    ed25519.PublicKey
	Enrolment []byte // CMS
}

// PresenceKeys gives the JWK Set that verifies the presence tokens of these keys.
func PresenceKeys(keys ...PracticeKey) ([]byte, error) {
	all := make([]jose.Key, len(keys))
	for i, one := range keys {
		all[i] = jose.Key{ID: PresenceKeyID(one.Device), Ed25519: one.Device}
		if len(one.Enrolment) > 0 {
			text, err := json.Marshal(base64.RawURLEncoding.EncodeToString(one.Enrolment))
			if err != nil {
				return nil, fmt.Errorf("write key set: %w", err)
			}
			all[i].Members = jose.Object{enrolmentMember: text}
		}
	}
	data, err := json.Marshal(jose.NewSet(all...))
	if err != nil {
		return nil, fmt.Errorf("write key set: %w", err)
	}
	return data, nil
}
