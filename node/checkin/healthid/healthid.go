// Package healthid logs insured persons in at the identity provider of their insurer (GesundheitsID), and checks what that says.
package healthid

import (
	"context"
	"errors"
	"net/http"
	"time"

	"pieks/node/control"
)

// Config is what is set up. No federation list and no provider: no GesundheitsID.
type Config struct {
	// List is where the federation master lists the providers (idp-list), or Providers are named one by one by their issuer URLs.
	List      string
	Providers []control.Insurer
	ClientID  string
	HTTP      *http.Client // nil: one with the system's roots and a deadline
	Now       func() time.Time
}

// Client is the relying party.
type Client struct{}

// New makes one; nil, nil when nothing is set up.
func New(c Config) (*Client, error) { return nil, errSketch }

// Insurers are those to choose from.
func (c *Client) Insurers(ctx context.Context) ([]control.Insurer, error) { return nil, errSketch }

// Begin pushes the authorization request (PAR, PKCE) and gives the address for the browser. nonce binds the ID token.
func (c *Client) Begin(ctx context.Context, insurer, redirect, nonce string) (url, state string, err error) {
	return "", "", errSketch
}

// Finish redeems the code of a state and gives the ID token as it came, verified.
func (c *Client) Finish(ctx context.Context, state, code string) (idToken string, who *Person, err error) {
	return "", nil, errSketch
}

// Person is what an ID token says.
type Person struct {
	Issuer        string
	KVNR, IK      string
	ACR           string
	AMR           []string
	Authenticated time.Time
}

// Verifier checks ID tokens that somebody else obtained: a practice's side.
type Verifier struct{}

// NewVerifier makes one of the providers of a Config; nil, nil when nothing is set up.
func NewVerifier(c Config) (*Verifier, error) { return nil, errSketch }

// Verify checks signature, issuer, audience, times, nonce, level (gematik-ehealth-loa-substantial or -high) and the two claims.
func (v *Verifier) Verify(ctx context.Context, idToken, nonce string) (*Person, error) {
	return nil, errSketch
}

// VerifyAt is Verify for a token that was good at a time: a practice reads a patient's letter when it is back. ErrUnreachable says that the provider's
// keys could not be fetched: try again later.
func (v *Verifier) VerifyAt(ctx context.Context, idToken, nonce string, at time.Time) (*Person, error) {
	return nil, errSketch
}

// ErrUnreachable says that an identity provider does not answer.
var ErrUnreachable = errors.New("the identity provider does not answer: try again later")

var errSketch = errors.New("not built yet")
