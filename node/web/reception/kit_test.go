package reception

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"pieks/node/control"
	"pieks/node/home"
	"pieks/node/home/testnet"
	"pieks/node/web"
	"pieks/store"
)

// clock stands still until a test moves it: Tuesday, 1 December 2026, 09:32 in Berlin.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 12, 1, 9, 32, 0, 0, web.Berlin)} }

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }

func (c *clock) Advance(d time.Duration) { c.mu.Lock(); c.at = c.at.Add(d); c.mu.Unlock() }

// site is the app of a practice, served.
type site struct {
	*web.Server
	*practice
	clock *clock
	dir   string
}

func newSite(t testing.TB) *site {
	t.Helper()
	c := newClock()
	net := testnet.New(t, testnet.Config{Issued: c.Now().AddDate(0, 0, -1), Good: 20 * 24 * time.Hour})
	dir := net.Home("p")
	h, err := home.Open(t.Context(), home.Config{Dir: dir, Role: "practice", Network: net.File, Secret: store.KeyFile(), Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{clock: c, dir: dir, practice: &practice{now: c.Now, test: true, home: dir, enrolled: c.Now().AddDate(0, 3, 0), backedUp: c.Now().Add(-20 * time.Hour),
		details: control.Details{Name: "Hausarztpraxis am Park", Street: "Aachener Straße 12", PLZ: "50667", Place: "Köln", Phone: "0221 5550100",
			Directions: "Hofeingang, 2. Stock, Aufzug vorhanden.", Hours: usualHours()}}}
	s.Server, err = web.Serve(web.Config{Home: h, Changes: &s.changes, Listen: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Handlers: s.handlers(), Pages: Pages()})
	if err != nil {
		t.Fatal(err)
	}
	s.link = s.Link
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

// names of people as they are, some of them hostile.
var names = []string{"Erika Mustermann", "Karl-Heinz Müller-Lüdenscheidt", "Ayşe Yılmaz", `Bobby "Tables" O'Neill`, "<script>alert(1)</script>", "\u202eאברהם כהן", "Zoë Straßer", "Friedrich Wilhelm von Hohenzollern-Sigmaringen"}

// fill gives the practice a day as it is at half past nine: some are through, one did not come, one is asked for, four have booked, two are free, and the
// same number of others on the next days.
func (s *site) fill() {
	day := time.Date(2026, 12, 1, 8, 0, 0, 0, web.Berlin)
	for i := range 18 {
		a := s.add(day.Add(time.Duration(i)*10*time.Minute), 10*time.Minute, "biontech", 1)
		patient := control.Patient{Name: names[i%len(names)], BirthDate: "1950-03-01", Phone: "+49 221 55501" + string(rune('0'+i%10)) + "7"}
		switch {
		case i < 6:
			b := s.give(patient, i == 2, a)
			b.Visits[0].State, b.Visits[0].Attended, a.State = "attended", a.Start.Add(-5*time.Minute), "attended"
			if i < 4 {
				b.Visits[0].Outcome, b.Visits[0].Lot = "vaccinated", "FE8235"
			}
		case i == 7:
			s.give(patient, false, a).Visits[0].Outcome = "noshow"
		case i < 13:
			s.give(patient, i == 11, a)
		case i == 14:
			a.State = "held"
		case i == 16:
			a.State = "blocked"
		}
	}
	for i := range 6 {
		s.add(day.AddDate(0, 0, 1).Add(time.Duration(i)*10*time.Minute), 10*time.Minute, "flu", 1)
	}
	for i := range 3 {
		s.add(day.AddDate(0, 0, 22).Add(time.Duration(i)*10*time.Minute), 10*time.Minute, "biontech", 2)
	}
}

// browser is one with its own cookies.
type browser struct {
	t testing.TB
	http.Client
	at string
}

type answer struct {
	status int
	body   string
	header http.Header
	path   string
}

func (s *site) in(t testing.TB, person string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, at: s.URL(), Client: http.Client{Jar: jar, Transport: &http.Transport{}}}
	t.Cleanup(b.CloseIdleConnections)
	link, err := s.Link(person)
	if err != nil {
		t.Fatal(err)
	}
	b.get(strings.TrimPrefix(link.URL, b.at))
	return b
}

func (b *browser) do(r *http.Request) answer {
	b.t.Helper()
	resp, err := b.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{resp.StatusCode, string(data), resp.Header, resp.Request.URL.RequestURI()}
}

func (b *browser) get(path string) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), "GET", b.at+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(r)
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

func (b *browser) post(path string, values ...string) answer {
	b.t.Helper()
	form := url.Values{}
	token := csrfField.FindStringSubmatch(b.get("/desk").body)
	if token == nil {
		b.t.Fatal("no page with a token")
	}
	form.Set("csrf", token[1])
	for i := 0; i+1 < len(values); i += 2 {
		form.Add(values[i], values[i+1])
	}
	r, err := http.NewRequestWithContext(b.t.Context(), "POST", b.at+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

func (a answer) says(t testing.TB, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(a.body, w) {
			t.Errorf("%s does not say %q (%d)", a.path, w, a.status)
		}
	}
}
