package healthid

import (
	"context"
	"fmt"
	"time"

	"pieks/node/checkin/jose"
)

// Verifier checks ID tokens that somebody else obtained: a practice's side.
type Verifier struct{ *parties }

// NewVerifier makes one of the providers of a Config, whose ClientID the tokens are meant for; nil, nil when nothing is set up.
func NewVerifier(c Config) (*Verifier, error) {
	p, err := newParties(c)
	if p == nil || err != nil {
		return nil, err
	}
	return &Verifier{p}, nil
}

// Verify checks signature, issuer, audience, times, nonce, level (gematik-ehealth-loa-substantial or -high) and the two claims.
func (v *Verifier) Verify(ctx context.Context, idToken, nonce string) (*Person, error) {
	return v.VerifyAt(ctx, idToken, nonce, time.Time{})
}

// VerifyAt is Verify of a token for a check-in that began at a time of the patient's clock, and which may have waited since: it has to have been
// issued within the time of a login from then on, its own end notwithstanding. ErrUnreachable says that it cannot be told now.
func (v *Verifier) VerifyAt(ctx context.Context, idToken, nonce string, began time.Time) (*Person, error) {
	issuer, err := v.issuerOf(ctx, idToken)
	if err != nil {
		return nil, fmt.Errorf("verify a login: %w", err)
	}
	who, err := v.verify(ctx, idToken, wanted{issuer, v.clientID, nonce, v.now(), began})
	if err != nil {
		return nil, fmt.Errorf("verify a login: %w", err)
	}
	return who, nil
}

// issuerOf is whom a token claims to be from. Nobody is asked anything unless it is on the list.
func (v *Verifier) issuerOf(ctx context.Context, idToken string) (string, error) {
	m, err := jose.Parse(idToken, MaxIDToken)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrIDToken, err)
	}
	o, err := jose.ParseObject(m.Payload)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrIDToken, err)
	}
	issuer, err := o.Text("iss")
	if err != nil {
		return "", ErrIssuer
	}
	return issuer, v.list.has(ctx, issuer)
}
