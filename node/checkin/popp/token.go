package popp

import (
	"fmt"
	"time"

	"pieks/node/checkin/jose"
)

// Kind is which of the two tokens it is, by its typ.
type Kind string

const (
	KindPoPP     Kind = "popp"     // of a PoPP service
	KindPresence Kind = "presence" // of a practice's own node; never a PoPP token
)

// typ and alg of the two.
const (
	TypePoPP     = "vnd.telematik.popp+jwt"
	TypePresence = "vnd.pieks.presence+jwt"
)

// Token is a token that was verified.
type Token struct {
	Kind     Kind
	KeyID    string
	Claims   Claims
	Presence Presence // of KindPresence
	Hash     [32]byte // SHA-256 of header and payload: tokens have no number that all have
}

// Until is the last second in which it holds, but for clocks.
func (t *Token) Until() time.Time { return EndOfQuarter(t.Claims.Issued()) }

// Rules of a verification.
type Rules struct {
	At     time.Time
	Leeway time.Duration // zero: 60 seconds
	Actor  TelematikID   // own Telematik-ID; "" takes any
	Issuer string        // wanted iss; "" takes any
	Kind   Kind          // wanted kind; "" takes both
}

// Verify checks a compact token, quarter rule and actor included. Errors say what is wrong and nothing of what the token says.
func Verify(token string, keys *KeySet, r Rules) (*Token, error) {
	t, err := verify(token, keys, r)
	if err != nil {
		return nil, fmt.Errorf("verify token: %w", err)
	}
	return t, nil
}

func verify(token string, keys *KeySet, r Rules) (*Token, error) {
	m, err := jose.Parse(token, MaxToken)
	if err != nil {
		return nil, err
	}
	t := &Token{KeyID: m.KeyID, Hash: HashOf(token)}
	if t.Kind, err = kindOf(m); err != nil {
		return nil, err
	}
	if r.Kind != "" && r.Kind != t.Kind {
		return nil, ErrKind
	}
	key, err := keys.of(m, t.Kind)
	if err != nil {
		return nil, err
	}
	if err := m.Verify(key); err != nil {
		return nil, err
	}
	o, err := jose.ParseObject(m.Payload)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrClaims, err)
	}
	if t.Claims, err = claimsOf(o); err != nil {
		return nil, err
	}
	if err := t.Claims.check(t.Kind, m.KeyID); err != nil {
		return nil, err
	}
	if t.Kind == KindPresence {
		if t.Presence, err = presenceOf(o); err != nil {
			return nil, err
		}
		if err := t.Presence.check(t.Claims.ProofMethod); err != nil {
			return nil, err
		}
	}
	return t, r.check(t.Claims)
}

// kindOf goes by typ, and wants the algorithm of that kind.
func kindOf(m *jose.Message) (kind Kind, err error) {
	algorithm := ""
	switch m.Type {
	case TypePoPP:
		kind, algorithm = KindPoPP, jose.ES256
	case TypePresence:
		kind, algorithm = KindPresence, jose.EdDSA
	default:
		return "", ErrType
	}
	switch {
	case m.Algorithm == "none":
		return "", ErrUnsigned
	case m.Algorithm != algorithm:
		return "", ErrAlgorithm
	case m.KeyID == "":
		return "", ErrNoKeyID
	}
	return kind, nil
}

// check holds times, actor and issuer of well-formed claims against what is wanted.
func (r Rules) check(c Claims) error {
	leeway := r.Leeway
	if leeway == 0 {
		leeway = DefaultLeeway
	}
	switch {
	case r.Issuer != "" && c.Issuer != r.Issuer:
		return ErrIssuer
	case c.Issued().After(r.At.Add(leeway)):
		return ErrFuture
	case !r.At.Before(EndOfQuarter(c.Issued()).Add(time.Second + leeway)):
		return ErrQuarter
	case r.Actor != "" && c.ActorID != string(r.Actor):
		return ErrActor
	}
	return nil
}
