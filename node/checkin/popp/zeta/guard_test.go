package zeta

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// stand is a guard that answers what a test wants.
type stand struct {
	*httptest.Server
	lock   sync.Mutex
	answer map[string]func(w http.ResponseWriter, r *http.Request) // by path
	count  map[string]int
	last   map[string]*http.Request
}

func newStand(t *testing.T) *stand {
	s := &stand{answer: map[string]func(http.ResponseWriter, *http.Request){}, count: map[string]int{}, last: map[string]*http.Request{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	s.says("/.well-known/oauth-protected-resource", 200, `{"authorization_servers":["`+s.URL+`"]}`)
	s.says("/.well-known/oauth-authorization-server", 200, s.metadata(s.URL, s.URL+"/token"))
	s.says("/register", 201, `{"client_id":"me"}`)
	s.says("/token", 200, `{"access_token":"abc","token_type":"DPoP","expires_in":300}`)
	s.says("/x", 200, `{}`)
	return s
}

func (s *stand) metadata(issuer, token string) string {
	return fmt.Sprintf(`{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q,"registration_endpoint":%q}`,
		issuer, s.URL+"/authorize", token, s.URL+"/register")
}

func (s *stand) does(path string, f func(w http.ResponseWriter, r *http.Request)) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.answer[path] = f
}

func (s *stand) says(path string, status int, body string) {
	s.does(path, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
}

func (s *stand) sends(path, location string) {
	s.does(path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", location)
		w.WriteHeader(http.StatusFound)
	})
}

func (s *stand) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.lock.Lock()
	f := s.answer[r.URL.Path]
	s.count[r.URL.Path]++
	s.last[r.URL.Path] = r
	s.lock.Unlock()
	if f == nil {
		http.NotFound(w, r)
		return
	}
	f(w, r)
}

func (s *stand) asked(path string) int {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.count[path]
}

func newGuard(t *testing.T, c Config) *Guard {
	t.Helper()
	c.Now = func() time.Time { return testNow }
	g, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func started(t *testing.T, s *stand, c Config) *Guard {
	t.Helper()
	g := newGuard(t, c)
	if err := g.Init(t.Context(), s.URL); err != nil {
		t.Fatal(err)
	}
	return g
}

var get = Request{Method: http.MethodGet, Path: "/x", Most: 64}

// TestInit: what a service may not say about its guard.
func TestInit(t *testing.T) {
	elsewhere := newStand(t)
	for name, test := range map[string]struct {
		do   func(s *stand)
		want error
	}{
		"good":      {func(*stand) {}, nil},
		"not there": {func(s *stand) { s.says("/.well-known/oauth-protected-resource", 404, "") }, ErrGuard},
		"no JSON":   {func(s *stand) { s.says("/.well-known/oauth-protected-resource", 200, "<html>") }, ErrGuard},
		"no server": {func(s *stand) { s.says("/.well-known/oauth-protected-resource", 200, `{"authorization_servers":[]}`) }, ErrGuard},
		"server without TLS": {func(s *stand) {
			s.says("/.well-known/oauth-protected-resource", 200, `{"authorization_servers":["http://as.example"]}`)
		}, ErrGuard},
		"server with a path": {func(s *stand) {
			s.says("/.well-known/oauth-protected-resource", 200, `{"authorization_servers":["`+s.URL+`/x"]}`)
		}, ErrGuard},
		"moved": {func(s *stand) { s.sends("/.well-known/oauth-protected-resource", elsewhere.URL) }, ErrGuard},
		"another issuer": {func(s *stand) {
			s.says("/.well-known/oauth-authorization-server", 200, s.metadata(elsewhere.URL, s.URL+"/token"))
		}, ErrGuard},
		"token endpoint elsewhere": {func(s *stand) {
			s.says("/.well-known/oauth-authorization-server", 200, s.metadata(s.URL, elsewhere.URL+"/token"))
		}, ErrGuard},
		"token endpoint with user": {func(s *stand) {
			s.says("/.well-known/oauth-authorization-server", 200, s.metadata(s.URL, strings.Replace(s.URL, "//", "//a@", 1)))
		}, ErrGuard},
		"endpoints missing": {func(s *stand) { s.says("/.well-known/oauth-authorization-server", 200, `{"issuer":"`+s.URL+`"}`) }, ErrGuard},
		"too long": {func(s *stand) {
			s.says("/.well-known/oauth-protected-resource", 200, strings.Repeat(" ", maxMetadata+1))
		}, ErrTooLong},
		"registration refused":      {func(s *stand) { s.says("/register", 403, `{"error":"access_denied"}`) }, ErrDenied},
		"registration without id":   {func(s *stand) { s.says("/register", 201, `{}`) }, ErrGuard},
		"registration of long id":   {func(s *stand) { s.says("/register", 201, `{"client_id":"`+strings.Repeat("a", 257)+`"}`) }, ErrGuard},
		"registration that is late": {func(s *stand) { s.says("/register", 500, `oops`) }, errOAuth},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			test.do(s)
			g := newGuard(t, Config{})
			err := g.Init(t.Context(), s.URL)
			var refused *OAuthError
			if test.want == errOAuth && (!errors.As(err, &refused) || errors.Is(err, ErrDenied)) || test.want != errOAuth && !errors.Is(err, test.want) {
				t.Fatalf("%v, want %v", err, test.want)
			}
			if _, err := g.Execute(t.Context(), get, Details{}); (err == nil) != (test.want == nil) || err != nil && !errors.Is(err, ErrInit) {
				t.Fatal(err)
			}
			if strings.Contains(fmt.Sprint(err), "127.0.0.1") {
				t.Fatal("an address in an error:", err)
			}
		})
	}
	if n := elsewhere.asked("/token") + elsewhere.asked("/"); n != 0 {
		t.Fatal("a request went elsewhere")
	}
}

