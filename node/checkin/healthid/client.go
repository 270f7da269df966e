package healthid

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"pieks/node/checkin/federation"
	"pieks/node/checkin/jose"
	"pieks/node/control"
)

// Client is the relying party.
type Client struct {
	*parties
	logins logins
}

// New makes one; nil, nil when nothing is set up.
func New(c Config) (*Client, error) {
	p, err := newParties(c)
	if p == nil || err != nil {
		return nil, err
	}
	return &Client{parties: p}, nil
}

// Insurers are those to choose from, by name.
func (c *Client) Insurers(ctx context.Context) ([]control.Insurer, error) { return c.list.all(ctx) }

// requestedClaims is the claims parameter (OpenID Connect Core 1.0 section 5.5): what a check-in needs, and nothing else of a person.
const requestedClaims = `{"id_token":{"urn:telematik:claims:id":{"essential":true},"urn:telematik:claims:organization":{"essential":true},` +
	`"acr":{"essential":true,"values":["gematik-ehealth-loa-high"]},"amr":{"essential":true}}}`

// Begin pushes the authorization request (PAR, PKCE) and gives the address for the browser. nonce binds the ID token.
func (c *Client) Begin(ctx context.Context, insurer, redirect, nonce string) (address, state string, err error) {
	if err := checkRedirect(redirect); err != nil {
		return "", "", err
	}
	if len(nonce) < minNonce || len(nonce) > maxNonce || strings.ContainsFunc(nonce, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", "", ErrNonceForm
	}
	if err := c.list.has(ctx, insurer); err != nil {
		return "", "", fmt.Errorf("begin a login: %w", err)
	}
	p, err := c.book.provider(ctx, insurer, refreshAfter)
	if err != nil {
		return "", "", fmt.Errorf("begin a login: %w", err)
	}
	state = random()
	one := login{issuer: insurer, redirect: redirect, nonce: nonce, verifier: random(), until: c.now().Add(loginTime)}
	requestURI, err := c.push(ctx, p, state, one)
	if err != nil {
		return "", "", fmt.Errorf("begin a login: %w", err)
	}
	c.logins.put(state, one, c.now())
	separator := "?"
	if strings.Contains(p.authorize, "?") {
		separator = "&"
	}
	return p.authorize + separator + url.Values{"client_id": {c.clientID}, "request_uri": {requestURI}}.Encode(), state, nil
}

// checkRedirect takes an address of this computer (RFC 8252 section 7.3) without a query, which the answer brings.
func checkRedirect(raw string) error {
	u, err := federation.CheckAddress(raw)
	if err != nil || u.Scheme != "http" || strings.Contains(raw, "?") {
		return ErrBack
	}
	if ip, err := netip.ParseAddr(u.Hostname()); u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
		return ErrBack
	}
	return nil
}

// random are 32 bytes in base64url: a state, or a PKCE verifier (RFC 7636 section 4.1).
func random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // it never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// push is RFC 9126 section 2.
func (c *Client) push(ctx context.Context, p *provider, state string, one login) (string, error) {
	status, body, err := c.fetcher.PostForm(ctx, p.push, url.Values{
		"response_type": {"code"}, "client_id": {c.clientID}, "redirect_uri": {one.redirect}, "state": {state}, "nonce": {one.nonce},
		"scope": {"openid urn:telematik:versicherter"}, "acr_values": {"gematik-ehealth-loa-high"}, "claims": {requestedClaims},
		"code_challenge": {challenge(one.verifier)}, "code_challenge_method": {"S256"},
	}, maxAnswer)
	if err != nil {
		return "", away(err)
	}
	o, err := answerOf(status, body, ErrRefused)
	if err != nil {
		return "", err
	}
	uri, err := o.Text("request_uri")
	if err != nil || uri == "" || len(uri) > maxRequestURI || strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("%w: request_uri is missing or damaged", ErrRefused)
	}
	return uri, nil
}

// Finish redeems the code of a state and gives the ID token as it came, verified. A state is good once.
func (c *Client) Finish(ctx context.Context, state, code string) (idToken string, who *Person, err error) {
	one, err := c.logins.take(state, c.now())
	if err != nil {
		return "", nil, err
	}
	if code == "" || len(code) > maxCode {
		return "", nil, ErrCode
	}
	p, err := c.book.provider(ctx, one.issuer, refreshAfter)
	if err != nil {
		return "", nil, fmt.Errorf("finish a login: %w", err)
	}
	status, body, err := c.fetcher.PostForm(ctx, p.code, url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {one.redirect}, "client_id": {c.clientID}, "code_verifier": {one.verifier},
	}, maxAnswer)
	if err != nil {
		return "", nil, fmt.Errorf("finish a login: %w", away(err))
	}
	o, err := answerOf(status, body, ErrCode)
	if err != nil {
		return "", nil, fmt.Errorf("finish a login: %w", err)
	}
	if idToken, err = o.Text("id_token"); err != nil {
		return "", nil, fmt.Errorf("finish a login: %w", ErrIDToken)
	}
	who, err = c.verify(ctx, idToken, wanted{issuer: one.issuer, audience: c.clientID, nonce: one.nonce, now: c.now()})
	if err != nil {
		return "", nil, fmt.Errorf("finish a login: %w", err)
	}
	return idToken, who, nil
}

// Failed ends the login of a state which the browser came back from with an error (RFC 6749 section 4.1.2.1), and says it as an error of this package.
func (c *Client) Failed(state, code string) error {
	if _, err := c.logins.take(state, c.now()); err != nil {
		return err
	}
	if code == "access_denied" {
		return ErrDeclined
	}
	return named(ErrLogin, code)
}

// answerOf is the JSON of a good answer; of another one, refused with the code that it gives.
func answerOf(status int, body []byte, refused error) (jose.Object, error) {
	o, err := jose.ParseObject(body)
	if status == http.StatusOK || status == http.StatusCreated {
		if err != nil {
			return nil, fmt.Errorf("%w: %w", refused, err)
		}
		return o, nil
	}
	if status >= 500 {
		return nil, away(fmt.Errorf("%w (HTTP status %d)", federation.ErrAnswer, status))
	}
	code, _ := o.OptionalText("error")
	return nil, named(refused, code)
}

// named adds the codes that standards have. Another's text may hold anything, and is not repeated.
func named(err error, code string) error {
	switch code {
	case "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_response_type", "invalid_scope", "server_error",
		"temporarily_unavailable", "login_required", "interaction_required", "unmet_authentication_requirements", "invalid_redirect_uri":
		return fmt.Errorf("%w (%s)", err, code)
	}
	return err
}
