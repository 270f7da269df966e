package zeta

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"pieks/node/checkin/jose"
)

// registration is as whom a client is known at a guard.
type registration struct {
	Issuer   string `json:"issuer"`
	ClientID string `json:"client_id"`
	PKCS8    []byte `json:"key"`

	key *ecdsa.PrivateKey
}

var errRegistration = errors.New("what was kept of the registration at a PoPP service cannot be used: forget it")

// Registration is what to keep, secretly, so that the same client comes back another time. It is nil before Init.
func (g *Guard) Registration() ([]byte, error) {
	_, client, err := g.ready()
	if errors.Is(err, ErrInit) {
		return nil, nil
	}
	return json.Marshal(client)
}

func parseRegistration(kept []byte) (*registration, error) {
	var r registration
	if err := json.Unmarshal(kept, &r); err != nil {
		return nil, errRegistration
	}
	key, err := x509.ParsePKCS8PrivateKey(r.PKCS8)
	if err != nil {
		return nil, errRegistration
	}
	var ok bool
	if r.key, ok = key.(*ecdsa.PrivateKey); !ok || r.key.Curve != elliptic.P256() || r.ClientID == "" || r.Issuer == "" {
		return nil, errRegistration
	}
	return &r, nil
}

// registerAt is the dynamic registration of a client without a user (RFC 7591; OP-PoPP-3 leaves open how it is to be). The service learns a key, and
// nothing of the computer or its user; there is no attestation of the app.
func (g *Guard) registerAt(ctx context.Context, at *metadata) (*registration, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]any{
		"client_name":                "Pieks",
		"token_endpoint_auth_method": "private_key_jwt",
		"grant_types":                []string{"client_credentials", "authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"},
		"response_types":             []string{"code"},
		"jwks":                       jose.NewSet(jose.Key{P256: &key.PublicKey}),
	})
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at.register.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", TypeJSON)
	answer, err := g.send(r, maxMetadata)
	if err != nil {
		return nil, err
	}
	o, err := jose.ParseObject(answer.Body)
	if answer.Status != http.StatusCreated && answer.Status != http.StatusOK {
		return nil, refusal(answer, o)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrGuard, err)
	}
	id, err := o.Text("client_id")
	if err != nil || id == "" || len(id) > maxClientID {
		return nil, fmt.Errorf("%w: no client id", ErrGuard)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return &registration{Issuer: at.issuer.String(), ClientID: id, PKCS8: der, key: key}, nil
}

// parsed reads what should be an object; nil when it is none.
func parsed(body []byte) jose.Object {
	o, err := jose.ParseObject(body)
	if err != nil {
		return nil
	}
	return o
}

// refusal is an OAuth error as its interface has it, or as near as it comes.
func refusal(answer Response, o jose.Object) error {
	code, err := o.Text("error")
	if err != nil || !plain(code) {
		code = "no reason"
	}
	return &OAuthError{Status: answer.Status, Code: code}
}

// plain says whether somebody else's code can stand in a message of ours.
func plain(code string) bool {
	if len(code) == 0 || len(code) > 64 {
		return false
	}
	for _, c := range code {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}
