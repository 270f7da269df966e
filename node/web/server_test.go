package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/node/web/webtest"
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
	h := webtest.Home(t, "practice", s.clock.Now, testnet.Config{})
	var err error
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
	webtest.Closes(t, s.Server, err)
	return s
}

// browser is one with its own cookies.
type browser struct{ *webtest.Visitor }

type answer = webtest.Answer

func (s *site) browser(t *testing.T) *browser { return &browser{webtest.Visit(t, s.URL())} }

func (b *browser) do(method, path, body string, change func(*http.Request)) answer {
	b.T.Helper()
	form, err := url.ParseQuery(body)
	if err != nil {
		b.T.Fatal(err)
	}
	return b.Do(method, path, form, change)
}

func (b *browser) get(path string) answer { b.T.Helper(); return b.do("GET", path, "", nil) }

func (b *browser) post(values ...string) answer {
	b.T.Helper()
	form, _ := b.get("/").Filled(values...)
	return b.Do("POST", "/", form, nil)
}

// in is a browser that has followed a link.
func (s *site) in(t *testing.T, person string) *browser {
	t.Helper()
	b := s.browser(t)
	link, err := s.Link(person)
	if err != nil {
		t.Fatal(err)
	}
	if a := b.get(link.URL); a.Status != http.StatusOK || !strings.Contains(a.Body, `url=/`) {
		t.Fatalf("the link gives %d: %s", a.Status, a.Body)
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
	if a := second.get("/"); a.Status != http.StatusForbidden || strings.Contains(a.Body, "csrf") {
		t.Errorf("without a link: %d %s", a.Status, a.Body)
	}
	first.get(link.URL)
	if a := first.get("/"); a.Status != http.StatusOK || !strings.Contains(a.Body, `name="word"`) {
		t.Errorf("with the link: %d %s", a.Status, a.Body)
	}
	if a := second.get(link.URL); a.Status != http.StatusForbidden {
		t.Errorf("the link let a second browser in: %d", a.Status)
	}
	if a := first.get(link.URL); a.Status != http.StatusOK {
		t.Errorf("who is in is sent away by a used link: %d", a.Status)
	}
	old, err := s.Link("")
	if err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(linkLife)
	if a := second.get(old.URL); a.Status != http.StatusForbidden {
		t.Errorf("a link of half an hour ago: %d", a.Status)
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
		if a := b.get("/"); a.Status != http.StatusOK {
			t.Fatalf("used within its life: %d", a.Status)
		}
	}
	s.clock.Advance(sessionLife + time.Hour)
	if a := b.get("/"); a.Status != http.StatusForbidden {
		t.Errorf("after its life: %d", a.Status)
	}
	b, other := s.in(t, ""), s.in(t, "")
	token := b.get("/").Token()
	if a := b.do("POST", "/logout", "everybody=1&csrf="+token, nil); a.Status != http.StatusOK || !strings.Contains(a.Body, "abgemeldet") {
		t.Errorf("signing the others out: %d %s", a.Status, a.Body)
	}
	if a := other.get("/"); a.Status != http.StatusForbidden {
		t.Errorf("the other is still in: %d", a.Status)
	}
	cookies := b.Jar.Cookies(&url.URL{Scheme: "http", Host: strings.TrimPrefix(b.At, "http://"), Path: "/"})
	b.do("POST", "/logout", "csrf="+token, nil)
	if a := b.do("GET", "/", "", func(r *http.Request) {
		for _, c := range cookies {
			r.AddCookie(c)
		}
	}); a.Status != http.StatusForbidden {
		t.Errorf("the cookie still lets in after signing out: %d", a.Status)
	}
}

func TestGuard(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "")
	token := b.get("/").Token()
	_, port, _ := strings.Cut(strings.TrimPrefix(b.At, "http://"), ":")
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
			b := &browser{&webtest.Visitor{T: t, Client: b.Client, At: b.At}}
			if test.name == "no session" {
				b.Jar = nil
			}
			a := b.do(test.method, "/", test.body, test.change)
			if a.Status != test.status {
				t.Errorf("%d, want %d: %s", a.Status, test.status, a.Body)
			}
			for name, want := range map[string]string{"X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff"} {
				if got := a.Header.Get(name); got != want {
					t.Errorf("%s is %q", name, got)
				}
			}
			if csp := a.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
				t.Errorf("policy %q", csp)
			}
			if a.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Error("another origin is allowed")
			}
		})
	}
	if s.kept != "" {
		t.Errorf("one of them was taken: %q", s.kept)
	}
	if a := b.post("word", "hallo"); a.Status != 200 || s.kept != "hallo" || !strings.Contains(a.Body, "vor 2 Tagen") {
		t.Errorf("the right one: %d %q %s", a.Status, s.kept, a.Body)
	}
	if a := b.get("/"); strings.Contains(a.Body, "vor 2 Tagen") {
		t.Error("the notice is said twice")
	}
}

func TestFormKeepsWhatWasTyped(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "")
	a := b.post("word", "")
	for _, want := range []string{`aria-invalid="true"`, `aria-describedby="e-word `, `id="e-word"`, "leer", "autofocus"} {
		if !strings.Contains(a.Body, want) && !strings.Contains(a.Body, strings.TrimSpace(want)) {
			t.Errorf("no %s in %s", want, a.Body)
		}
	}
	if a.Status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", a.Status)
	}
	a = b.post("word", "<b>halb", "lang", "en") // the language is changed with the form half filled in
	if s.kept != "" || !strings.Contains(a.Body, `value="&lt;b&gt;halb"`) || !strings.Contains(a.Body, `lang="en"`) || strings.Contains(a.Body, "aria-invalid") {
		t.Errorf("in English: %q %s", s.kept, a.Body)
	}
	if a := b.get("/"); !strings.Contains(a.Body, `<html lang="en"`) {
		t.Error("the language is forgotten")
	}
	if a := b.get("/?lang=de"); !strings.Contains(a.Body, `<html lang="de"`) {
		t.Error("not German again")
	}
}

func TestAssistantIsKeptOut(t *testing.T) {
	s := newSite(t)
	doctor, assistant := s.in(t, "doctor"), s.in(t, "assistant")
	if a := doctor.get("/secret"); a.Status != 200 || !strings.Contains(a.Body, `href="/secret"`) {
		t.Errorf("doctor: %d", a.Status)
	}
	if a := assistant.get("/secret"); a.Status != 403 || strings.Contains(a.Body, ">secret<") {
		t.Errorf("assistant: %d %s", a.Status, a.Body)
	}
	if a := assistant.get("/"); a.Status != 200 || strings.Contains(a.Body, `href="/secret"`) {
		t.Errorf("the assistant's menu: %d %s", a.Status, a.Body)
	}
}

func TestLiveTellsOfChanges(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "")
	r, err := http.NewRequestWithContext(t.Context(), "GET", b.At+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := b.Client.Do(r)
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
