package healthid

import (
	"fmt"
	"net/http"
	"time"

	"pieks/node/checkin/federation"
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

// parties are the providers that are trusted: what client and verifier share.
type parties struct {
	clientID string
	now      func() time.Time
	fetcher  *federation.Fetcher
	list     *list
	book     *book
}

// newParties is nil, nil when nothing is set up.
func newParties(c Config) (*parties, error) {
	if c.List == "" && len(c.Providers) == 0 {
		return nil, nil
	}
	if c.ClientID == "" || len(c.ClientID) > maxCode {
		return nil, fmt.Errorf("%w: the client id is missing", ErrConfig)
	}
	p := &parties{clientID: c.ClientID, now: c.Now}
	if p.now == nil {
		p.now = time.Now
	}
	p.fetcher = federation.NewFetcher(c.HTTP, p.now)
	p.list = &list{address: c.List, fetcher: p.fetcher, now: p.now}
	p.book = newBook(p.fetcher, p.now)
	if c.List != "" {
		if _, err := federation.CheckAddress(c.List); err != nil {
			return nil, fmt.Errorf("%w: list: %w", ErrConfig, err)
		}
	}
	for _, one := range c.Providers {
		if err := checkInsurer(one); err != nil {
			return nil, fmt.Errorf("%w: provider: %w", ErrConfig, err)
		}
	}
	p.list.named = c.Providers
	return p, nil
}
