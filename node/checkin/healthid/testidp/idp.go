package testidp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"pieks/node/checkin/federation"
	"pieks/node/checkin/jose"
)

const (
	// maxWaiting: pushed requests and codes that wait.
	maxWaiting = 256
	// maxForm: of a request.
	maxForm = 16 << 10
	// pushTime: how long a request_uri is good.
	pushTime = 90 * time.Second
	// codeTime: how long a code is good (RFC 6749 section 4.1.2 has ten minutes at most).
	codeTime = time.Minute
	// tokenTime: how long an ID token is good; gematik's have five minutes.
	tokenTime = 5 * time.Minute
)

// Insured is a made-up person.
type Insured struct {
	Name, KVNR, IK string
}

// Persons have the numbers of gematik's test cards (popp.md 4.2).
var Persons = []Insured{
	{"Klara Kanarie", "X110639491", "109500969"},
	{"Test Testperson", "X110630769", "109500969"},
	{"Hermann Graf Sebastian", "X110540756", "109500969"},
}

// Config of a provider. Only Issuer has to be there.
type Config struct {
	Issuer  string // its own address, without a slash at the end
	Name    string // "" is "Testkasse"
	Insured []Insured
	Clients []string // client ids that are taken; none: any
	Now     func() time.Time

	// Change changes the claims of an ID token before it is signed, nil removes one: for tests of those who verify.
	Change func(claims map[string]any)
	// Plain leaves entity statement and signed keys out: a provider outside of a federation.
	Plain bool
}

// IDP is the provider, an http.Handler.
type IDP struct {
	Config
	mux    *http.ServeMux
	entity *ecdsa.PrivateKey // signs for the federation

	mu     sync.Mutex
	signer *ecdsa.PrivateKey // signs ID tokens
	pushed map[string]pushed
	codes  map[string]granted
}

// pushed is a request that waits for its page, granted a code that waits to be redeemed.
type (
	pushed struct {
		client, redirect, state, nonce, challenge, acr string
		until                                          time.Time
	}
	granted struct {
		pushed
		who Insured
	}
)

// New makes one with fresh keys.
func New(c Config) (*IDP, error) {
	if _, err := federation.CheckIssuer(c.Issuer); err != nil {
		return nil, fmt.Errorf("test identity provider: %w", err)
	}
	if c.Name == "" {
		c.Name = "Testkasse"
	}
	if c.Insured == nil {
		c.Insured = Persons
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	i := &IDP{Config: c, mux: http.NewServeMux(), pushed: map[string]pushed{}, codes: map[string]granted{}}
	var err error
	if i.entity, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, fmt.Errorf("test identity provider: %w", err)
	}
	if err := i.Roll(); err != nil {
		return nil, err
	}
	i.mux.HandleFunc("GET /.well-known/openid-configuration", i.configuration)
	i.mux.HandleFunc("GET /jwks", i.jwks)
	i.mux.HandleFunc("POST /par", i.push)
	i.mux.HandleFunc("GET /authorize", i.page)
	i.mux.HandleFunc("POST /authorize", i.answer)
	i.mux.HandleFunc("POST /token", i.token)
	if !c.Plain {
		i.mux.HandleFunc("GET /federation/list", i.list)
		i.mux.HandleFunc("GET "+federation.WellKnown, i.statement)
		i.mux.HandleFunc("GET /.well-known/signed-jwks", i.signedKeys)
	}
	return i, nil
}

// Roll gives it another key for ID tokens; the one before is gone.
func (i *IDP) Roll() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("test identity provider: %w", err)
	}
	i.mu.Lock()
	i.signer = key
	i.mu.Unlock()
	return nil
}

func (i *IDP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	w.Header().Set("Cache-Control", "no-store")
	i.mux.ServeHTTP(w, r)
}

// current is the key for ID tokens.
func (i *IDP) current() (*ecdsa.PrivateKey, jose.Key) {
	i.mu.Lock()
	defer i.mu.Unlock()
	public := jose.Key{P256: &i.signer.PublicKey}
	public.ID = public.Thumbprint()
	return i.signer, public
}

// random is a request_uri's end, or a code.
func random() string {
	b := make([]byte, 24)
	_, _ = rand.Read(b) // it never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// keep puts one into a bounded map: what is over goes, then the one that ends first.
func keep[T any](all map[string]T, name string, one T, until func(T) time.Time, now time.Time) {
	oldest := ""
	for other, v := range all {
		if !now.Before(until(v)) {
			delete(all, other)
		} else if oldest == "" || until(v).Before(until(all[oldest])) {
			oldest = other
		}
	}
	if len(all) >= maxWaiting {
		delete(all, oldest)
	}
	all[name] = one
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // whoever asked is gone
}

// refuse is RFC 6749 section 5.2.
func refuse(w http.ResponseWriter, code string) {
	reply(w, http.StatusBadRequest, map[string]string{"error": code})
}
