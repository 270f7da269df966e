package service

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"time"

	"pieks/node/checkin/jose"
	"pieks/node/checkin/popp"
)

// Grants of the token endpoint.
const (
	grantClient   = "client_credentials"
	grantCode     = "authorization_code"
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange" // RFC 8693

	// scopeGenerate is a practice's (OpenAPI: oauth2Profiles).
	scopeGenerate = "token:generate"
	scopePatient  = "popp:patient"
)

// token gives access tokens. They are names without a content: who has one learns nothing from it.
func (s *Service) token(w http.ResponseWriter, r *http.Request) {
	t, err := s.grant(r)
	if err != nil {
		say(w, 0, nil, err)
		return
	}
	access, err := s.open(t)
	kind := "DPoP"
	if t.key == "" {
		kind = "Bearer"
	}
	say(w, http.StatusOK, map[string]any{"access_token": access, "token_type": kind, "expires_in": int(tokenLife / time.Second), "scope": t.scope}, err)
}

// open begins a session and gives its access token.
func (s *Service) open(t session) (string, error) {
	access, now := random(), s.c.Now()
	t.id, t.until = random(), now.Add(tokenLife)
	s.lock.Lock()
	defer s.lock.Unlock()
	if len(s.sessions) >= maxSessions {
		maps.DeleteFunc(s.sessions, func(_ string, old session) bool { return now.After(old.until) })
	}
	if len(s.sessions) >= maxSessions {
		return "", unavailable
	}
	s.sessions[access] = t
	return access, nil
}

// grant is the session that a token request leads to.
func (s *Service) grant(r *http.Request) (session, error) {
	if r.ParseForm() != nil {
		return session{}, invalidRequest
	}
	client, err := s.assertClient(r.PostForm)
	if err != nil {
		return session{}, err
	}
	key, err := s.prove(r, "")
	if err != nil {
		return session{}, err
	}
	t := session{client: client, key: key, scope: scopePatient}
	switch r.PostForm.Get("grant_type") {
	case grantClient:
		if wanted := r.PostForm.Get("scope"); wanted != "" && wanted != scopePatient {
			return session{}, invalidScope
		}
	case grantCode:
		t.person, err = s.redeem(client, r.PostForm)
	case grantExchange:
		t.scope = scopeGenerate
		t.practice, err = s.assertPractice(r.PostForm)
	default:
		err = badGrantType
	}
	return t, err
}

// assertClient checks who asks: a client by its registered key (RFC 7523).
func (s *Service) assertClient(form url.Values) (string, error) {
	id := form.Get("client_id")
	s.lock.Lock()
	key, ok := s.clients[id]
	s.lock.Unlock()
	if !ok {
		return "", invalidClient
	}
	if subject, err := s.assert(form.Get("client_assertion"), key, s.c.Issuer+pathToken); err != nil || subject != id {
		return "", invalidClient
	}
	return id, nil
}

// assert checks a JWT in which the holder of a key says who it is to an audience, once.
func (s *Service) assert(compact string, key jose.Key, audience string) (subject string, err error) {
	m, err := jose.Parse(compact, maxJWT)
	if err != nil || m.Type != "JWT" || m.Verify(key) != nil {
		return "", invalidClient
	}
	o, err := jose.ParseObject(m.Payload)
	if err != nil {
		return "", invalidClient
	}
	var text [4]string
	for i, name := range []string{"iss", "sub", "aud", "jti"} {
		if text[i], err = o.Text(name); err != nil {
			return "", invalidClient
		}
	}
	until, err := o.Integer("exp")
	now := s.c.Now()
	ends := time.Unix(until, 0)
	if err != nil || now.After(ends.Add(clockSlack)) || ends.Sub(now) > maxAssertion || text[0] != text[1] || text[2] != audience || text[3] == "" {
		return "", invalidClient
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.used("assertion "+key.Thumbprint()+" "+text[3], ends.Add(2*clockSlack), now) {
		return "", invalidClient
	}
	return text[1], nil
}

// assertPractice checks a practice's proof of who it is. With gematik its SM-B signs that, with a certificate; here a key that the double was given does.
func (s *Service) assertPractice(form url.Values) (*practice, error) {
	if wanted := form.Get("scope"); wanted != "" && wanted != scopeGenerate {
		return nil, invalidScope
	}
	m, err := jose.Parse(form.Get("subject_token"), maxJWT)
	if err != nil {
		return nil, invalidGrant
	}
	o, err := jose.ParseObject(m.Payload)
	if err != nil {
		return nil, invalidGrant
	}
	id, err := o.Text("sub")
	if err != nil {
		return nil, invalidGrant
	}
	s.lock.Lock()
	p := s.practices[popp.TelematikID(id)]
	s.lock.Unlock()
	if p == nil || p.Key == nil {
		return nil, invalidGrant
	}
	if _, err := s.assert(form.Get("subject_token"), jose.Key{P256: p.Key}, s.c.Issuer); err != nil {
		return nil, invalidGrant
	}
	return p, nil
}

// redeem gives who logged in for a code, once, to the client and the address that it was made for, and to whoever began (PKCE).
func (s *Service) redeem(client string, form url.Values) (*person, error) {
	s.lock.Lock()
	g, ok := s.codes[form.Get("code")]
	delete(s.codes, form.Get("code"))
	s.lock.Unlock()
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	if !ok || s.c.Now().After(g.until) || g.client != client || g.redirect != form.Get("redirect_uri") ||
		subtle.ConstantTimeCompare([]byte(challenge), []byte(g.challenge)) != 1 {
		return nil, invalidGrant
	}
	return &g.person, nil
}
