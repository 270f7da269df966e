package webtest

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Visitor is a browser without JavaScript, with cookies of its own.
type Visitor struct {
	T testing.TB
	http.Client
	At   string // the app
	Lang string // what it prefers to read, as Accept-Language
}

// Answer is the page that a visitor came to.
type Answer struct {
	Status int
	Body   string
	Header http.Header
	Path   string // with the query
}

// Visit is a new visitor of the app at an address. It goes with the test.
func Visit(t testing.TB, at string) *Visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &Visitor{T: t, At: at, Client: http.Client{Jar: jar, Transport: &http.Transport{}}}
	t.Cleanup(v.CloseIdleConnections)
	return v
}

// Do asks for a path of the app, or a whole address, and follows where it leads. change may alter the request; it may be nil.
func (v *Visitor) Do(method, path string, form url.Values, change func(*http.Request)) Answer {
	v.T.Helper()
	if !strings.HasPrefix(path, "http") {
		path = v.At + path
	}
	r, err := http.NewRequestWithContext(v.T.Context(), method, path, strings.NewReader(form.Encode()))
	if err != nil {
		v.T.Fatal(err)
	}
	if v.Lang != "" {
		r.Header.Set("Accept-Language", v.Lang)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if change != nil {
		change(r)
	}
	return v.Send(r)
}

// Send is Do with a request that was made before.
func (v *Visitor) Send(r *http.Request) Answer {
	v.T.Helper()
	resp, err := v.Client.Do(r)
	if err != nil {
		v.T.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		v.T.Fatal(err)
	}
	return Answer{resp.StatusCode, string(data), resp.Header, resp.Request.URL.RequestURI()}
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// Token is what a page's forms carry so that no other page can send them; "" for a page without.
func (a Answer) Token() string {
	if token := csrfField.FindStringSubmatch(a.Body); token != nil {
		return token[1]
	}
	return ""
}

// Filled is the form of a page with names and values in turn, and the page's token. ok says whether the page has one.
func (a Answer) Filled(values ...string) (form url.Values, ok bool) {
	form = url.Values{"csrf": {a.Token()}}
	for i := 0; i+1 < len(values); i += 2 {
		form.Add(values[i], values[i+1])
	}
	return form, a.Token() != ""
}

// Says fails the test for each text that the page does not have, as it stands in its HTML.
func (a Answer) Says(t testing.TB, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(a.Body, w) {
			t.Errorf("%s does not say %q (%d)", a.Path, w, a.Status)
		}
	}
}
