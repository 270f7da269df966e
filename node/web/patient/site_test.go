package patient

import (
	"html"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"pieks/node/home/testnet"
	"pieks/node/web"
	"pieks/node/web/webtest"
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
	h := webtest.Home(t, "patient", s.clock.Now, testnet.Config{})
	var err error
	s.Server, err = web.Serve(web.Config{Home: h, Changes: s.node.changes, Handlers: s.node.handlers(), Pages: Pages(nil), Listen: "127.0.0.1:0",
		Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	webtest.Closes(t, s.Server, err)
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
	*webtest.Visitor
	webtest.Answer
	t testing.TB
}

// in is a browser that was let in, in a language.
func (s *site) in(t testing.TB, lang string) *browser {
	t.Helper()
	b := &browser{t: t, Visitor: webtest.Visit(t, s.URL())}
	b.Lang = lang
	b.do("GET", s.link(t), nil)
	return b
}

func (b *browser) do(method, path string, form url.Values) {
	b.t.Helper()
	b.Answer = b.Do(method, path, form, nil)
	if missing := missingKey.FindString(b.Body); missing != "" {
		b.t.Errorf("%s says %s", b.Path, missing)
	}
	if strings.Contains(b.Body, "ZgotmplZ") || strings.Contains(b.Body, "<no value>") {
		b.t.Errorf("%s has a value that the template did not take", b.Path)
	}
}

var (
	missingKey = regexp.MustCompile(`\[(pt_)?[a-z0-9_]+\]`)
	tagPattern = regexp.MustCompile(`(?s)<[^>]*>`)
	spaces     = regexp.MustCompile(`\s+`)
)

func (b *browser) get(path string) { b.t.Helper(); b.do("GET", path, nil) }

// post sends a form of the page that the browser is on, with names and values in turn.
func (b *browser) post(path string, values ...string) {
	b.t.Helper()
	form, ok := b.Filled(values...)
	if !ok {
		b.t.Fatalf("%s has no form", b.Path)
	}
	b.do("POST", path, form)
}

// text is the page as it is read.
func (b *browser) text() string {
	return spaces.ReplaceAllString(html.UnescapeString(tagPattern.ReplaceAllString(b.Body, " ")), " ")
}

func (b *browser) says(words ...string) {
	b.t.Helper()
	for _, w := range words {
		if !strings.Contains(b.text(), w) {
			b.t.Errorf("%s (%d) does not say %q: %s", b.Path, b.Status, w, b.text())
		}
	}
}

// all are the first groups of a pattern in the page.
func (b *browser) all(pattern string) (found []string) {
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(b.Body, -1) {
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
		b.t.Fatalf("%s has %d choices: %s", b.Path, len(choices), b.text())
	}
	form := b.Body[:strings.Index(b.Body, `value="`+choices[i])]
	form = form[strings.LastIndex(form, "<form"):]
	values := []string{"token", choices[i]}
	for _, hidden := range []string{"both", "second"} {
		if strings.Contains(form, `type="hidden" name="`+hidden+`" value="1"`) {
			values = append(values, hidden, "1")
		}
	}
	b.post(html.UnescapeString(regexp.MustCompile(`action="([^"]+)"`).FindStringSubmatch(form)[1]), values...)
}