var errOAuth = errors.New("an OAuth error")

// TestTokenAnswers: what a token endpoint may not say.
func TestTokenAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		body   string
		bearer bool
		want   error
	}{
		"bound":                  {200, `{"access_token":"a.b-c_d~e+f/g=","token_type":"DPoP","expires_in":300}`, false, nil},
		"bearer":                 {200, `{"access_token":"a","token_type":"bearer","expires_in":300}`, true, nil},
		"bearer, bound wanted":   {200, `{"access_token":"a","token_type":"Bearer","expires_in":300}`, false, ErrGuard},
		"no type":                {200, `{"access_token":"a","expires_in":300}`, true, ErrGuard},
		"no life":                {200, `{"access_token":"a","token_type":"DPoP"}`, false, ErrGuard},
		"life below zero":        {200, `{"access_token":"a","token_type":"DPoP","expires_in":-1}`, false, ErrGuard},
		"life of years":          {200, `{"access_token":"a","token_type":"DPoP","expires_in":9999999999}`, false, ErrGuard},
		"no token":               {200, `{"token_type":"DPoP","expires_in":300}`, false, ErrGuard},
		"token with a line":      {200, `{"access_token":"a\r\nX: y","token_type":"DPoP","expires_in":300}`, false, ErrGuard},
		"long token":             {200, `{"access_token":"` + strings.Repeat("a", maxToken+1) + `","token_type":"DPoP","expires_in":300}`, false, ErrGuard},
		"member twice":           {200, `{"access_token":"a","access_token":"b","token_type":"DPoP","expires_in":300}`, false, ErrGuard},
		"refused":                {400, `{"error":"invalid_client"}`, false, ErrDenied},
		"refused, with a secret": {400, `{"error":"X110540756 is not welcome"}`, false, ErrDenied},
		"refused in HTML":        {403, `<html>`, false, ErrDenied},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			s.says("/token", test.status, test.body)
			_, err := started(t, s, Config{Bearer: test.bearer}).Execute(t.Context(), get, Details{})
			if !errors.Is(err, test.want) || strings.Contains(fmt.Sprint(err), "X110540756") {
				t.Fatalf("%v, want %v", err, test.want)
			}
		})
	}
}

// TestExecute: redirects, lengths, and a token that a service has forgotten.
func TestExecute(t *testing.T) {
	elsewhere := newStand(t)
	s := newStand(t)
	g := started(t, s, Config{})
	s.sends("/x", elsewhere.URL+"/x")
	if _, err := g.Execute(t.Context(), get, Details{}); !errors.Is(err, ErrMoved) || elsewhere.asked("/x") != 0 {
		t.Fatal(err)
	}
	s.says("/x", 200, strings.Repeat("a", 65))
	if _, err := g.Execute(t.Context(), get, Details{}); !errors.Is(err, ErrTooLong) {
		t.Fatal(err)
	}
	s.says("/x", 500, strings.Repeat("a", 64))
	if answer, err := g.Execute(t.Context(), get, Details{}); err != nil || answer.Status != 500 || len(answer.Body) != 64 {
		t.Fatal(err)
	}
	s.says("/x", 401, "{}")
	before, tokens := s.asked("/x"), s.asked("/token")
	if answer, err := g.Execute(t.Context(), get, Details{}); err != nil || answer.Status != 401 {
		t.Fatal(err)
	}
	if s.asked("/x") != before+2 || s.asked("/token") != tokens+1 {
		t.Fatal("asked", s.asked("/x")-before, "times with", s.asked("/token")-tokens, "new tokens")
	}
	of := get
	of.Session = "a card's"
	before = s.asked("/x")
	if answer, err := g.Execute(t.Context(), of, Details{}); err != nil || answer.Status != 401 || s.asked("/x") != before+1 {
		t.Fatal("a session went on with another token", err)
	}
	s.Close()
	if _, err := g.Execute(t.Context(), get, Details{}); err == nil || strings.Contains(err.Error(), "/x") {
		t.Fatal(err)
	}
}

// TestSessionsBound: an app has no more dialogues open than it may, and each that ends makes room.
func TestSessionsBound(t *testing.T) {
	s := newStand(t)
	g := started(t, s, Config{})
	for i := range maxSessions {
		r := get
		r.Session = fmt.Sprint("s", i)
		if _, err := g.Execute(t.Context(), r, Details{}); err != nil {
			t.Fatal(i, err)
		}
	}
	r := get
	r.Session = "one more"
	if _, err := g.Execute(t.Context(), r, Details{}); !errors.Is(err, ErrSession) {
		t.Fatal(err)
	}
	if _, err := g.Execute(t.Context(), get, Details{}); err != nil {
		t.Fatal("sessions are in the way of others", err)
	}
	g.EndSession("s0")
	g.EndSession("")
	if _, err := g.Execute(t.Context(), r, Details{}); err != nil {
		t.Fatal(err)
	}
}
