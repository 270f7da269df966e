package reception

import (
	"bytes"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/node/web"
	"pieks/node/web/webtest"
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
	clock   *clock
	dir     string
	readers *readers
	logged  *bytes.Buffer
}

func newSite(t testing.TB) *site {
	t.Helper()
	return newSiteAt(t, "127.0.0.1:0", true)
}

// newSiteAt serves it at an address, as a program that was built with card readers or without.
func newSiteAt(t testing.TB, listen string, built bool) *site {
	t.Helper()
	c := newClock()
	h := webtest.Home(t, "practice", c.Now, testnet.Config{Issued: c.Now().AddDate(0, 0, -1), Good: 20 * 24 * time.Hour})
	dir := h.Dir
	var err error
	s := &site{clock: c, dir: dir, readers: newReaders(c.Now), logged: &bytes.Buffer{}, practice: &practice{now: c.Now, test: true, home: dir, enrolled: c.Now().AddDate(0, 3, 0), backedUp: c.Now().Add(-20 * time.Hour), came: arrivals{listable: true, id: "1-234567890"},
		details: control.Details{Name: "Hausarztpraxis am Park", Street: "Aachener Straße 12", PLZ: "50667", Place: "Köln", Phone: "0221 5550100",
			Directions: "Hofeingang, 2. Stock, Aufzug vorhanden.", Hours: usualHours()}}}
	pages := Pages(nil)
	if built {
		pages = Pages(s.readers)
	}
	s.Server, err = web.Serve(web.Config{Home: h, Changes: &s.changes, Listen: listen, Log: slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), s.logged), &slog.HandlerOptions{Level: slog.LevelDebug})), Handlers: s.handlers(), Pages: pages})
	webtest.Closes(t, s.Server, err)
	s.link = s.Link
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
type browser struct{ *webtest.Visitor }

type answer = webtest.Answer

func (s *site) in(t testing.TB, person string) *browser {
	t.Helper()
	link, err := s.Link(person)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{webtest.Visit(t, s.URL())}
	b.get(link.URL)
	return b
}

func (b *browser) get(path string) answer { b.T.Helper(); return b.Do("GET", path, nil, nil) }

func (b *browser) post(path string, values ...string) answer {
	b.T.Helper()
	form, ok := b.get("/desk").Filled(values...)
	if !ok {
		b.T.Fatal("no page with a token")
	}
	return b.Do("POST", path, form, nil)
}
