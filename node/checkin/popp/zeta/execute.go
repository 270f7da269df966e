package zeta

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/gorilla/websocket"

	"pieks/node/checkin/jose"
)

// Execute makes a request of the service with an access token (A_28618, A_28619, A_28508). What needs a login gets a *LoginError, and its answer from
// LoggedIn. A status of 4xx or 5xx is an answer.
func (g *Guard) Execute(ctx context.Context, r Request, d Details) (Response, error) {
	if r.User {
		return Response{}, g.begin(ctx, r, d)
	}
	r, err := attach(r, d)
	if err != nil {
		return Response{}, err
	}
	t, err := g.access(ctx, r.Session)
	if err != nil {
		return Response{}, err
	}
	answer, err := g.do(ctx, r, t)
	if err != nil || answer.Status != http.StatusUnauthorized || r.Session != "" {
		return answer, err
	}
	// The service has done nothing, and forgot the token before its time; a session would have been lost with it.
	g.EndSession("")
	if t, err = g.access(ctx, ""); err != nil {
		return Response{}, err
	}
	return g.do(ctx, r, t)
}

// attach puts details into the body.
func attach(r Request, d Details) (Request, error) {
	if d.Name == "" {
		return r, nil
	}
	switch r.Type {
	case TypeJSON:
		o, err := jose.ParseObject(r.Body)
		if err != nil {
			return r, fmt.Errorf("%w: %w", ErrDetails, err)
		}
		o[d.Name] = d.JSON
		body, err := json.Marshal(o)
		if err != nil {
			return r, fmt.Errorf("%w: %w", ErrDetails, err)
		}
		r.Body = body
	case TypeForm:
		form, err := url.ParseQuery(string(r.Body))
		if err != nil {
			return r, fmt.Errorf("%w: %w", ErrDetails, err)
		}
		form.Set(d.Name, string(d.JSON))
		r.Body = []byte(form.Encode())
	default:
		return r, ErrDetails
	}
	return r, nil
}

func (g *Guard) do(ctx context.Context, r Request, t token) (Response, error) {
	to, err := g.address(r)
	if err != nil {
		return Response{}, err
	}
	out, err := http.NewRequestWithContext(ctx, r.Method, to.String(), bytes.NewReader(r.Body))
	if err != nil {
		return Response{}, fmt.Errorf("make a request of the PoPP service: %w", withoutAddress(err))
	}
	if r.Header != nil {
		out.Header = r.Header.Clone()
	}
	out.Header.Set("Accept", TypeJSON)
	if r.Type != "" {
		out.Header.Set("Content-Type", r.Type)
	}
	if err := g.bear(out.Header, r.Method, to, t); err != nil {
		return Response{}, err
	}
	answer, err := g.send(out, r.Most)
	if err == nil && answer.Status >= 300 && answer.Status < 400 {
		return Response{}, ErrMoved
	}
	return answer, err
}

func (g *Guard) address(r Request) (*url.URL, error) {
	at, _, err := g.ready()
	if err != nil {
		return nil, err
	}
	to := *at.service
	to.Path, to.RawQuery = r.Path, r.Query.Encode()
	return &to, nil
}

// Connect opens a WebSocket of the service. Whoever gets it closes it, and sets its deadlines.
func (g *Guard) Connect(ctx context.Context, r Request) (*websocket.Conn, error) {
	to, err := g.address(r)
	if err != nil {
		return nil, err
	}
	t, err := g.access(ctx, r.Session)
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	if r.Header != nil {
		header = r.Header.Clone()
	}
	if err := g.bear(header, http.MethodGet, to, t); err != nil { // htu is the address of the HTTP request
		return nil, err
	}
	to.Scheme = map[string]string{"http": "ws", "https": "wss"}[to.Scheme]
	config := g.tls.Clone()
	config.NextProtos = []string{"http/1.1"} // RFC 6455 upgrades nothing newer
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: handshakeTimeout, TLSClientConfig: config}
	c, answer, err := dialer.DialContext(ctx, to.String(), header)
	switch {
	case errors.Is(err, websocket.ErrBadHandshake) && answer != nil:
		return nil, fmt.Errorf("%w: no WebSocket (HTTP %d)", ErrGuard, answer.StatusCode)
	case err != nil:
		return nil, fmt.Errorf("reach the PoPP service: %w", withoutAddress(err))
	}
	c.SetReadLimit(maxMessage)
	return c, nil
}
