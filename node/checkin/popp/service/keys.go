package service

import (
	"encoding/json"
	"net/http"

	"pieks/node/checkin/jose"
)

// organization says in what is signed that this is no service.
const organization = "Pieks TEST-ONLY double of a PoPP service"

const pathKeys = "/.well-known/signed-jwks"

// entityStatement says where the keys of tokens are (popp.md 1.5).
func (s *Service) entityStatement(w http.ResponseWriter, _ *http.Request) {
	now := s.c.Now()
	s.signed(w, "entity-statement+jwt", map[string]any{
		"iss": s.c.Issuer, "sub": s.c.Issuer, "iat": now.Unix(), "exp": now.Add(statementLife).Unix(),
		"jwks":            jose.NewSet(jose.Key{P256: &s.c.Key.PublicKey}),
		"authority_hints": []string{s.c.Issuer},
		"metadata": map[string]any{
			"federation_entity": map[string]string{"organization_name": organization},
			"oauth_resource":    map[string]string{"signed_jwks_uri": s.c.Issuer + pathKeys},
		},
	})
}

// signedKeys are the keys of tokens.
func (s *Service) signedKeys(w http.ResponseWriter, _ *http.Request) {
	now := s.c.Now()
	s.signed(w, "jwk-set+jwt", map[string]any{
		"iss": s.c.Issuer, "sub": s.c.Issuer, "iat": now.Unix(), "exp": now.Add(statementLife).Unix(),
		"keys": []jose.Key{{P256: &s.c.Key.PublicKey}},
	})
}

func (s *Service) signed(w http.ResponseWriter, kind string, claims map[string]any) {
	payload, err := json.Marshal(claims)
	if err != nil {
		answer(w, nil, internal)
		return
	}
	out, err := jose.SignES256(s.c.Key, jose.Header{KeyID: s.keyID, Type: kind}, payload)
	if err != nil {
		answer(w, nil, internal)
		return
	}
	w.Header().Set("Content-Type", "application/"+kind)
	_, _ = w.Write([]byte(out)) // whoever went away asks again
}

// Keys is the JWK Set that verifies its tokens, not signed.
func (s *Service) Keys() ([]byte, error) {
	return json.Marshal(jose.NewSet(jose.Key{P256: &s.c.Key.PublicKey}))
}
