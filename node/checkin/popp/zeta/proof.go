package zeta

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"pieks/node/checkin/jose"
)

// typeProof is the typ of a proof of possession (RFC 9449 section 4.2).
const typeProof = "dpop+jwt"

var base64url = base64.RawURLEncoding

// random is a fresh name that nobody guesses.
func random() string {
	var b [24]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return base64url.EncodeToString(b[:])
}

// sign makes a JWT of claims.
func sign(key *ecdsa.PrivateKey, h jose.Header, claims map[string]any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	return jose.SignES256(key, h, payload)
}

// proof is the header "DPoP" of one request; access is the token that comes with it, "" when one is asked for.
func (g *Guard) proof(method string, to *url.URL, access string) (string, error) {
	at := *to
	at.RawQuery, at.Fragment = "", "" // RFC 9449 section 4.2: htu without query and fragment
	claims := map[string]any{"jti": random(), "htm": method, "htu": at.String(), "iat": g.c.Now().Unix()}
	if access != "" {
		sum := sha256.Sum256([]byte(access))
		claims["ath"] = base64url.EncodeToString(sum[:])
	}
	signed, err := sign(g.dpop, jose.Header{Type: typeProof, Key: &jose.Key{P256: &g.dpop.PublicKey}}, claims)
	if err != nil {
		return "", fmt.Errorf("prove possession of a token: %w", err)
	}
	return signed, nil
}

// bear puts an access token into the header of a request.
func (g *Guard) bear(h http.Header, method string, to *url.URL, t token) error {
	if !t.bound {
		h.Set("Authorization", "Bearer "+t.access)
		return nil
	}
	proof, err := g.proof(method, to, t.access)
	if err != nil {
		return err
	}
	h.Set("Authorization", "DPoP "+t.access)
	h.Set("DPoP", proof)
	return nil
}
