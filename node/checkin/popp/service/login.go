package service

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"time"

	"pieks/node/checkin/jose"
	"pieks/node/checkin/popp"
)

// waiting is an authorization request whose user is at the insurer.
type waiting struct {
	client, redirect, state, challenge string
	until                              time.Time
}

// grant is a code.
type grant struct {
	client, redirect, challenge string
	person                      person
	until                       time.Time
}

// authorize begins a login (spec 10.2.2, steps 40 to 44): it has the insurer prepare one, and sends the browser there.
func (s *Service) authorize(w http.ResponseWriter, r *http.Request) {
	l, provider, err := s.readAuthorize(r.URL.Query())
	if err != nil {
		say(w, 0, nil, err)
		return
	}
	if s.c.Login == nil {
		say(w, 0, nil, accessDenied)
		return
	}
	at, state, err := s.c.Login.Begin(r.Context(), provider, s.c.Issuer+pathCallback, random())
	if err != nil {
		say(w, 0, nil, accessDenied)
		return
	}
	if err := s.await(state, l); err != nil {
		say(w, 0, nil, err)
		return
	}
	http.Redirect(w, r, at, http.StatusFound)
}

func (s *Service) await(state string, l waiting) error {
	now := s.c.Now()
	l.until = now.Add(loginLife)
	s.lock.Lock()
	defer s.lock.Unlock()
	maps.DeleteFunc(s.logins, func(_ string, old waiting) bool { return now.After(old.until) })
	if len(s.logins) >= maxLogins {
		return unavailable
	}
	s.logins[state] = l
	return nil
}

func (s *Service) readAuthorize(q url.Values) (waiting, string, error) {
	l := waiting{client: q.Get("client_id"), redirect: q.Get("redirect_uri"), state: q.Get("state"), challenge: q.Get("code_challenge")}
	s.lock.Lock()
	_, known := s.clients[l.client]
	s.lock.Unlock()
	if !known {
		return l, "", invalidClient
	}
	if q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || len(l.challenge) != 43 || !isHere(l.redirect) ||
		len(l.state) > maxParameter {
		return l, "", invalidRequest
	}
	provider, err := providerOf(q)
	return l, provider, err
}

// providerOf finds the identity provider in whichever of the four forms it came.
func providerOf(q url.Values) (string, error) {
	if issuer := q.Get("idp_iss"); issuer != "" { // ZETA's flow for mobile clients, 2026
		return issuer, nil
	}
	for _, name := range []string{"app_authorization_details", "authorization_details"} {
		if raw := q.Get(name); raw != "" {
			var list []json.RawMessage
			if json.Unmarshal([]byte(raw), &list) != nil || len(list) != 1 {
				return "", invalidRequest
			}
			return preferred(list[0], "urn:ti:gematik:auth:provider")
		}
	}
	return preferred([]byte(q.Get("app_details")), "")
}

func preferred(raw []byte, kind string) (string, error) {
	o, err := jose.ParseObject(raw)
	if err != nil {
		return "", invalidRequest
	}
	if named, err := o.OptionalText("type"); err != nil || named != kind {
		return "", invalidRequest
	}
	preferences, err := o.Object("auth_preferences")
	if err != nil {
		return "", invalidRequest
	}
	for _, key := range []string{"openIdProviderUrl", "openid_provider"} {
		if provider, err := preferences.Text(key); err == nil && provider != "" {
			return provider, nil
		}
	}
	return "", invalidRequest
}

// callback is where the insurer sends the browser (steps 55 to 61). It goes on to the client, with a code or without.
func (s *Service) callback(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	state := q.Get("state")
	s.lock.Lock()
	l, ok := s.logins[state]
	delete(s.logins, state)
	s.lock.Unlock()
	if !ok || s.c.Now().After(l.until) {
		say(w, 0, nil, invalidRequest)
		return
	}
	back := url.Values{"state": {l.state}}
	if code, err := s.finish(r, state, q.Get("code"), l); err != nil {
		back.Set("error", "access_denied")
	} else {
		back.Set("code", code)
	}
	to, err := url.Parse(l.redirect)
	if err != nil {
		say(w, 0, nil, invalidRequest)
		return
	}
	query := to.Query()
	for name := range back {
		query.Set(name, back.Get(name))
	}
	to.RawQuery = query.Encode()
	http.Redirect(w, r, to.String(), http.StatusFound)
}

func (s *Service) finish(r *http.Request, state, code string, l waiting) (string, error) {
	if code == "" {
		return "", accessDenied
	}
	kvnr, ik, err := s.c.Login.Finish(r.Context(), state, code)
	if err != nil || popp.KVNR(kvnr).CheckForm() != nil || popp.IK(ik).CheckForm() != nil {
		return "", accessDenied
	}
	now := s.c.Now()
	s.lock.Lock()
	defer s.lock.Unlock()
	maps.DeleteFunc(s.codes, func(_ string, old grant) bool { return now.After(old.until) })
	if len(s.codes) >= maxCodes {
		return "", unavailable
	}
	own := random()
	s.codes[own] = grant{client: l.client, redirect: l.redirect, challenge: l.challenge, person: person{kvnr, ik}, until: now.Add(codeLife)}
	return own, nil
}
