package zeta

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// login is a request that waits for its user.
type login struct {
	request  Request
	verifier string // PKCE (RFC 7636)
	until    time.Time
}

// begin asks the guard for a login, which has the insurer's identity provider prepare it (spec 10.2.2, steps 40 to 44), and gives a *LoginError.
func (g *Guard) begin(ctx context.Context, r Request, d Details) error {
	at, client, err := g.ready()
	if err != nil {
		return err
	}
	if err := checkBack(r.Back); err != nil {
		return err
	}
	state, verifier := random(), random()+random()
	challenge := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {client.ClientID}, "redirect_uri": {r.Back}, "state": {state},
		"code_challenge": {base64url.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
	if g.c.Scope != "" {
		query.Set("scope", g.c.Scope)
	}
	if d.Name != "" {
		query.Set(d.Name, string(d.JSON)) // names the insurer, in an address: step 40 has it so
	}
	to := *at.authorize
	to.RawQuery = query.Encode()
	out, err := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
	if err != nil {
		return fmt.Errorf("ask for a login: %w", withoutAddress(err))
	}
	answer, err := g.send(out, maxMetadata)
	if err != nil {
		return fmt.Errorf("ask for a login: %w", err)
	}
	address, err := loginAddress(answer)
	if err != nil {
		return fmt.Errorf("ask for a login: %w", err)
	}
	if err := g.wait(state, login{request: r, verifier: verifier, until: g.c.Now().Add(loginLife)}); err != nil {
		return err
	}
	return &LoginError{URL: address, State: state}
}

// loginAddress is where a guard sends the browser: https, or this computer in a test.
func loginAddress(answer Response) (string, error) {
	if answer.Status < 300 || answer.Status >= 400 {
		return "", refusal(answer, parsed(answer.Body))
	}
	address := answer.Header.Get("Location")
	u, err := url.Parse(address)
	if err != nil || len(address) > maxURL || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return "", fmt.Errorf("%w: where it sends the browser", ErrGuard)
	}
	if code := u.Query().Get("error"); code != "" { // RFC 6749 section 4.1.2.1: it refused, by way of the browser
		if !plain(code) {
			code = "no reason"
		}
		return "", &OAuthError{Status: answer.Status, Code: code}
	}
	return address, nil
}

func (g *Guard) wait(state string, l login) error {
	g.lock.Lock()
	defer g.lock.Unlock()
	now := g.c.Now()
	for name, other := range g.logins {
		if now.After(other.until) {
			delete(g.logins, name)
		}
	}
	if len(g.logins) >= maxLogins {
		return fmt.Errorf("%w: too many logins wait", ErrLogin)
	}
	g.logins[state] = l
	return nil
}

// LoggedIn takes what a browser brought back, and makes the request that waited for it (steps 55 to 79). State and token are good for this one time:
// somebody else at the same computer logs in anew.
func (g *Guard) LoggedIn(ctx context.Context, state, code string) (Response, error) {
	g.lock.Lock()
	l, ok := g.logins[state]
	delete(g.logins, state)
	g.lock.Unlock()
	if !ok || g.c.Now().After(l.until) || code == "" || len(code) > maxCode {
		return Response{}, ErrLogin
	}
	t, err := g.tokenFor(ctx, url.Values{
		"grant_type": {grantCode}, "code": {code}, "code_verifier": {l.verifier}, "redirect_uri": {l.request.Back},
	})
	if err != nil {
		return Response{}, fmt.Errorf("finish the login: %w", err)
	}
	return g.do(ctx, l.request, t)
}

// Forget ends a login that was broken off.
func (g *Guard) Forget(state string) {
	g.lock.Lock()
	defer g.lock.Unlock()
	delete(g.logins, state)
}
