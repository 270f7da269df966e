package healthid

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"pieks/node/checkin/federation"
	"pieks/node/checkin/jose"
)

// provider is what is known about one, fetched from itself.
type provider struct {
	issuer                string
	push, authorize, code string // endpoints: pushed request, browser, token
	keys                  *jose.Set
	at, end               time.Time
}

// book has the providers that were asked for. Only those that are on the list are, so it does not grow.
type book struct {
	fetcher *federation.Fetcher
	now     func() time.Time
	mu      sync.Mutex
	pages   map[string]*page
}

// page is one provider's; its lock is held while it is asked, so that it is asked once.
type page struct {
	mu     sync.Mutex
	have   *provider
	tried  time.Time
	failed error
}

func newBook(f *federation.Fetcher, now func() time.Time) *book {
	return &book{fetcher: f, now: now, pages: map[string]*page{}}
}

// provider is that of an issuer which the caller found on the list. It is fetched again when it is older than age.
func (b *book) provider(ctx context.Context, issuer string, age time.Duration) (*provider, error) {
	b.mu.Lock()
	p := b.pages[issuer]
	if p == nil {
		p = &page{}
		b.pages[issuer] = p
	}
	b.mu.Unlock()

	p.mu.Lock()
	defer p.mu.Unlock()
	now := b.now()
	if p.have != nil && !now.Before(p.have.end) {
		p.have = nil
	}
	if p.have != nil && now.Sub(p.have.at) < age {
		return p.have, nil
	}
	if p.have == nil && p.failed == nil || now.Sub(p.tried) >= retryAfter {
		next, err := b.discover(ctx, issuer)
		if ctx.Err() == nil { // a caller who left says nothing about the provider
			p.tried, p.failed = now, err
		}
		if err == nil {
			p.have = next
		} else if p.have == nil {
			return nil, err
		}
	}
	if p.have == nil {
		return nil, p.failed
	}
	return p.have, nil
}

// discover asks for the entity statement, and only where there is none for openid-configuration: a bad statement is no reason to believe less.
func (b *book) discover(ctx context.Context, issuer string) (*provider, error) {
	p, err := b.federated(ctx, issuer)
	if errors.Is(err, federation.ErrNotFound) {
		p, err = b.configured(ctx, issuer)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDiscovery, away(err))
	}
	if len(p.keys.Keys()) == 0 {
		return nil, fmt.Errorf("%w: no keys", ErrDiscovery)
	}
	return p, nil
}

func (b *book) federated(ctx context.Context, issuer string) (*provider, error) {
	statement, err := b.fetcher.Statement(ctx, issuer)
	if err != nil {
		return nil, err
	}
	o, err := statement.Metadata("openid_provider")
	if err != nil {
		return nil, err
	}
	p, err := b.endpoints(o, issuer)
	if err != nil {
		return nil, err
	}
	address, err := o.Text("signed_jwks_uri")
	if err != nil {
		return nil, err
	}
	keys, err := b.fetcher.SignedKeys(ctx, statement, address)
	if errors.Is(err, federation.ErrNotFound) { // that is another missing page than the statement's
		return nil, federation.ErrStatement
	}
	if err != nil {
		return nil, err
	}
	p.keys, p.end = keys.Keys, keys.Expires
	return p, nil
}

// configured is OpenID Connect Discovery 1.0.
func (b *book) configured(ctx context.Context, issuer string) (*provider, error) {
	body, err := b.fetcher.Get(ctx, issuer+"/.well-known/openid-configuration", "application/json", maxConfiguration)
	if err != nil {
		return nil, err
	}
	o, err := jose.ParseObject(body)
	if err != nil {
		return nil, err
	}
	p, err := b.endpoints(o, issuer)
	if err != nil {
		return nil, err
	}
	address, err := o.Text("jwks_uri")
	if err != nil {
		return nil, err
	}
	if err := federation.SameHost(issuer, address); err != nil {
		return nil, err
	}
	if body, err = b.fetcher.Get(ctx, address, "application/json", maxJWKS); err != nil {
		return nil, err
	}
	p.keys, err = jose.ParseSet(body)
	p.end = p.at.Add(plainLife)
	return p, err
}

// endpoints may be on other hosts: providers have one for pushed requests alone.
func (b *book) endpoints(o jose.Object, issuer string) (*provider, error) {
	if who, err := o.Text("issuer"); err != nil || who != issuer {
		return nil, federation.ErrIssuer
	}
	p := &provider{issuer: issuer, at: b.now()}
	for name, to := range map[string]*string{
		"pushed_authorization_request_endpoint": &p.push, "authorization_endpoint": &p.authorize, "token_endpoint": &p.code,
	} {
		var err error
		if *to, err = o.Text(name); err != nil {
			return nil, err
		}
		if _, err := federation.CheckAddress(*to); err != nil {
			return nil, err
		}
	}
	return p, nil
}
