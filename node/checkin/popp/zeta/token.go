package zeta

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"pieks/node/checkin/jose"
)

// token is an access token.
type token struct {
	access string
	bound  bool // to the key of proofs
	until  time.Time
}

// Grants, and the types that go with them.
const (
	grantClient   = "client_credentials"
	grantCode     = "authorization_code"
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange" // RFC 8693
	typeJWT       = "urn:ietf:params:oauth:token-type:jwt"
	assertionJWT  = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" // RFC 7523
)

// access is the token of a session that is still good, or a new one. A session that began with a token ends with it, since the service knows it by that.
func (g *Guard) access(ctx context.Context, session string) (token, error) {
	now := g.c.Now()
	g.lock.Lock()
	for name, t := range g.sessions {
		if now.After(t.until) && (name == "" || name != session) {
			delete(g.sessions, name)
		}
	}
	t, known := g.sessions[session]
	full := !known && session != "" && len(g.sessions) >= maxSessions
	g.lock.Unlock()
	switch {
	case known && !now.Add(tokenSlack).After(t.until):
		return t, nil
	case known && session != "", full:
		return token{}, ErrSession
	}
	t, err := g.clientToken(ctx)
	if err != nil {
		return token{}, err
	}
	g.lock.Lock()
	defer g.lock.Unlock()
	g.sessions[session] = t
	return t, nil
}

// EndSession forgets the token of a session.
func (g *Guard) EndSession(session string) {
	g.lock.Lock()
	defer g.lock.Unlock()
	delete(g.sessions, session)
}

// clientToken is one for this client alone, or for the practice that it speaks for.
func (g *Guard) clientToken(ctx context.Context) (token, error) {
	at, _, err := g.ready()
	if err != nil {
		return token{}, err
	}
	form := url.Values{"grant_type": {grantClient}}
	if g.c.Subject != nil {
		subject, err := g.c.Subject(ctx, at.issuer.String())
		if err != nil {
			return token{}, fmt.Errorf("have the practice's card sign who it is: %w", err)
		}
		form = url.Values{"grant_type": {grantExchange}, "subject_token": {subject}, "subject_token_type": {typeJWT}}
	}
	if g.c.Scope != "" {
		form.Set("scope", g.c.Scope)
	}
	t, err := g.tokenFor(ctx, form)
	if err != nil {
		return token{}, fmt.Errorf("get an access token of the PoPP service: %w", err)
	}
	return t, nil
}

// tokenFor redeems a grant. The client proves itself by its key (RFC 7523 section 2.2).
func (g *Guard) tokenFor(ctx context.Context, form url.Values) (token, error) {
	at, client, err := g.ready()
	if err != nil {
		return token{}, err
	}
	now := g.c.Now()
	assertion, err := sign(client.key, jose.Header{Type: "JWT", KeyID: jose.Key{P256: &client.key.PublicKey}.Thumbprint()}, map[string]any{
		"iss": client.ClientID, "sub": client.ClientID, "aud": at.token.String(), "jti": random(),
		"iat": now.Unix(), "exp": now.Add(assertionLife).Unix(),
	})
	if err != nil {
		return token{}, err
	}
	form.Set("client_id", client.ClientID)
	form.Set("client_assertion_type", assertionJWT)
	form.Set("client_assertion", assertion)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at.token.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return token{}, err
	}
	r.Header.Set("Content-Type", TypeForm)
	if !g.c.Bearer {
		proof, err := g.proof(http.MethodPost, at.token, "")
		if err != nil {
			return token{}, err
		}
		r.Header.Set("DPoP", proof)
	}
	answer, err := g.send(r, maxMetadata)
	if err != nil {
		return token{}, err
	}
	return readToken(answer, !g.c.Bearer, now)
}

// readToken takes the answer of a token endpoint (RFC 6749 section 5.1). A token that was to be bound is taken bound only.
func readToken(answer Response, bound bool, now time.Time) (token, error) {
	o, err := jose.ParseObject(answer.Body)
	if answer.Status != http.StatusOK {
		return token{}, refusal(answer, o)
	}
	if err != nil {
		return token{}, fmt.Errorf("%w: %w", ErrGuard, err)
	}
	access, err := o.Text("access_token")
	if err != nil || !bearable(access) {
		return token{}, fmt.Errorf("%w: no access token", ErrGuard)
	}
	kind, _ := o.Text("token_type")
	life, err := o.Integer("expires_in")
	if err != nil || life < 0 || life > int64(maxTokenLife/time.Second) {
		return token{}, fmt.Errorf("%w: how long its tokens live", ErrGuard)
	}
	if !strings.EqualFold(kind, "DPoP") && (bound || !strings.EqualFold(kind, "Bearer")) {
		return token{}, fmt.Errorf("%w: tokens of another type", ErrGuard)
	}
	return token{access: access, bound: bound, until: now.Add(time.Duration(life) * time.Second)}, nil
}

// bearable says whether a token can stand in a header: the characters of RFC 6750 section 2.1.
func bearable(access string) bool {
	if access == "" || len(access) > maxToken {
		return false
	}
	for _, c := range access {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-._~+/=", c) {
			return false
		}
	}
	return true
}
