package zeta

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
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

// TestLoginAddress: where a guard may send a browser.
func TestLoginAddress(t *testing.T) {
	for location, want := range map[string]error{
		"https://idp.example/auth?request_uri=urn:x": nil,
		"http://127.0.0.1:80/auth":                   nil,
		"http://idp.example/auth":                    ErrGuard,
		"javascript:alert(1)":                        ErrGuard,
		"//idp.example":                              ErrGuard,
		"https://a:b@idp.example/":                   ErrGuard,
		"file:///etc/passwd":                         ErrGuard,
		"":                                           ErrGuard,
		"https://idp.example/" + strings.Repeat("a", 9000): ErrGuard,
		"http://127.0.0.1:1/back?error=access_denied":      ErrDenied,
		"http://127.0.0.1:1/back?error=a%20b":              ErrDenied,
	} {
		s := newStand(t)
		s.sends("/authorize", location)
		r := get
		r.User, r.Back = true, "http://127.0.0.1:1/back"
		_, err := started(t, s, Config{}).Execute(t.Context(), r, Details{Name: "d", JSON: []byte(`[]`)})
		var login *LoginError
		if want == nil && (!errors.As(err, &login) || login.URL != location) || want != nil && !errors.Is(err, want) {
			t.Fatalf("%s: %v, want %v", location, err, want)
		}
		if strings.Contains(fmt.Sprint(err), "idp.example") {
			t.Fatal("the insurer in an error:", err)
		}
	}
	s := newStand(t)
	s.says("/authorize", 200, "{}")
	r := get
	r.User, r.Back = true, "http://127.0.0.1:1/back"
	if _, err := started(t, s, Config{}).Execute(t.Context(), r, Details{}); !errors.Is(err, ErrDenied) {
		t.Fatal(err)
	}
}

// TestLoginsBound: logins that nobody finished are no way to fill memory, and go with their time.
func TestLoginsBound(t *testing.T) {
	s := newStand(t)
	s.sends("/authorize", "https://idp.example/auth")
	now := testNow
	g, err := New(Config{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Init(t.Context(), s.URL); err != nil {
		t.Fatal(err)
	}
	r := get
	r.User, r.Back = true, "http://127.0.0.1:1/back"
	var login *LoginError
	for i := range maxLogins {
		if _, err := g.Execute(t.Context(), r, Details{}); !errors.As(err, &login) {
			t.Fatal(i, err)
		}
	}
	if _, err := g.Execute(t.Context(), r, Details{}); !errors.Is(err, ErrLogin) {
		t.Fatal(err)
	}
	now = now.Add(loginLife + time.Second)
	if _, err := g.Execute(t.Context(), r, Details{}); !errors.As(err, &login) {
		t.Fatal(err)
	}
}

// TestAddresses: what is an address of a service, and of one's own browser.
func TestAddresses(t *testing.T) {
	for fqdn, want := range map[string]string{
		"popp.prod.poppservice.de":        "https://popp.prod.poppservice.de",
		"popp.test.poppservice.de:8443":   "https://popp.test.poppservice.de:8443",
		"https://popp.example/":           "https://popp.example",
		"http://127.0.0.1:8080":           "http://127.0.0.1:8080",
		"http://[::1]:8080":               "http://[::1]:8080",
		"http://localhost:8080":           "http://localhost:8080",
		"http://popp.example":             "",
		"http://127.0.0.1.example":        "",
		"ftp://popp.example":              "",
		"https://popp.example/path":       "",
		"https://popp.example?x=1":        "",
		"https://popp.example#x":          "",
		"https://user@popp.example":       "",
		"https://":                        "",
		"":                                "",
		"popp.example/\r\nHost: x":        "",
		strings.Repeat("a", maxURL) + "b": "",
	} {
		u, err := base(fqdn)
		if want == "" && !errors.Is(err, ErrAddress) || want != "" && (err != nil || u.String() != want) {
			t.Fatalf("%.60q: %v %v", fqdn, u, err)
		}
	}
	for back, ok := range map[string]bool{
		"http://127.0.0.1:9/x": true, "http://localhost:9/x": true, "https://app.example/x": true, "http://app.example/x": false, "com.example:/x": false,
		"http://a@127.0.0.1/x": false, "http://127.0.0.1/x#y": false, "javascript:x": false, "": false,
	} {
		if err := checkBack(back); (err == nil) != ok {
			t.Fatal(back, err)
		}
	}
}

// TestAttach: details go into a body of either kind, and nowhere else.
func TestAttach(t *testing.T) {
	d := Details{Name: "authorization_details", JSON: []byte(`[{"type":"x"}]`)}
	r, err := attach(Request{Type: TypeJSON, Body: []byte(`{"a":"b"}`)}, d)
	if err != nil || string(r.Body) != `{"a":"b","authorization_details":[{"type":"x"}]}` {
		t.Fatal(string(r.Body), err)
	}
	if r, err = attach(Request{Type: TypeForm, Body: []byte(`a=b`)}, d); err != nil {
		t.Fatal(err)
	}
	if form, err := url.ParseQuery(string(r.Body)); err != nil || form.Get("authorization_details") != string(d.JSON) || form.Get("a") != "b" {
		t.Fatal(string(r.Body), err)
	}
	for _, bad := range []Request{{}, {Type: "text/plain"}, {Type: TypeJSON, Body: []byte(`[]`)}, {Type: TypeForm, Body: []byte(`%zz`)}} {
		if _, err := attach(bad, d); !errors.Is(err, ErrDetails) {
			t.Fatal(bad, err)
		}
	}
}

// FuzzAnswers: whatever a guard says, there is no panic, and what is taken is what may be.
func FuzzAnswers(f *testing.F) {
	f.Add(200, []byte(`{"access_token":"a","token_type":"DPoP","expires_in":300}`), "https://idp.example/auth")
	f.Add(400, []byte(`{"error":"invalid_client"}`), "http://127.0.0.1:1/back?error=x")
	f.Add(302, []byte(`{"issuer":"x","client_id":"y","key":"AAAA"}`), "javascript:x")
	f.Fuzz(func(t *testing.T, status int, body []byte, location string) {
		answer := Response{Status: status, Body: body, Header: http.Header{"Location": {location}}}
		for _, bound := range []bool{false, true} {
			if got, err := readToken(answer, bound, testNow); err == nil && (!bearable(got.access) || got.bound != bound || got.until.After(testNow.Add(maxTokenLife))) {
				t.Fatal(got)
			}
		}
		if got, err := loginAddress(answer); err == nil {
			u, err := url.Parse(got)
			if err != nil || u.User != nil || u.Scheme != "https" && !loopback(u.Hostname()) {
				t.Fatal(got)
			}
		} else if len(err.Error()) > 300 {
			t.Fatal(err)
		}
		if r, err := parseRegistration(body); err == nil && r.key == nil {
			t.Fatal("a registration without a key")
		}
		if r, err := attach(Request{Type: TypeJSON, Body: body}, Details{Name: "d", JSON: []byte(`1`)}); err == nil && len(r.Body) == 0 {
			t.Fatal("an empty body")
		}
	})
}
