package service

import (
	"crypto/rand"
	"encoding/base64"
	"io"
	"maps"
	"net/http"
	"time"

	"pieks/node/checkin/jose"
)

// The guard's own addresses.
const (
	pathToken    = "/token"
	pathCallback = "/oidc/callback"
)

// session is what an access token stands for. A service knows its client by it, as long as the token lives.
type session struct {
	id       string
	client   string
	scope    string
	key      string // thumbprint of the key that proofs are made with; "" for a token of whoever holds it
	person   *person
	practice *practice
	until    time.Time
}

// person is who logged in.
type person struct{ kvnr, ik string }

// random is a name that nobody guesses.
func random() string {
	var b [24]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// resourceMetadata is RFC 9728.
func (s *Service) resourceMetadata(w http.ResponseWriter, _ *http.Request) {
	say(w, http.StatusOK, map[string]any{
		"resource": s.c.Issuer, "authorization_servers": []string{s.c.Issuer}, "resource_name": organization,
	}, nil)
}

// serverMetadata is RFC 8414.
func (s *Service) serverMetadata(w http.ResponseWriter, _ *http.Request) {
	say(w, http.StatusOK, map[string]any{
		"issuer":                                s.c.Issuer,
		"authorization_endpoint":                s.c.Issuer + "/authorize",
		"token_endpoint":                        s.c.Issuer + pathToken,
		"registration_endpoint":                 s.c.Issuer + "/register",
		"grant_types_supported":                 []string{grantClient, grantCode, grantExchange},
		"response_types_supported":              []string{"code"},
		"code_challenge_methods_supported":      []string{"S256"},
		"dpop_signing_alg_values_supported":     []string{"ES256"},
		"token_endpoint_auth_methods_supported": []string{"private_key_jwt"},
	}, nil)
}

// register takes any client that has a key (RFC 7591): there is no attestation of apps here.
func (s *Service) register(w http.ResponseWriter, r *http.Request) {
	key, err := readRegistration(r.Body)
	if err != nil {
		say(w, 0, nil, err)
		return
	}
	id, err := s.admit(key)
	say(w, http.StatusCreated, map[string]any{"client_id": id, "token_endpoint_auth_method": "private_key_jwt"}, err)
}

func (s *Service) admit(key jose.Key) (string, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if len(s.clients) >= maxClients {
		return "", unavailable
	}
	id := "test-" + random()
	s.clients[id] = key
	return id, nil
}

// readRegistration finds the one P-256 key of a new client.
func readRegistration(body io.Reader) (jose.Key, error) {
	raw, err := io.ReadAll(body)
	if err != nil {
		return jose.Key{}, invalidRequest
	}
	o, err := jose.ParseObject(raw)
	if err != nil {
		return jose.Key{}, invalidRequest
	}
	jwks, err := o.Object("jwks")
	if err != nil {
		return jose.Key{}, invalidRequest
	}
	set, err := jose.SetOf(jwks)
	if err != nil || len(set.Keys()) != 1 || set.Keys()[0].P256 == nil {
		return jose.Key{}, invalidRequest
	}
	return set.Keys()[0], nil
}

// used remembers a number that may come once, and says whether it did. The lock is held.
func (s *Service) used(number string, until, now time.Time) bool {
	if len(s.seen) >= maxSeen {
		maps.DeleteFunc(s.seen, func(_ string, t time.Time) bool { return now.After(t) })
	}
	if t, ok := s.seen[number]; ok && !now.After(t) || len(s.seen) >= maxSeen {
		return true
	}
	s.seen[number] = until
	return false
}
