package keys

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"pieks/node/checkin/federation"
	"pieks/node/checkin/popp"
)

const (
	// refreshAfter: a key that a service gives up is gone in an hour where there is internet.
	refreshAfter = time.Hour
	// retryAfter: how often one service is asked at most, whatever tokens come.
	retryAfter = 5 * time.Minute
	// maxKept: both documents, with the quotes of JSON.
	maxKept = federation.MaxStatement + federation.MaxKeys + 4<<10
	// maxLife: see package federation, here from the time of fetching on.
	maxLife = 7 * 24 * time.Hour
	// patience: while there are good keys, nobody waits longer at a desk for newer ones.
	patience = 5 * time.Second
)

var (
	ErrNoKeys = errors.New("keys of the PoPP service are not there, or have run out, and the service is not reached: nothing can be verified")
	ErrKept   = errors.New("kept keys of the PoPP service are damaged: they are fetched again")
)

// Config says whose keys.
type Config struct {
	Service string       // issuer: its URL without path
	HTTP    *http.Client // nil: one with the system's roots and a deadline
	Now     func() time.Time
	Kept    []byte // what Kept gave, or nil
}

// Source has the keys of one service. It is safe for use by several goroutines.
type Source struct {
	service string
	fetcher *federation.Fetcher
	now     func() time.Time

	mu     sync.Mutex
	have   *fetched
	tried  time.Time // when the service was last asked
	failed error     // what it said to that
}

// fetched is what stands in the store.
type fetched struct {
	Statement string    `json:"statement"`
	SignedSet string    `json:"signed_jwks"`
	At        time.Time `json:"fetched"`

	keys    *popp.KeySet
	expires time.Time
}

// New makes one. Kept keys that do not hold any more are left, with ErrKept if they are damaged: the Source is good all the same.
func New(c Config) (*Source, error) {
	if _, err := federation.CheckIssuer(c.Service); err != nil {
		return nil, fmt.Errorf("keys of a PoPP service: %w", err)
	}
	s := &Source{service: c.Service, now: c.Now}
	if s.now == nil {
		s.now = time.Now
	}
	s.fetcher = federation.NewFetcher(c.HTTP, s.now)
	if len(c.Kept) == 0 {
		return s, nil
	}
	have := &fetched{}
	if len(c.Kept) > maxKept || json.Unmarshal(c.Kept, have) != nil {
		return s, ErrKept
	}
	switch err := have.check(s.service, s.now()); {
	case errors.Is(err, federation.ErrExpired):
	case err != nil:
		return s, fmt.Errorf("%w: %w", ErrKept, err)
	default:
		s.have = have
	}
	return s, nil
}

// check verifies both documents and fills keys and expires.
func (f *fetched) check(service string, now time.Time) error {
	if f.At.After(now.Add(time.Minute)) {
		return federation.ErrFuture
	}
	statement, err := federation.ParseStatement(f.Statement, service, now)
	if err != nil {
		return err
	}
	set, err := federation.ParseSignedKeys(f.SignedSet, statement, now)
	if err != nil {
		return err
	}
	if f.expires = set.Expires; f.expires.After(f.At.Add(maxLife)) {
		f.expires = f.At.Add(maxLife)
	}
	if !now.Before(f.expires) {
		return federation.ErrExpired
	}
	f.keys, err = popp.KeySetOf(set.Keys)
	return err
}

// Kept is what to keep in a store, nil without keys.
func (s *Source) Kept() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.have == nil {
		return nil
	}
	data, err := json.Marshal(s.have)
	if err != nil {
		panic(err) // two strings and a time of this century
	}
	return data
}

// Keys are the keys and when they run out. The service is asked if they are older than an hour.
func (s *Source) Keys(ctx context.Context) (*popp.KeySet, time.Time, error) {
	return s.keys(ctx, refreshAfter)
}

// keys asks the service if what is there is older than that.
func (s *Source) keys(ctx context.Context, age time.Duration) (*popp.KeySet, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if s.have != nil && !now.Before(s.have.expires) {
		s.have = nil
	}
	if s.have == nil || now.Sub(s.have.At) >= age {
		s.refresh(ctx, now)
	}
	if s.have == nil {
		return nil, time.Time{}, fmt.Errorf("%w: %w", ErrNoKeys, s.failed)
	}
	return s.have.keys, s.have.expires, nil
}

// refresh fetches both, at most once in retryAfter. What was there stays if that fails.
func (s *Source) refresh(caller context.Context, now time.Time) {
	if now.Sub(s.tried) < retryAfter && (s.have != nil || s.failed != nil) {
		return
	}
	ctx := caller
	if s.have != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	next, err := s.fetch(ctx, now)
	if err != nil && caller.Err() != nil { // that says nothing about the service
		s.failed, s.tried = err, time.Time{}
		return
	}
	if s.tried, s.failed = now, err; err == nil {
		s.have = next
	}
}

func (s *Source) fetch(ctx context.Context, now time.Time) (*fetched, error) {
	statement, err := s.fetcher.Statement(ctx, s.service)
	if err != nil {
		return nil, err
	}
	metadata, err := statement.Metadata("oauth_resource")
	if err != nil {
		return nil, err
	}
	address, err := metadata.Text("signed_jwks_uri")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", federation.ErrStatement, err)
	}
	set, err := s.fetcher.SignedKeys(ctx, statement, address)
	if err != nil {
		return nil, err
	}
	f := &fetched{Statement: statement.Raw, SignedSet: set.Raw, At: now.UTC()}
	return f, f.check(s.service, now)
}

// Verify checks a PoPP token of the service: popp.Verify with its keys and its name as the issuer. For a key that is not there the service is asked
// again.
func (s *Source) Verify(ctx context.Context, token string, r popp.Rules) (*popp.Token, error) {
	r.Issuer, r.Kind = s.service, popp.KindPoPP
	keys, _, err := s.Keys(ctx)
	if err != nil {
		return nil, fmt.Errorf("verify token: %w", err)
	}
	t, err := popp.Verify(token, keys, r)
	if errors.Is(err, popp.ErrUnknownKey) {
		if keys, _, err = s.keys(ctx, 0); err != nil {
			return nil, fmt.Errorf("verify token: %w", err)
		}
		return popp.Verify(token, keys, r)
	}
	return t, err
}
