package healthid

import (
	"context"
	"fmt"
	"slices"
	"time"

	"pieks/node/checkin/jose"
	"pieks/node/checkin/popp"
)

// Person is what an ID token says.
type Person struct {
	Issuer        string
	KVNR, IK      string
	ACR           string
	AMR           []string
	Authenticated time.Time
}

// Levels of trust (gemSpec_IDP_Sek).
const (
	LevelSubstantial = "gematik-ehealth-loa-substantial"
	LevelHigh        = "gematik-ehealth-loa-high"
)

// Claims of gematik's.
const (
	ClaimKVNR = "urn:telematik:claims:id"
	ClaimIK   = "urn:telematik:claims:organization"
)

// wanted is what an ID token is held against.
type wanted struct {
	issuer, audience, nonce string
	now                     time.Time
	began                   time.Time // of the check-in that it was made for; zero: it has to hold now by its own end
}

// verify checks an ID token with the keys of its issuer, which is on the list.
func (p *parties) verify(ctx context.Context, idToken string, w wanted) (*Person, error) {
	m, err := jose.Parse(idToken, MaxIDToken)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrIDToken, err)
	}
	if m.Type != "" && m.Type != "JWT" { // so that nothing else that a provider signs passes for one
		return nil, fmt.Errorf("%w: it is of another type", ErrIDToken)
	}
	if m.Algorithm != jose.ES256 {
		return nil, jose.ErrAlgorithm
	}
	key, err := p.key(ctx, w.issuer, m.KeyID)
	if err != nil {
		return nil, err
	}
	if err := m.Verify(key); err != nil {
		return nil, err
	}
	o, err := jose.ParseObject(m.Payload)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrIDToken, err)
	}
	return personOf(o, w)
}

// key is one of an issuer, which is asked again for one that is not known.
func (p *parties) key(ctx context.Context, issuer, id string) (jose.Key, error) {
	for _, age := range []time.Duration{refreshAfter, 0} {
		known, err := p.book.provider(ctx, issuer, age)
		if err != nil {
			return jose.Key{}, err
		}
		if key, ok := known.keys.Key(id); ok {
			return key, nil
		}
	}
	return jose.Key{}, ErrTokenKey
}

// personOf checks the claims of an ID token whose signature holds (OpenID Connect Core 1.0 section 3.1.3.7).
func personOf(o jose.Object, w wanted) (*Person, error) {
	who := &Person{}
	var err error
	if who.Issuer, err = o.Text("iss"); err != nil || who.Issuer != w.issuer {
		return nil, ErrIssuer
	}
	if err := checkAudience(o, w.audience); err != nil {
		return nil, err
	}
	if who.Authenticated, err = w.times(o); err != nil {
		return nil, err
	}
	if nonce, err := o.Text("nonce"); err != nil || nonce != w.nonce || nonce == "" {
		return nil, ErrNonce
	}
	if who.ACR, err = o.Text("acr"); err != nil || who.ACR != LevelHigh && who.ACR != LevelSubstantial {
		return nil, ErrLevel
	}
	if _, ok := o["amr"]; ok {
		if who.AMR, err = o.Texts("amr"); err != nil || len(who.AMR) > maxAMR {
			return nil, fmt.Errorf("%w: amr", ErrIDToken)
		}
		if slices.ContainsFunc(who.AMR, func(s string) bool { return len(s) > maxAMRText }) {
			return nil, fmt.Errorf("%w: amr", ErrIDToken)
		}
	}
	if who.KVNR, err = o.Text(ClaimKVNR); err != nil || popp.KVNR(who.KVNR).CheckForm() != nil {
		return nil, ErrPerson
	}
	if who.IK, err = o.Text(ClaimIK); err != nil || popp.IK(who.IK).CheckForm() != nil {
		return nil, ErrPerson
	}
	return who, nil
}

// checkAudience: among several, azp says which one it was made for.
func checkAudience(o jose.Object, client string) error {
	audience, err := o.Texts("aud")
	if err != nil || !slices.Contains(audience, client) {
		return ErrAudience
	}
	azp, err := o.OptionalText("azp")
	if err != nil || len(audience) > 1 && azp != client || azp != "" && azp != client {
		return ErrAudience
	}
	return nil
}

// maxInstant: the year 9999, so that sums of times hold.
const maxInstant = 253402300799

// times checks iat, exp and auth_time, and gives when the person logged in.
func (w wanted) times(o jose.Object) (time.Time, error) {
	var at [3]time.Time
	for i, name := range []string{"iat", "exp", "auth_time"} {
		if _, ok := o[name]; !ok && name == "auth_time" {
			at[i] = at[0]
			continue
		}
		seconds, err := o.Integer(name)
		if err != nil || seconds <= 0 || seconds > maxInstant {
			return time.Time{}, fmt.Errorf("%w: %s", ErrIDToken, name)
		}
		at[i] = time.Unix(seconds, 0).UTC()
	}
	issued, expires, authenticated := at[0], at[1], at[2]
	if latest := w.now.Add(leeway); issued.After(latest) || authenticated.After(latest) {
		return time.Time{}, ErrFuture
	}
	if w.began.IsZero() && !w.now.Before(expires.Add(leeway)) {
		return time.Time{}, ErrExpired
	}
	if !w.began.IsZero() && (issued.Before(w.began.Add(-maxSkew)) || issued.After(w.began.Add(loginTime+maxSkew))) {
		return time.Time{}, ErrExpired
	}
	return authenticated, nil
}
