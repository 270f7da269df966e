package first

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pieks/node/control"
	"pieks/node/home"
	"pieks/node/home/testnet"
	"pieks/node/network"
	"pieks/node/web"
	"pieks/node/web/webtest"
	"pieks/store"
)

// site is a home without a network, shown at an address that goes on.
type site struct {
	*web.Server
	home   *home.Home
	at     *web.Listener
	file   string
	joined chan struct{}
	now    time.Time
}

func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{joined: make(chan struct{}), now: time.Date(2026, 12, 1, 9, 32, 0, 0, web.Berlin)}
	net := testnet.New(t, testnet.Config{Issued: s.now.AddDate(0, 0, -1), Good: 20 * 24 * time.Hour})
	s.file = net.File
	var err error
	s.home, err = home.OpenFirst(t.Context(), home.Config{Dir: net.Home("p"), Role: "practice", Secret: store.KeyFile(), Now: func() time.Time { return s.now }})
	if err != nil {
		t.Fatal(err)
	}
	if s.at, err = web.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.serve(t, Pages(web.Doctor, s.home, func() {
		if err := s.at.Pause(); err != nil {
			t.Error(err)
		}
		close(s.joined)
	}))
	t.Cleanup(func() {
		for _, close := range []func() error{s.Close, s.at.Close, s.home.Close} {
			if err := close(); err != nil {
				t.Error(err)
			}
		}
	})
	return s
}

func (s *site) serve(t testing.TB, pages web.Pages) {
	t.Helper()
	var err error
	handlers := control.Handlers{control.MethodStatus: control.HandleNone(func(context.Context) (control.Status, error) { return control.Status{}, nil })}
	s.Server, err = web.Serve(web.Config{Home: s.home, At: s.at, Handlers: handlers, Changes: &control.Changes{}, Pages: pages})
	if err != nil {
		t.Fatal(err)
	}
}

// handOver is what the command does once the home has its network; the app is one page.
func (s *site) handOver(t testing.TB) {
	t.Helper()
	<-s.joined
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	s.serve(t, web.Pages{Name: "reception", Person: web.Doctor, Routes: []web.Route{{Pattern: "GET /{$}", Page: func(c *web.Call) error {
		c.W.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, err := io.WriteString(c.W, "<!doctype html><html lang=de><title>x</title><h1>The app of "+c.Person().String()+"</h1>")
		return err
	}}}})
}

type browser struct {
	t    testing.TB
	s    *site
	http http.Client
	seen string
}

func (s *site) in(t testing.TB) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, s: s, http: http.Client{Jar: jar, Transport: &http.Transport{}}}
	t.Cleanup(b.http.CloseIdleConnections)
	link, err := s.Link("")
	if err != nil {
		t.Fatal(err)
	}
	b.get(strings.TrimPrefix(link.URL, s.URL()))
	return b
}

func (b *browser) took(r *http.Response, err error) (int, string) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.seen = string(data)
	return r.StatusCode, b.seen
}

func (b *browser) get(path string) (int, string) {
	b.t.Helper()
	return b.took(b.http.Get(b.s.URL() + path))
}

