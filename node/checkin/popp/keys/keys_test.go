package keys

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pieks/node/checkin/federation"
	"pieks/node/checkin/jose"
	"pieks/node/checkin/popp"
)

var noon = time.Date(2026, 5, 15, 12, 0, 0, 0, time.UTC)

// service is the other side: it answers over loopback, says what a test wants, and counts.
type service struct {
	*httptest.Server
	entity, signer *ecdsa.PrivateKey
	now            time.Time
	asked          atomic.Int32
	down           atomic.Bool

	statement func(map[string]any) // what to change
	set       func(map[string]any)
	types     [2]string
	by        [2]*ecdsa.PrivateKey
	answer    func(http.ResponseWriter, *http.Request) bool
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func public(key *ecdsa.PrivateKey) jose.Key { return jose.Key{P256: &key.PublicKey} }

func start(t testing.TB) *service {
	s := &service{entity: newKey(t), signer: newKey(t), now: noon, types: [2]string{federation.TypeStatement, federation.TypeKeys}}
	s.by = [2]*ecdsa.PrivateKey{s.entity, s.entity}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.down.Load() {
			http.Error(w, "", http.StatusServiceUnavailable)
			return
		}
		if s.answer != nil && s.answer(w, r) {
			return
		}
		which, claims, change := 0, map[string]any{
			"iss": s.URL, "sub": s.URL, "iat": s.now.Unix(), "exp": s.now.Add(24 * time.Hour).Unix(), "jwks": jose.NewSet(public(s.entity)),
			"authority_hints": []string{"https://master.example"},
			"metadata":        map[string]any{"oauth_resource": map[string]any{"signed_jwks_uri": s.URL + "/.well-known/signed-jwks"}},
		}, s.statement
		switch r.URL.Path {
		case federation.WellKnown:
			s.asked.Add(1)
		case "/.well-known/signed-jwks":
			which, claims, change = 1, map[string]any{"keys": []jose.Key{public(s.signer)}}, s.set
		default:
			http.NotFound(w, r)
			return
		}
		if change != nil {
			change(claims)
		}
		jws, err := federation.Sign(s.by[which], s.types[which], claims)
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write([]byte(jws))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *service) source(t testing.TB, kept []byte) *Source {
	t.Helper()
	source, err := New(Config{Service: s.URL, HTTP: s.Client(), Now: func() time.Time { return s.now }, Kept: kept})
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func (s *service) token(t testing.TB, issuer string) string {
	t.Helper()
	payload, err := json.Marshal(popp.Claims{
		Version: "1.0.0", Issuer: issuer, IssuedAt: noon.Unix(), ProofMethod: popp.ProofProviderCVC, PatientProofTime: noon.Unix(),
		PatientID: "X110540756", InsurerID: "109500969", ActorID: "1-2", ActorProfessionOID: "1.2.276.0.76.4.50",
	})
	if err != nil {
		t.Fatal(err)
	}
	token, err := jose.SignES256(s.signer, jose.Header{KeyID: public(s.signer).Thumbprint(), Type: popp.TypePoPP}, payload)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestOffline(t *testing.T) {
	ctx := context.Background()
	s := start(t)
	source := s.source(t, nil)
	if source.Kept() != nil {
		t.Error("something is kept before anything was fetched")
	}
	token := s.token(t, s.URL)
	if got, err := source.Verify(ctx, token, popp.Rules{At: s.now}); err != nil || got.Claims.PatientID != "X110540756" {
		t.Fatalf("%v, %v", got, err)
	}
	for range 10 {
		if _, err := source.Verify(ctx, token, popp.Rules{At: s.now}); err != nil {
			t.Fatal(err)
		}
	}
	if s.asked.Load() != 1 {
		t.Errorf("asked %d times within an hour", s.asked.Load())
	}
	// Without the internet, and in a new process.
	s.down.Store(true)
	kept := source.Kept()
	source = s.source(t, kept)
	s.now = noon.Add(23 * time.Hour)
	if _, err := source.Verify(ctx, token, popp.Rules{At: s.now}); err != nil {
		t.Errorf("offline: %v", err)
	}
	s.now = noon.Add(24 * time.Hour)
	if _, err := source.Verify(ctx, token, popp.Rules{At: s.now}); !errors.Is(err, ErrNoKeys) {
		t.Errorf("with keys that have run out: %v", err)
	}
	if source.Kept() != nil {
		t.Error("what has run out is kept")
	}
	if _, err := s.source(t, kept).Verify(ctx, token, popp.Rules{At: s.now}); !errors.Is(err, ErrNoKeys) {
		t.Errorf("with kept keys that have run out: %v", err)
	}
	// It is back: not asked at once, then found.
	s.down.Store(false)
	if _, err := source.Verify(ctx, token, popp.Rules{At: s.now}); !errors.Is(err, ErrNoKeys) {
		t.Errorf("asked again at once: %v", err)
	}
	s.now = s.now.Add(retryAfter)
	if _, err := source.Verify(ctx, token, popp.Rules{At: s.now}); err != nil {
		t.Error(err)
	}
}

func TestNewKey(t *testing.T) {
	ctx := context.Background()
	s := start(t)
	source := s.source(t, nil)
	if _, _, err := source.Keys(ctx); err != nil {
		t.Fatal(err)
	}
	s.signer = newKey(t)
	token := s.token(t, s.URL)
	if _, err := source.Verify(ctx, token, popp.Rules{At: s.now}); !errors.Is(err, popp.ErrUnknownKey) {
		t.Errorf("asked again at once: %v", err)
	}
	s.now = s.now.Add(retryAfter)
	if _, err := source.Verify(ctx, token, popp.Rules{At: s.now}); err != nil {
		t.Errorf("a new key: %v", err)
	}
	if s.asked.Load() != 2 {
		t.Errorf("asked %d times", s.asked.Load())
	}
}

func TestIssuer(t *testing.T) {
	s := start(t)
	if _, err := s.source(t, nil).Verify(context.Background(), s.token(t, "https://other.example"), popp.Rules{At: s.now}); !errors.Is(err, popp.ErrIssuer) {
		t.Errorf("a token of another service under its key: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	set := func(name string, value any) func(map[string]any) {
		return func(all map[string]any) { all[name] = value }
	}
	at := func(uri string) func(map[string]any) {
		return set("metadata", map[string]any{"oauth_resource": map[string]any{"signed_jwks_uri": uri}})
	}
	for name, test := range map[string]struct {
		change func(*service)
		want   error
	}{
		"type of the statement": {func(s *service) { s.types[0] = "JWT" }, federation.ErrType},
		"type of the keys":      {func(s *service) { s.types[1] = federation.TypeStatement }, federation.ErrType},
		"statement by another":  {func(s *service) { s.by[0] = s.signer }, federation.ErrKey},
		"keys by another":       {func(s *service) { s.by[1] = s.signer }, federation.ErrKey},
		"iss":                   {func(s *service) { s.statement = set("iss", "https://other.example") }, federation.ErrIssuer},
		"sub":                   {func(s *service) { s.statement = set("sub", "https://other.example") }, federation.ErrIssuer},
		"iss of the keys":       {func(s *service) { s.set = set("iss", "https://other.example") }, federation.ErrIssuer},
		"expired":               {func(s *service) { s.statement = set("exp", noon.Unix()) }, federation.ErrExpired},
		"keys expired":          {func(s *service) { s.set = set("exp", noon.Unix()-1) }, federation.ErrExpired},
		"future":                {func(s *service) { s.statement = set("iat", noon.Unix()+61) }, federation.ErrFuture},
		"no exp":                {func(s *service) { s.statement = set("exp", nil) }, federation.ErrStatement},
		"no metadata":           {func(s *service) { s.statement = set("metadata", nil) }, federation.ErrStatement},
		"other metadata":        {func(s *service) { s.statement = set("metadata", map[string]any{}) }, federation.ErrStatement},
		"no keys":               {func(s *service) { s.statement = set("jwks", map[string]any{}) }, federation.ErrStatement},
		"no key set":            {func(s *service) { s.set = set("keys", nil) }, federation.ErrStatement},
		"another host":          {func(s *service) { s.statement = at("https://other.example/keys") }, federation.ErrOtherHost},
		"another port":          {func(s *service) { s.statement = at("http://127.0.0.1:1/keys") }, federation.ErrOtherHost},
		"a host in the path":    {func(s *service) { s.statement = at(s.URL + "@other.example/keys") }, federation.ErrAddress},
		"a path alone":          {func(s *service) { s.statement = at("/keys") }, federation.ErrAddress},
		"a missing page":        {func(s *service) { s.statement = at(s.URL + "/keys") }, federation.ErrAnswer},
		"redirect": {func(s *service) {
			s.answer = func(w http.ResponseWriter, r *http.Request) bool {
				http.Redirect(w, r, "/elsewhere", http.StatusFound)
				return true
			}
		}, federation.ErrRedirect},
		"endless": {func(s *service) {
			s.answer = func(w http.ResponseWriter, _ *http.Request) bool {
				_, _ = w.Write(make([]byte, federation.MaxStatement+1))
				return true
			}
		}, federation.ErrTooLarge},
		"no JWS": {func(s *service) {
			s.answer = func(w http.ResponseWriter, _ *http.Request) bool { _, _ = w.Write([]byte("{}")); return true }
		}, jose.ErrCompact},
		"gone": {func(s *service) { s.Close() }, federation.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			test.change(s)
			source := s.source(t, nil)
			if _, _, err := source.Keys(context.Background()); !errors.Is(err, ErrNoKeys) || !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

// TestLife: a service that says its statement is good for a year does not bind anybody to a key for a year.
func TestLife(t *testing.T) {
	ctx := context.Background()
	s := start(t)
	s.statement = func(all map[string]any) { all["exp"] = noon.AddDate(1, 0, 0).Unix() }
	source := s.source(t, nil)
	_, until, err := source.Keys(ctx)
	if err != nil || !until.Equal(noon.Add(maxLife)) {
		t.Fatalf("until %s, %v", until, err)
	}
	kept := source.Kept()
	s.down.Store(true)
	s.now = noon.Add(maxLife - time.Second)
	if _, until, err := s.source(t, kept).Keys(ctx); err != nil || !until.Equal(noon.Add(maxLife)) {
		t.Errorf("kept until %s, %v", until, err)
	}
	s.now = noon.Add(maxLife)
	if _, _, err := s.source(t, kept).Keys(ctx); !errors.Is(err, ErrNoKeys) {
		t.Errorf("after a week: %v", err)
	}
}

func TestKept(t *testing.T) {
	s := start(t)
	source := s.source(t, nil)
	if _, _, err := source.Keys(context.Background()); err != nil {
		t.Fatal(err)
	}
	kept := string(source.Kept())
	at := strings.LastIndex(kept, `"fetched"`)
	for name, data := range map[string]string{
		"no JSON":        "x",
		"changed":        strings.Replace(kept, `"signed_jwks":"eyJ`, `"signed_jwks":"eyK`, 1),
		"from tomorrow":  kept[:at] + `"fetched":"2026-05-16T12:00:00Z"}`,
		"too large":      kept + strings.Repeat(" ", maxKept),
		"another's keys": strings.ReplaceAll(kept, kept[strings.Index(kept, `"signed_jwks"`):at], `"signed_jwks":"e30.e30.",`),
	} {
		source, err := New(Config{Service: s.URL, HTTP: s.Client(), Now: func() time.Time { return s.now }, Kept: []byte(data)})
		if !errors.Is(err, ErrKept) || source == nil || source.Kept() != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(Config{Service: "https://other.example", Kept: []byte(kept), Now: func() time.Time { return noon }}); !errors.Is(err, ErrKept) {
		t.Errorf("kept keys of another service: %v", err)
	}
	for _, address := range []string{"", "popp.example", "http://popp.example", "https://popp.example/", "https://popp.example?x", "https://u@popp.example",
		"https://popp.example#x"} {
		if _, err := New(Config{Service: address}); !errors.Is(err, federation.ErrAddress) {
			t.Errorf("%s: %v", address, err)
		}
	}
}
