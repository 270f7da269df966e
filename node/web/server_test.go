package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pieks/node/control"
	"pieks/node/home"
	"pieks/node/home/testnet"
	"pieks/store"
)

// site is a running app with two pages: a form that keeps what it is given, and one for doctors.
type site struct {
	*Server
	changes *control.Changes
	clock   *testnet.Clock
	kept    string
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{changes: &control.Changes{}, clock: &testnet.Clock{}}
	net := testnet.New(t, testnet.Config{})
	h, err := home.Open(t.Context(), home.Config{Dir: net.Home("p"), Role: "practice", Network: net.File, Secret: store.KeyFile(), Now: s.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	s.Server, err = Serve(Config{
		Home: h, Changes: s.changes, Listen: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Handlers: control.Handlers{control.MethodStatus: control.HandleNone(func(context.Context) (control.Status, error) { return h.Status(), nil })},
		Pages: Pages{
			Name: "test", Person: Doctor,
			Menu: []MenuItem{{Path: "/", Text: "test_page"}, {Path: "/secret", Text: "test_page", Only: []Person{Doctor}}},
			Files: fstest.MapFS{
				"templates/form.html": {Data: []byte(`{{define "title"}}{{.T "test_page"}}{{end}}{{define "main"}}<form id="form" method="post" action="/">{{.CSRF}}` +
					`{{template "field" (.Field "word" "test_page" "required" "")}}<button>{{.T "test_page"}}</button></form><p data-live="word">{{.Data}}</p>{{end}}`)},
				"text/test.de.toml": {Data: []byte(`test_page = "Seite"`)},
				"text/test.en.toml": {Data: []byte(`test_page = "Page"`)},
			},
			Routes: []Route{
				{Pattern: "GET /{$}", Page: func(c *Call) error { c.Form = NewForm(); return c.Show("form", s.kept) }},
				{Pattern: "POST /{$}", Page: func(c *Call) error {
					if c.Form.Get("word") == "" {
						c.Form.Wrong("word", "leer")
					}
					if !c.Form.OK() {
						return c.Show("form", s.kept)
					}
					s.kept = c.Form.Get("word")
					c.Tell("ago_days", "N", 2)
					return c.Go("/")
				}},
				{Pattern: "GET /secret", Only: []Person{Doctor}, Page: func(c *Call) error { c.Form = NewForm(); return c.Show("form", "secret") }},
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// browser is one with its own cookies.
type browser struct {
	t *testing.T
	http.Client
	at string
}

func (s *site) browser(t *testing.T) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, at: s.URL()}
	b.Jar, b.Transport = jar, &http.Transport{}
	t.Cleanup(b.CloseIdleConnections)
	return b
}

type answer struct {
	status int
	body   string
	header http.Header
}

func (b *browser) do(method, path, body string, change func(*http.Request)) answer {
	b.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = b.at + path
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if change != nil {
		change(r)
	}
	resp, err := b.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{resp.StatusCode, string(data), resp.Header}
}

func (b *browser) get(path string) answer { b.t.Helper(); return b.do("GET", path, "", nil) }

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

func (b *browser) post(values ...string) answer {
	b.t.Helper()
	form := url.Values{}
	if token := csrfField.FindStringSubmatch(b.get("/").body); token != nil {
		form.Set("csrf", token[1])
	}
	for i := 0; i+1 < len(values); i += 2 {
		form.Set(values[i], values[i+1])
	}
	return b.do("POST", "/", form.Encode(), nil)
}

// in is a browser that has followed a link.
func (s *site) in(t *testing.T, person string) *browser {
	t.Helper()
	b := s.browser(t)
	link, err := s.Link(person)
	if err != nil {
		t.Fatal(err)
	}
	if a := b.get(link.URL); a.status != http.StatusOK || !strings.Contains(a.body, `url=/`) {
		t.Fatalf("the link gives %d: %s", a.status, a.body)
	}
	return b
}

func TestLinkOnce(t *testing.T) {
	s := newSite(t)
	link, err := s.Link("")
	if err != nil {
		t.Fatal(err)
	}
	first, second := s.browser(t), s.browser(t)
	if a := second.get("/"); a.status != http.StatusForbidden || strings.Contains(a.body, "csrf") {
		t.Errorf("without a link: %d %s", a.status, a.body)
	}
	first.get(link.URL)
	if a := first.get("/"); a.status != http.StatusOK || !strings.Contains(a.body, `name="word"`) {
		t.Errorf("with the link: %d %s", a.status, a.body)
	}
	if a := second.get(link.URL); a.status != http.StatusForbidden {
		t.Errorf("the link let a second browser in: %d", a.status)
	}
	if a := first.get(link.URL); a.status != http.StatusOK {
		t.Errorf("who is in is sent away by a used link: %d", a.status)
	}
	old, err := s.Link("")
	if err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(linkLife)
	if a := second.get(old.URL); a.status != http.StatusForbidden {
		t.Errorf("a link of half an hour ago: %d", a.status)
	}
	if _, err := s.Link("chief"); control.KindOf(err) != control.KindUsage {
		t.Errorf("a link for a person that there is none of: %v", err)
	}
}

func TestSessionEnds(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "")
	for range 3 { // each use counts anew
		s.clock.Advance(sessionLife - time.Hour)
		if a := b.get("/"); a.status != http.StatusOK {
			t.Fatalf("used within its life: %d", a.status)
		}
	}
	s.clock.Advance(sessionLife + time.Hour)
	if a := b.get("/"); a.status != http.StatusForbidden {
		t.Errorf("after its life: %d", a.status)
	}
	b, other := s.in(t, ""), s.in(t, "")
	token := csrfField.FindStringSubmatch(b.get("/").body)[1]
	if a := b.do("POST", "/logout", "everybody=1&csrf="+token, nil); a.status != http.StatusOK || !strings.Contains(a.body, "abgemeldet") {
		t.Errorf("signing the others out: %d %s", a.status, a.body)
	}
	if a := other.get("/"); a.status != http.StatusForbidden {
		t.Errorf("the other is still in: %d", a.status)
	}
	cookies := b.Jar.Cookies(&url.URL{Scheme: "http", Host: strings.TrimPrefix(b.at, "http://"), Path: "/"})
	b.do("POST", "/logout", "csrf="+token, nil)
	if a := b.do("GET", "/", "", func(r *http.Request) {
		for _, c := range cookies {
			r.AddCookie(c)
		}
	}); a.status != http.StatusForbidden {
		t.Errorf("the cookie still lets in after signing out: %d", a.status)
	}
}

func TestGuard(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "")
	token := csrfField.FindStringSubmatch(b.get("/").body)[1]
	_, port, _ := strings.Cut(strings.TrimPrefix(b.at, "http://"), ":")
	tests := []struct {
		name   string
		method string
		body   string
		change func(*http.Request)
		status int
	}{
		{"own name", "GET", "", nil, 200},
		{"localhost", "GET", "", func(r *http.Request) { // a browser has other cookies there
			for _, c := range b.Jar.Cookies(r.URL) {
				r.AddCookie(c)
			}
			r.Host = "localhost:" + port
		}, 200},
		{"rebound name", "GET", "", func(r *http.Request) { r.Host = "evil.example" }, 403},
		{"rebound name with the port", "GET", "", func(r *http.Request) { r.Host = "evil.example:" + port }, 403},
		{"other port", "GET", "", func(r *http.Request) { r.Host = "127.0.0.1:1" }, 403},
		{"no token", "POST", "word=x", nil, 403},
		{"wrong token", "POST", "word=x&csrf=AAAAAAAAAAAAAAAAAAAAAA", nil, 403},
		{"foreign origin", "POST", "word=x&csrf=" + token, func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") }, 403},
		{"other port's origin", "POST", "word=x&csrf=" + token, func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:1") }, 403},
		{"foreign site", "POST", "word=x&csrf=" + token, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") }, 403},
		{"no session", "POST", "word=x&csrf=" + token, func(r *http.Request) { r.Header.Set("Cookie", "") }, 403},
		{"too long", "POST", "word=" + strings.Repeat("x", maxForm) + "&csrf=" + token, nil, 403},
		{"other method", "DELETE", "csrf=" + token, nil, 403},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := &browser{t: t, Client: b.Client, at: b.at}
			if test.name == "no session" {
				b.Jar = nil
			}
			a := b.do(test.method, "/", test.body, test.change)
			if a.status != test.status {
				t.Errorf("%d, want %d: %s", a.status, test.status, a.body)
			}
			for name, want := range map[string]string{"X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff"} {
				if got := a.header.Get(name); got != want {
					t.Errorf("%s is %q", name, got)
				}
			}
			if csp := a.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
				t.Errorf("policy %q", csp)
			}
			if a.header.Get("Access-Control-Allow-Origin") != "" {
				t.Error("another origin is allowed")
			}
		})
	}
	if s.kept != "" {
		t.Errorf("one of them was taken: %q", s.kept)
	}
	if a := b.post("word", "hallo"); a.status != 200 || s.kept != "hallo" || !strings.Contains(a.body, "vor 2 Tagen") {
		t.Errorf("the right one: %d %q %s", a.status, s.kept, a.body)
	}
	if a := b.get("/"); strings.Contains(a.body, "vor 2 Tagen") {
		t.Error("the notice is said twice")
	}
}

func TestFormKeepsWhatWasTyped(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "")
	a := b.post("word", "")
	for _, want := range []string{`aria-invalid="true"`, `aria-describedby="e-word `, `id="e-word"`, "leer", "autofocus"} {
		if !strings.Contains(a.body, want) && !strings.Contains(a.body, strings.TrimSpace(want)) {
			t.Errorf("no %s in %s", want, a.body)
		}
	}
	if a.status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", a.status)
	}
	a = b.post("word", "<b>halb", "lang", "en") // the language is changed with the form half filled in
	if s.kept != "" || !strings.Contains(a.body, `value="&lt;b&gt;halb"`) || !strings.Contains(a.body, `lang="en"`) || strings.Contains(a.body, "aria-invalid") {
		t.Errorf("in English: %q %s", s.kept, a.body)
	}
	if a := b.get("/"); !strings.Contains(a.body, `<html lang="en"`) {
		t.Error("the language is forgotten")
	}
	if a := b.get("/?lang=de"); !strings.Contains(a.body, `<html lang="de"`) {
		t.Error("not German again")
	}
}

func TestAssistantIsKeptOut(t *testing.T) {
	s := newSite(t)
	doctor, assistant := s.in(t, "doctor"), s.in(t, "assistant")
	if a := doctor.get("/secret"); a.status != 200 || !strings.Contains(a.body, `href="/secret"`) {
		t.Errorf("doctor: %d", a.status)
	}
	if a := assistant.get("/secret"); a.status != 403 || strings.Contains(a.body, ">secret<") {
		t.Errorf("assistant: %d %s", a.status, a.body)
	}
	if a := assistant.get("/"); a.status != 200 || strings.Contains(a.body, `href="/secret"`) {
		t.Errorf("the assistant's menu: %d %s", a.status, a.body)
	}
}

func TestLiveTellsOfChanges(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "")
	r, err := http.NewRequestWithContext(t.Context(), "GET", b.at+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	read := make(chan string)
	go func() {
		defer close(read)
		buf := make([]byte, 4096)
		for {
			n, err := resp.Body.Read(buf)
			if err != nil {
				return
			}
			read <- string(buf[:n])
		}
	}()
	if first := <-read; !strings.Contains(first, "retry:") {
		t.Errorf("begins with %q", first)
	}
	s.changes.Changed()
	if told := <-read; !strings.Contains(told, "event: change") {
		t.Errorf("told %q", told)
	}
	done := make(chan error, 1)
	go func() { done <- s.http.Shutdown(context.Background()) }()
	s.cancel()
	for range read { // ends with the server
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestNextFreePort(t *testing.T) {
	one, err := listen("")
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	two, err := listen("")
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	if one.Addr().String() == two.Addr().String() || !strings.HasPrefix(two.Addr().String(), "127.0.0.1:74") {
		t.Errorf("%s and %s", one.Addr(), two.Addr())
	}
	if l, err := listen(one.Addr().String()); err == nil {
		l.Close()
		t.Error("an address that is taken was taken again")
	}
}
