package zeta

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

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
