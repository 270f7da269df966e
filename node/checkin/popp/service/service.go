package service

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"pieks/card/egk"
	"pieks/node/checkin/jose"
	"pieks/node/checkin/popp"
)

// Config of a double.
type Config struct {
	// Issuer is the URL at which it is served, without a path: "http://127.0.0.1:8443". It is the iss of its tokens.
	Issuer string
	// Key signs tokens; nil makes one.
	Key *ecdsa.PrivateKey
	// Trust is what cards are verified by. Its Pairs are the hash database of card certificates.
	Trust egk.Trust
	// TakeUnknown has a card pass that the hash database does not know (79510 is a warning).
	TakeUnknown bool
	// Practices are those that it issues tokens for.
	Practices []Practice
	// GiveUp is how long a token waits for its practice; zero: 72 h (A_28503).
	GiveUp time.Duration
	// OnlineFor is how long a practice counts as online after it has asked; zero: a minute.
	OnlineFor time.Duration
	// Directory answers a search request with a FHIR bundle; nil knows none.
	Directory func(ctx context.Context, request string) ([]byte, error)
	// Login is the way to the insurers; nil offers no GesundheitsID.
	Login  Login
	Compat Compat
	Now    func() time.Time
}

// Compat says how it spells what specification and OpenAPI files have each their own way; requests it takes in all ways.
type Compat struct {
	Cancelled      bool // "cancelled" (A_28503) in place of "canceled" (OpenAPI)
	WorkplaceExact bool // wants 64 characters of a check-in with the GesundheitsID (OpenAPI)
}

// Practice is an institution.
type Practice struct {
	TelematikID popp.TelematikID
	Profession  string           // OID
	Key         *ecdsa.PublicKey // P-256; stands in for its SM-B
}

// Login logs insured persons in at their insurers' identity providers, as package healthid does.
type Login interface {
	Begin(ctx context.Context, insurer, redirect, nonce string) (url, state string, err error)
	Finish(ctx context.Context, state, code string) (kvnr, ik string, err error)
}

// Service is the double. It keeps everything in memory.
type Service struct {
	c     Config
	keyID string
	mux   *http.ServeMux

	lock      sync.Mutex
	practices map[popp.TelematikID]*practice
	clients   map[string]jose.Key  // guard: registered keys by client id
	seen      map[string]time.Time // guard: numbers of proofs and assertions, until when
	sessions  map[string]session   // guard: by access token
	logins    map[string]waiting   // guard: by the state at the insurer
	codes     map[string]grant     // guard: by code
	dialogues map[string]*dialogue // by session
	records   map[string]*record   // by id
	sockets   int                  // open
}

// practice is one with what it is waited for.
type practice struct {
	Practice
	forced *bool     // SetOnline
	asked  time.Time // last
	queue  []*record // not fetched, oldest first
}

var errConfig = errors.New("the double of a PoPP service cannot be set up like this")

// New makes one.
func New(c Config) (*Service, error) {
	u, err := url.Parse(c.Issuer)
	if err != nil || u.Scheme+"://"+u.Host != c.Issuer || !loopback(u.Hostname()) {
		return nil, fmt.Errorf("%w: its address has to be on this computer, without a path", errConfig)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.GiveUp == 0 {
		c.GiveUp = giveUp
	}
	if c.OnlineFor == 0 {
		c.OnlineFor = onlineFor
	}
	if c.Key == nil {
		if c.Key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return nil, err
		}
	}
	s := &Service{
		c: c, keyID: jose.Key{P256: &c.Key.PublicKey}.Thumbprint(),
		practices: map[popp.TelematikID]*practice{}, clients: map[string]jose.Key{}, seen: map[string]time.Time{},
		sessions: map[string]session{}, logins: map[string]waiting{}, codes: map[string]grant{},
		dialogues: map[string]*dialogue{}, records: map[string]*record{},
	}
	for _, p := range c.Practices {
		if err := s.Add(p); err != nil {
			return nil, err
		}
	}
	s.mux = s.routes()
	return s, nil
}

// Add has it issue tokens for one more practice, or for one whose key has changed.
func (s *Service) Add(p Practice) error {
	if _, err := popp.ParseTelematikID(string(p.TelematikID)); err != nil {
		return fmt.Errorf("%w: %w", errConfig, err)
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if known := s.practices[p.TelematikID]; known != nil {
		known.Practice = p
		return nil
	}
	s.practices[p.TelematikID] = &practice{Practice: p}
	return nil
}

// loopback: it is no service for anybody else.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// routes are the interfaces; both verbs are taken where the documents differ.
func (s *Service) routes() *http.ServeMux {
	mux := http.NewServeMux()
	both := func(path string, h http.HandlerFunc) {
		mux.HandleFunc("GET "+path, h)
		mux.HandleFunc("POST "+path, h)
	}
	mux.HandleFunc("GET /.well-known/oauth-protected-resource", s.resourceMetadata)
	mux.HandleFunc("GET /.well-known/oauth-authorization-server", s.serverMetadata)
	mux.HandleFunc("POST /register", s.register)
	mux.HandleFunc("GET /authorize", s.authorize)
	mux.HandleFunc("GET "+pathCallback, s.callback)
	mux.HandleFunc("POST "+pathToken, s.token)

	mux.HandleFunc("GET /.well-known/openid-federation", s.entityStatement)
	mux.HandleFunc("GET "+pathKeys, s.signedKeys)

	both("/popp/patient/api/checkin/v1/checkin-request-healthid", s.patient(s.checkInHealthID))
	both("/popp/service/v1/open-communication-ehc", s.patient(s.openCommunication))
	both("/popp/patient/api/practitioner/v1/practitioner-information", s.patient(s.directory))
	mux.HandleFunc("GET /popp/patient/api/practitioner/v1/status-popp-information", s.patient(s.readStatus))
	mux.HandleFunc("GET /popp/practitioner/api/v1/token-generation-ckeck-in", s.practice(s.pull))
	mux.HandleFunc("GET /popp/practitioner/api/v1/token-generation-ehc", s.practice(s.socket))
	return mux
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Server", "pieks-popp-double TEST-ONLY")
	w.Header().Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	s.mux.ServeHTTP(w, r)
}

// Server is an HTTP server for it with deadlines and limits.
func (s *Service) Server() *http.Server {
	return &http.Server{
		Handler: s, ReadHeaderTimeout: headerTimeout, ReadTimeout: requestTimeout, WriteTimeout: requestTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
	}
}

// SetOnline says that a practice is online, or is not, whatever it asks.
func (s *Service) SetOnline(id popp.TelematikID, online bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if p := s.practices[id]; p != nil {
		p.forced = &online
	}
}

// online says whether a practice is reached now.
func (p *practice) online(now time.Time, life time.Duration) bool {
	if p.forced != nil {
		return *p.forced
	}
	return !p.asked.IsZero() && now.Sub(p.asked) < life
}

// isHere is whether an address is a browser's on this computer.
func isHere(redirect string) bool {
	u, err := url.Parse(redirect)
	return err == nil && len(redirect) <= maxParameter && u.Scheme == "http" && loopback(u.Hostname()) && u.User == nil && u.Fragment == ""
}
