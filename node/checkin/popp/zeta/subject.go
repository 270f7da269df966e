package zeta

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"time"

	"pieks/node/checkin/jose"
)

// Subject is a practice's proof of who it is (Config.Subject) by a key that the service was told beforehand. The Telematikinfrastruktur has the SM-B sign it,
// with its certificate, through a Konnektor, which Pieks does not speak with.
func Subject(id string, key *ecdsa.PrivateKey, now func() time.Time) func(ctx context.Context, audience string) (string, error) {
	return func(_ context.Context, audience string) (string, error) {
		at := now()
		return sign(key, jose.Header{Type: "JWT", KeyID: jose.Key{P256: &key.PublicKey}.Thumbprint()}, map[string]any{
			"iss": id, "sub": id, "aud": audience, "jti": random(), "iat": at.Unix(), "exp": at.Add(assertionLife).Unix(),
		})
	}
}

// Forgotten says that the guard does not know this client any more: it has to register anew, without the Registration of before.
func Forgotten(err error) bool {
	refused, ok := errors.AsType[*OAuthError](err)
	return ok && refused.Code == "invalid_client" // RFC 6749 section 5.2
}