var token = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// send posts the form of the page at a path to another, with a file if there is one.
func (b *browser) send(from, to string, file []byte, fields ...string) (int, string) {
	b.t.Helper()
	b.get(from)
	found := token.FindStringSubmatch(b.seen)
	if found == nil {
		b.t.Fatalf("%s has no form", from)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.WriteField("csrf", found[1])
	for i := 0; i+1 < len(fields); i += 2 {
		_ = form.WriteField(fields[i], fields[i+1])
	}
	if file != nil {
		part, err := form.CreateFormFile("file", "network.cbor")
		if err != nil {
			b.t.Fatal(err)
		}
		_, _ = part.Write(file)
	}
	_ = form.Close()
	return b.took(b.http.Post(b.s.URL()+to, form.FormDataContentType(), &body))
}

func (s *site) network(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile(s.file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestWrongFiles: a file that is none is named as what it is, in both languages, and nothing is changed by it.
func TestWrongFiles(t *testing.T) {
	s := newSite(t)
	b := s.in(t)
	good := s.network(t)
	for name, test := range map[string]struct {
		file   []byte
		at     time.Duration
		de, en string
	}{
		"no file":     {nil, 0, "Bitte wählen Sie die Netzdatei aus.", "Please choose the network file."},
		"empty":       {[]byte{}, 0, "Das ist keine Netzdatei von Pieks.", "This is no network file of Pieks."},
		"a photo":     {[]byte("\x89PNG\r\n"), 0, "Das ist keine Netzdatei von Pieks.", "This is no network file of Pieks."},
		"large":       {make([]byte, network.MaxBytes+1), 0, "größer als 1 MiB", "larger than 1 MiB"},
		"changed":     {append(slices.Clone(good[:len(good)-1]), good[len(good)-1]^1), 0, "nicht von zwei ihrer drei Betreiber unterschrieben", "not signed by two of its three operators"},
		"expired":     {good, 60 * 24 * time.Hour, "Diese Netzdatei ist abgelaufen.", "This network file has expired."},
		"from future": {good, -20 * 24 * time.Hour, "gilt erst später", "good only later"},
	} {
		s.now = s.now.Add(test.at)
		if test.at > 0 {
			b = s.in(t) // the session ended, too
		}
		for lang, want := range map[string]string{"de": test.de, "en": test.en} {
			b.get("/?lang=" + lang)
			status, body := b.send("/", "/", test.file)
			if status != http.StatusUnprocessableEntity || !strings.Contains(body, want) || !strings.Contains(body, `aria-describedby="e-file h-file"`) {
				t.Errorf("%s in %s: %d, %q is missing", name, lang, status, want)
			}
		}
		if _, body := b.get("/check"); strings.Contains(body, "/join") {
			t.Errorf("%s can be joined", name)
		}
		s.now = s.now.Add(-test.at)
	}
	if s.home.Network != nil {
		t.Error("the home has a network")
	}
}

// TestJoin: the file is looked at, a yes is asked for, and the browser is in the app that follows at the same address.
func TestJoin(t *testing.T) {
	s := newSite(t)
	b := s.in(t)
	bundle, err := network.Verify(s.network(t))
	if err != nil {
		t.Fatal(err)
	}
	if status, body := b.send("/", "/", nil, "lang", "en"); status != http.StatusOK || !strings.Contains(body, "Which network") {
		t.Errorf("another language: %d", status)
	}
	for lang, want := range map[string]string{"en": "Is this your network?", "de": "Ist das Ihr Netz?"} {
		b.get("/?lang=" + lang)
		_, body := b.send("/", "/", s.network(t))
		for _, w := range []string{want, bundle.Name, bundle.ID(), bundle.Relays[0].Operator, web.Date(web.Lang(lang), bundle.ExpiresAt()), "TEST"} {
			if !strings.Contains(body, w) {
				t.Errorf("%s: %q is missing", lang, w)
			}
		}
		if strings.Contains(body, "[fi_") {
			t.Errorf("%s: a text is missing", lang)
		}
	}
	if s.home.Network != nil {
		t.Fatal("joined before a yes")
	}
	// Another tab, which has a connection open, asks for the first page after the yes and before the hand-over: it is sent on as well.
	sent := make(chan struct{}, 99)
	tab := &browser{t: t, s: s, http: http.Client{Jar: b.http.Jar, Transport: &http.Transport{}, CheckRedirect: func(*http.Request, []*http.Request) error { sent <- struct{}{}; return nil }}}
	t.Cleanup(tab.http.CloseIdleConnections)
	tab.get("/check")
	done := make(chan string, 2)
	go func() {
		_, body := b.send("/check", "/join", nil)
		done <- body
	}()
	<-s.joined
	go func() {
		_, body := tab.get("/")
		done <- body
	}()
	var bodies []string
	select {
	case <-sent:
	case body := <-done:
		bodies = append(bodies, body)
	}
	s.handOver(t)
	for len(bodies) < 2 {
		bodies = append(bodies, <-done)
	}
	for _, body := range bodies {
		if !strings.Contains(body, "The app of doctor") {
			t.Errorf("a tab is at %.400q", body)
		}
	}
	if s.home.Network == nil || s.home.Network.Get().ID() != bundle.ID() {
		t.Error("the home has no network")
	}
}

// TestTexts: each key in both languages, and each that is said exists.
func TestTexts(t *testing.T) {
	text, err := web.LoadText(files)
	if err != nil {
		t.Fatal(err)
	}
	de, en := text.Keys(web.German), text.Keys(web.English)
	slices.Sort(de)
	slices.Sort(en)
	if !slices.Equal(de, en) {
		t.Error("the languages differ")
	}
	for _, name := range []string{"first.go", "templates/first.html", "templates/check.html"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range regexp.MustCompile(`"fi_[a-z_]+"`).FindAllString(string(data), -1) {
			if !text.Has(web.German, strings.Trim(key, `"`)) {
				t.Errorf("%s says %s, which does not exist", name, key)
			}
		}
	}
}

// TestInBrowser gives the file in a browser.
func TestInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser, which runs without -short")
	}
	program := webtest.Start(t)
	for size, look := range map[string]webtest.Look{"390": webtest.Phone, "1280": webtest.Desktop} {
		t.Run(size, func(t *testing.T) {
			s := newSite(t)
			tab := program.Tab(look)
			keep := func(name string) {
				t.Helper()
				tab.Check(44)
				tab.Keep(name)
			}
			link, err := s.Link("")
			if err != nil {
				t.Fatal(err)
			}
			tab.Go(link.URL)
			tab.Says("Zu welchem Netz gehört dieses Pieks?")
			keep("first")
			bad := filepath.Join(t.TempDir(), "photo.jpg")
			if err := os.WriteFile(bad, []byte("JFIF"), 0o600); err != nil {
				t.Fatal(err)
			}
			tab.Upload("#f-file", bad)
			tab.ClickText("Datei ansehen")
			tab.Says("Das ist keine Netzdatei von Pieks.")
			keep("first-wrong")
			tab.Upload("#f-file", s.file)
			tab.ClickText("Datei ansehen")
			tab.Says("Ist das Ihr Netz?")
			keep("first-check")
			tab.ClickText("Ja, das ist mein Netz")
			s.handOver(t)
			tab.Says("The app of doctor")
			for _, e := range tab.Errors() {
				t.Error(e)
			}
			for _, host := range tab.Hosts() {
				if !strings.HasPrefix(s.URL(), "http://"+host) {
					t.Errorf("asked %s", host)
				}
			}
		})
	}
}
