package service

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"time"

	"pieks/node/checkin/jose"
	"pieks/node/checkin/popp"
)

// Subject is a practice's proof of who it is to the double's guard, for zeta.Config: what its SM-B would sign for a real one.
func Subject(id popp.TelematikID, key *ecdsa.PrivateKey, now func() time.Time) func(ctx context.Context, audience string) (string, error) {
	return func(_ context.Context, audience string) (string, error) {
		payload, err := json.Marshal(map[string]any{
			"iss": id, "sub": id, "aud": audience, "jti": random(), "iat": now().Unix(), "exp": now().Add(clockSlack).Unix(),
		})
		if err != nil {
			return "", err
		}
		return jose.SignES256(key, jose.Header{Type: "JWT"}, payload)
	}
}
