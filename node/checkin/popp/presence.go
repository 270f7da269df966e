package popp

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"

	"pieks/node/checkin/jose"
)

// presenceIssuer stands before the key id in iss: no URL, so that nobody takes it for a service.
const presenceIssuer = "pieks:"

// What Presence.Challenge may be: how the proof is bound to the check-in.
const (
	ChallengePractice  = "practice"  // the card answered a challenge of the practice's own
	ChallengeStatement = "statement" // it signed a statement while the practice was away
	ChallengeLogin     = "login"     // an identity provider put the nonce of the check-in into its ID token
)

// What Presence.Pair may be, and "".
const (
	PairMatch   = "match"   // a list says that both certificates are one card's
	PairUnknown = "unknown" // no list has them
)

// Presence are the claims that only a presence token has.
type Presence struct {
	ID        string `json:"jti"` // the check-in, a UUID
	Workplace string `json:"workplace,omitempty"`
	Challenge string `json:"challenge"`
	Pair      string `json:"pair,omitempty"`
}

// PresenceKeyID is the kid of a practice's key, and "pieks:" and it the iss of its tokens.
func PresenceKeyID(key ed25519.PublicKey) string { return jose.Key{Ed25519: key}.Thumbprint() }

// SignPresence issues a presence token. It fills Version and Issuer, and refuses what Verify would refuse.
func SignPresence(key ed25519.PrivateKey, c Claims, p Presence) (string, error) {
	if len(key) != ed25519.PrivateKeySize {
		return "", fmt.Errorf("sign presence token: %w", jose.ErrKey)
	}
	id := PresenceKeyID(key.Public().(ed25519.PublicKey))
	c.Version, c.Issuer = version, presenceIssuer+id
	if err := c.check(KindPresence, id); err != nil {
		return "", fmt.Errorf("sign presence token: %w", err)
	}
	if err := p.check(c.ProofMethod); err != nil {
		return "", fmt.Errorf("sign presence token: %w", err)
	}
	payload, err := json.Marshal(struct {
		Claims
		Presence
	}{c, p})
	if err != nil {
		return "", fmt.Errorf("sign presence token: %w", err)
	}
	return jose.SignEdDSA(key, jose.Header{KeyID: id, Type: TypePresence}, payload)
}

func presenceOf(o jose.Object) (p Presence, err error) {
	if p.ID, err = o.Text("jti"); err != nil {
		return p, fmt.Errorf("%w: %w", ErrClaims, err)
	}
	if p.Challenge, err = o.Text("challenge"); err != nil {
		return p, fmt.Errorf("%w: %w", ErrClaims, err)
	}
	if p.Workplace, err = o.OptionalText("workplace"); err != nil {
		return p, fmt.Errorf("%w: %w", ErrClaims, err)
	}
	if p.Pair, err = o.OptionalText("pair"); err != nil {
		return p, fmt.Errorf("%w: %w", ErrClaims, err)
	}
	return p, nil
}

func (p Presence) check(proof ProofMethod) error {
	if !IsUUID(p.ID) {
		return fmt.Errorf("%w: jti is no UUID", ErrClaims)
	}
	if p.Workplace != "" {
		if _, err := ParseWorkplaceID(p.Workplace); err != nil {
			return fmt.Errorf("%w: %w", ErrClaims, err)
		}
	}
	switch p.Challenge {
	case ChallengePractice, ChallengeStatement:
	case ChallengeLogin:
		if proof != ProofHealthID {
			return fmt.Errorf("%w: a card does not log in", ErrClaims)
		}
	default:
		return fmt.Errorf("%w: challenge is of an unknown kind", ErrClaims)
	}
	if p.Pair != "" && p.Pair != PairMatch && p.Pair != PairUnknown {
		return fmt.Errorf("%w: pair is of an unknown kind", ErrClaims)
	}
	return nil
}
