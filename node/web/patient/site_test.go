package patient

import (
	"context"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"pieks/node/home"
	"pieks/node/home/testnet"
	"pieks/node/web"
	"pieks/store"
)

// site is a running app of a patient's node.
type site struct {
	*web.Server
	node  *node
	clock *testnet.Clock
}

func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{clock: &testnet.Clock{}}
	s.node = newNode(s.clock.Now)
	net := testnet.New(t, testnet.Config{})
	h, err := home.Open(context.Background(), home.Config{Dir: net.Home("p"), Role: "patient", Network: net.File, Secret: store.KeyFile(), Now: s.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	s.Server, err = web.Serve(web.Config{Home: h, Changes: s.node.changes, Handlers: s.node.handlers(), Pages: Pages(), Listen: "127.0.0.1:0",
		Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
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

func (s *site) link(t testing.TB) string {
	t.Helper()
	link, err := s.Link("")
	if err != nil {
		t.Fatal(err)
	}
	return link.URL
}

// browser is one without JavaScript. It remembers the page that it is on.
type browser struct {
	t testing.TB
	http.Client
	at     string
	lang   string
	status int
	path   string
	body   string
}

// in is a browser that was let in, in a language.
func (s *site) in(t testing.TB, lang string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, at: s.URL(), lang: lang}
	b.Jar, b.Transport = jar, &http.Transport{}
	t.Cleanup(b.CloseIdleConnections)
	b.do("GET", s.link(t), nil)
	return b
}

func (b *browser) do(method, path string, form url.Values) {
	b.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = b.at + path
	}
	r, err := http.NewRequest(method, path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept-Language", b.lang)
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
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
	b.status, b.path, b.body = resp.StatusCode, resp.Request.URL.RequestURI(), string(data)
	if missing := missingKey.FindString(b.body); missing != "" {
		b.t.Errorf("%s says %s", b.path, missing)
	}
	if strings.Contains(b.body, "ZgotmplZ") || strings.Contains(b.body, "<no value>") {
		b.t.Errorf("%s has a value that the template did not take", b.path)
	}
}

var (
	missingKey = regexp.MustCompile(`\[(pt_)?[a-z0-9_]+\]`)
	csrfField  = regexp.MustCompile(`name="csrf" value="([^"]+)"`)
	tagPattern = regexp.MustCompile(`(?s)<[^>]*>`)
	spaces     = regexp.MustCompile(`\s+`)
)

func (b *browser) get(path string) { b.t.Helper(); b.do("GET", path, nil) }

// post sends a form of the page that the browser is on, with names and values in turn.
func (b *browser) post(path string, values ...string) {
	b.t.Helper()
	form := url.Values{}
	token := csrfField.FindStringSubmatch(b.body)
	if token == nil {
		b.t.Fatalf("%s has no form", b.path)
	}
	form.Set("csrf", token[1])
	for i := 0; i+1 < len(values); i += 2 {
		form.Add(values[i], values[i+1])
	}
	b.do("POST", path, form)
}

// text is the page as it is read.
func (b *browser) text() string {
	return spaces.ReplaceAllString(html.UnescapeString(tagPattern.ReplaceAllString(b.body, " ")), " ")
}

func (b *browser) says(words ...string) {
	b.t.Helper()
	for _, w := range words {
		if !strings.Contains(b.text(), w) {
			b.t.Errorf("%s (%d) does not say %q: %s", b.path, b.status, w, b.text())
		}
	}
}

// all are the first groups of a pattern in the page.
func (b *browser) all(pattern string) (found []string) {
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(b.body, -1) {
		found = append(found, m[1])
	}
	return found
}

func (b *browser) choices() []string {
	return b.all(`class="choice"[^>]* name="token" value="([^"]+)"`)
}

// choose presses the i-th choice of a list, with the form's hidden fields.
func (b *browser) choose(i int) {
	b.t.Helper()
	choices := b.choices()
	if len(choices) <= i {
		b.t.Fatalf("%s has %d choices: %s", b.path, len(choices), b.text())
	}
	form := b.body[:strings.Index(b.body, `value="`+choices[i])]
	form = form[strings.LastIndex(form, "<form"):]
	values := []string{"token", choices[i]}
	for _, hidden := range []string{"both", "second"} {
		if strings.Contains(form, `type="hidden" name="`+hidden+`" value="1"`) {
			values = append(values, hidden, "1")
		}
	}
	b.post(html.UnescapeString(regexp.MustCompile(`action="([^"]+)"`).FindStringSubmatch(form)[1]), values...)
}
