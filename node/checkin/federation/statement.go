package federation

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"pieks/node/checkin/jose"
)

// Types of the two.
const (
	TypeStatement = "entity-statement+jwt"
	TypeKeys      = "jwk-set+jwt"
)

// WellKnown is where a statement is, behind the issuer.
const WellKnown = "/.well-known/openid-federation"

// Statement is what a service says about itself, verified.
type Statement struct {
	Raw     string // the JWS
	Issuer  string
	Expires time.Time // never later than a week from when it was read
	Keys    *jose.Set // those that sign for the issuer as a member of the federation

	metadata jose.Object
}

// Statement fetches that of an issuer.
func (f *Fetcher) Statement(ctx context.Context, issuer string) (*Statement, error) {
	if _, err := CheckIssuer(issuer); err != nil {
		return nil, err
	}
	body, err := f.Get(ctx, issuer+WellKnown, "application/entity-statement+jwt", MaxStatement)
	if err != nil {
		return nil, fmt.Errorf("fetch the entity statement: %w", err)
	}
	s, err := ParseStatement(strings.TrimSpace(string(body)), issuer, f.now())
	if err != nil {
		return nil, fmt.Errorf("fetch the entity statement: %w", err)
	}
	return s, nil
}

// ParseStatement checks one that an issuer is said to have made.
func ParseStatement(raw, issuer string, now time.Time) (*Statement, error) {
	m, o, err := parse(raw, TypeStatement, MaxStatement)
	if err != nil {
		return nil, err
	}
	inner, err := o.Object("jwks")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	s := &Statement{Raw: raw, Issuer: issuer}
	if s.Keys, err = jose.SetOf(inner); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	if err := verify(m, s.Keys); err != nil {
		return nil, err
	}
	for _, name := range []string{"iss", "sub"} {
		if who, err := o.Text(name); err != nil || who != issuer {
			return nil, ErrIssuer
		}
	}
	if s.Expires, err = times(o, now, true); err != nil {
		return nil, err
	}
	if s.metadata, err = o.Object("metadata"); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	return s, nil
}

// Metadata is what it says about one of its kinds, such as oauth_resource and openid_provider.
func (s *Statement) Metadata(kind string) (jose.Object, error) {
	o, err := s.metadata.Object(kind)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	return o, nil
}

// SignedKeys are the keys of a service, which its statement's keys signed.
type SignedKeys struct {
	Raw     string
	Keys    *jose.Set
	Expires time.Time // that of the statement, if it says none of its own
}

// SignedKeys fetches the signed key set of a statement, which has to be on the issuer's host.
func (f *Fetcher) SignedKeys(ctx context.Context, s *Statement, address string) (*SignedKeys, error) {
	if err := SameHost(s.Issuer, address); err != nil {
		return nil, fmt.Errorf("fetch the signed keys: %w", err)
	}
	body, err := f.Get(ctx, address, "application/jwk-set+jwt", MaxKeys)
	if err != nil {
		return nil, fmt.Errorf("fetch the signed keys: %w", err)
	}
	k, err := ParseSignedKeys(strings.TrimSpace(string(body)), s, f.now())
	if err != nil {
		return nil, fmt.Errorf("fetch the signed keys: %w", err)
	}
	return k, nil
}

// ParseSignedKeys checks a signed key set against the statement of its issuer.
func ParseSignedKeys(raw string, s *Statement, now time.Time) (*SignedKeys, error) {
	m, o, err := parse(raw, TypeKeys, MaxKeys)
	if err != nil {
		return nil, err
	}
	if err := verify(m, s.Keys); err != nil {
		return nil, err
	}
	if _, ok := o["iss"]; ok {
		if who, err := o.Text("iss"); err != nil || who != s.Issuer {
			return nil, ErrIssuer
		}
	}
	k := &SignedKeys{Raw: raw}
	if k.Expires, err = times(o, now, false); err != nil {
		return nil, err
	}
	if k.Expires.IsZero() || k.Expires.After(s.Expires) {
		k.Expires = s.Expires
	}
	if k.Keys, err = jose.SetOf(o); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	return k, nil
}

func parse(raw, typ string, most int) (*jose.Message, jose.Object, error) {
	m, err := jose.Parse(raw, most)
	if err != nil {
		return nil, nil, err
	}
	if m.Type != typ {
		return nil, nil, ErrType
	}
	if m.Algorithm != jose.ES256 { // gematik has no other
		return nil, nil, jose.ErrAlgorithm
	}
	o, err := jose.ParseObject(m.Payload)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	return m, o, nil
}

func verify(m *jose.Message, keys *jose.Set) error {
	key, ok := keys.Key(m.KeyID)
	if !ok {
		return ErrKey
	}
	return m.Verify(key)
}

// times gives the end that o says, at most a week ahead; zero where none has to be there and none is.
func times(o jose.Object, now time.Time, needed bool) (time.Time, error) {
	if _, ok := o["iat"]; ok || needed {
		iat, err := o.Integer("iat")
		if err != nil {
			return time.Time{}, fmt.Errorf("%w: %w", ErrStatement, err)
		}
		if time.Unix(iat, 0).After(now.Add(leeway)) {
			return time.Time{}, ErrFuture
		}
	}
	if _, ok := o["exp"]; !ok && !needed {
		return time.Time{}, nil
	}
	exp, err := o.Integer("exp")
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	end := time.Unix(exp, 0).UTC()
	if !now.Before(end) {
		return time.Time{}, ErrExpired
	}
	if latest := now.Add(maxLife).UTC(); end.After(latest) {
		end = latest
	}
	return end, nil
}

// Sign makes what Parse reads, for those who play a service: claims under a type, by a P-256 key whose thumbprint is its id.
func Sign(key *ecdsa.PrivateKey, typ string, claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("sign %s: %w", typ, err)
	}
	return jose.SignES256(key, jose.Header{KeyID: jose.Key{P256: &key.PublicKey}.Thumbprint(), Type: typ}, payload)
}
