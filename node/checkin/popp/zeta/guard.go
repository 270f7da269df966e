package zeta

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"pieks/node/checkin/jose"
)

// Config is what a client of a guard is set up with.
type Config struct {
	// TLS is nil for TLS(nil, Now): the roots of this computer.
	TLS *tls.Config
	// Scope is what access tokens are for; "" leaves it to the guard. A practice's is "token:generate".
	Scope string
	// Bearer has tokens used by whoever holds them, in place of those bound to a key (DPoP, RFC 9449).
	Bearer bool
	// Registration is what Registration gave some other time; nil registers anew.
	Registration []byte
	// Subject makes a practice's proof of who it is, a JWT that its SM-B has signed for an audience; nil for a patient's app.
	Subject func(ctx context.Context, audience string) (string, error)
	Now     func() time.Time
}

// Guard is a client of a ZETA guard and, through it, of one PoPP service. It is for concurrent use.
type Guard struct {
	c    Config
	tls  *tls.Config
	http *http.Client
	dpop *ecdsa.PrivateKey // proofs of possession; a new one each time the program starts

	lock     sync.Mutex
	at       *metadata // nil before Init
	client   *registration
	sessions map[string]token
	logins   map[string]login // by state
}

// New makes one. It reaches for nothing yet.
func New(c Config) (*Guard, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key for access tokens: %w", err)
	}
	g := &Guard{c: c, tls: c.TLS, dpop: key, sessions: map[string]token{}, logins: map[string]login{}}
	if g.tls == nil {
		g.tls = TLS(nil, c.Now)
	}
	g.http = HTTPClient(g.tls)
	if c.Registration != nil {
		if g.client, err = parseRegistration(c.Registration); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// metadata is where a service and its guard are.
type metadata struct {
	service, issuer, authorize, token, register *url.URL
}

// Init asks the service at fqdn which guard it has, and registers there where that was not done before (A_28507).
func (g *Guard) Init(ctx context.Context, fqdn string) error {
	service, err := base(fqdn)
	if err != nil {
		return err
	}
	at, err := g.discover(ctx, service)
	if err != nil {
		return fmt.Errorf("ask the PoPP service for its guard: %w", err)
	}
	g.lock.Lock()
	client := g.client
	g.lock.Unlock()
	if client == nil || client.Issuer != at.issuer.String() {
		if client, err = g.registerAt(ctx, at); err != nil {
			return fmt.Errorf("register at the PoPP service's guard: %w", err)
		}
	}
	g.lock.Lock()
	defer g.lock.Unlock()
	g.at, g.client = at, client
	clear(g.sessions)
	clear(g.logins)
	return nil
}

// ready is where the service is and as whom it is spoken to.
func (g *Guard) ready() (*metadata, *registration, error) {
	g.lock.Lock()
	defer g.lock.Unlock()
	if g.at == nil {
		return nil, nil, ErrInit
	}
	return g.at, g.client, nil
}

// discover reads the protected resource's metadata (RFC 9728) and the authorization server's (RFC 8414).
func (g *Guard) discover(ctx context.Context, service *url.URL) (*metadata, error) {
	resource, err := g.metadata(ctx, service.String()+"/.well-known/oauth-protected-resource")
	if err != nil {
		return nil, err
	}
	servers, err := resource.Texts("authorization_servers")
	if err != nil || len(servers) == 0 {
		return nil, fmt.Errorf("%w: no authorization server", ErrGuard)
	}
	issuer, err := base(servers[0])
	if err != nil || service.Scheme == "https" && issuer.Scheme != "https" {
		return nil, fmt.Errorf("%w: where its authorization server is", ErrGuard)
	}
	server, err := g.metadata(ctx, issuer.String()+"/.well-known/oauth-authorization-server")
	if err != nil {
		return nil, err
	}
	if named, err := server.Text("issuer"); err != nil || named != issuer.String() { // RFC 8414 section 3.3
		return nil, fmt.Errorf("%w: metadata of another authorization server", ErrGuard)
	}
	m := &metadata{service: service, issuer: issuer}
	for name, to := range map[string]**url.URL{
		"authorization_endpoint": &m.authorize, "token_endpoint": &m.token, "registration_endpoint": &m.register,
	} {
		raw, err := server.Text(name)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrGuard, err)
		}
		if *to, err = endpoint(issuer, raw); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (g *Guard) metadata(ctx context.Context, address string) (jose.Object, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	answer, err := g.send(r, maxMetadata)
	if err != nil {
		return nil, err
	}
	if answer.Status != http.StatusOK {
		return nil, fmt.Errorf("%w: HTTP %d", ErrGuard, answer.Status)
	}
	o, err := jose.ParseObject(answer.Body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrGuard, err)
	}
	return o, nil
}
