package patient

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pieks/node/control"
)

// found brings a browser to the list of Cologne.
func (b *browser) search(values ...string) {
	b.t.Helper()
	b.get("/")
	b.post("/", append([]string{"plz", "50667", "radius", "20"}, values...)...)
}

var erika = []string{"whom", "me", "name", "Erika Muster", "birth", "1.3.1950"}

func TestFourPages(t *testing.T) {
	for _, lang := range []string{"de", "en"} {
		t.Run(lang, func(t *testing.T) {
			s := newSite(t)
			b := s.in(t, lang)
			b.get("/") // 1
			b.post("/", "plz", "50667")
			if b.Path != "/list" { // 2
				t.Fatalf("the search leads to %s: %s", b.Path, b.text())
			}
			if km := b.all(`<h2 id="p\d+">[^<]*<small>([^<]*)</small>`); len(km) < 1 || km[0] != "2 km" {
				t.Errorf("distances are %q", km)
			}
			b.choose(0)
			if !strings.HasPrefix(b.Path, "/offer/") { // 3
				t.Fatalf("the choice leads to %s: %s", b.Path, b.text())
			}
			b.says("Praxis Dr. Anna Sommer", "Domstraße 12", "2. Stock, Eingang im Hof", "0221 5550101", "9:30", "Praxis für Allgemeinmedizin")
			b.post(b.Path, erika...)
			if !strings.HasPrefix(b.Path, "/booking/") { // 4
				t.Fatalf("the confirmation leads to %s: %s", b.Path, b.text())
			}
			b.says("482910-7365-1", "abend brücke garten sonne", "Erika Muster")
			if !strings.Contains(b.Body, "<svg") {
				t.Error("no QR code")
			}
			if who := s.node.sent; len(who) != 1 || who[0] != (control.Patient{Name: "Erika Muster", BirthDate: "1950-03-01"}) {
				t.Errorf("sent: %v", who)
			}
			b.get(b.Path + "/print")
			b.says("482910-7365-1")
			b.get("/")
			b.says("Praxis Dr. Anna Sommer")
		})
	}
}

func TestDatesAsPeopleReadThem(t *testing.T) {
	s := newSite(t)
	de, en := s.in(t, "de"), s.in(t, "en")
	at := time.Date(2031, 12, 2, 9, 30, 0, 0, time.UTC).Add(-time.Hour)
	s.node.do(func() {
		s.node.bookings = []control.Booking{{ID: "aa", State: "booked", Practice: &practices[0], Visits: []control.Visit{{Start: at, End: at.Add(time.Minute), State: "booked", Digits: "1", QR: "A"}}}}
	})
	de.get("/")
	de.says("Dienstag, 2. Dezember 2031 09:30 Uhr")
	en.get("/")
	en.says("Tuesday, 2 December 2031 9:30")
}

func TestPostcodes(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "de")
	for plz, word := range map[string]string{"1234": "genau fünf Ziffern", "99999": "gibt es in Deutschland nicht", "00000": "gibt es in Deutschland nicht", "": "Bitte geben Sie"} {
		b.get("/")
		b.post("/", "plz", plz, "vaccine", "influenza-60", "when", "week")
		b.says(word)
		if b.Status != http.StatusUnprocessableEntity || !strings.Contains(b.Body, `aria-describedby="e-plz h-plz" autofocus`) ||
			!strings.Contains(b.Body, `name="plz" type="text" value="`+plz+`"`) {
			t.Errorf("%q: %d, %s", plz, b.Status, b.all(`(<input id="f-plz"[^>]*>)`))
		}
		if !strings.Contains(b.Body, `value="influenza-60" data-single selected`) || !strings.Contains(b.Body, `value="week" checked`) {
			t.Errorf("%q: what was chosen is lost", plz)
		}
	}
	b.post("/", "plz", "01067")
	if b.Path != "/list" || s.node.prefs.PLZ != "01067" {
		t.Errorf("01067 leads to %s with %q", b.Path, s.node.prefs.PLZ)
	}
	b.says("01067")
	// A change counts from the next cycle, and says so.
	s.node.nextPLZ = 10 * time.Minute
	b.get("/")
	b.post("/", "plz", "50667")
	b.says("Die neue Postleitzahl gilt ab", "50667 gilt ab")
}

func TestLanguageKeepsTheForm(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "de")
	b.get("/")
	b.post("/", "plz", "506", "vaccine", "comirnaty", "doses", "both", "when", "dates", "from", "2031-01-02", "lang", "en")
	b.says("Your postcode")
	for _, kept := range []string{`value="506"`, `value="comirnaty" selected`, `value="both" checked`, `value="2031-01-02"`} {
		if !strings.Contains(b.Body, kept) {
			t.Errorf("the other language lost %s", kept)
		}
	}
	if b.Status != http.StatusOK || strings.Contains(b.Body, "aria-invalid") {
		t.Error("changing the language complains")
	}
	if b.post("/", "plz", "01067", "radius", "50", "lang", "de"); s.node.prefs.PLZ != "" || s.node.prefs.RadiusKM != 20 {
		t.Errorf("changing the language changes %+v", s.node.prefs)
	}
	b.search()
	b.choose(0)
	b.post(b.Path, "whom", "other", "name", "Käthe", "birth", "1.", "lang", "de")
	b.says("Wer wird geimpft?")
	for _, kept := range []string{`value="Käthe"`, `value="1."`, `value="other" id="whom-other" checked`} {
		if !strings.Contains(b.Body, kept) {
			t.Errorf("the other language lost %s", kept)
		}
	}
}

func TestBothDoses(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "de")
	b.search("vaccine", "comirnaty", "doses", "both")
	b.says("Wählen Sie zuerst")
	b.choose(0)
	if b.Path != "/list/second" {
		t.Fatalf("the first choice leads to %s: %s", b.Path, b.text())
	}
	first := s.node.slots[0].start // the nearest practice's first day
	second := b.choices()
	if len(second) == 0 {
		t.Fatal("no second dose")
	}
	for _, id := range second {
		x := s.node.slot(id)
		if apart := x.start.Sub(first).Hours() / 24; x.practice != s.node.slots[0].practice || apart < 20.5 || apart > 84.5 {
			t.Errorf("a second dose of %s is %v days after the first one", x.practice.Name, apart)
		}
	}
	b.choose(0)
	if !strings.HasPrefix(b.Path, "/offer/") {
		t.Fatalf("the second choice leads to %s: %s", b.Path, b.text())
	}
	b.post(b.Path, "whom", "other", "name", "Käthe Muster", "birth", "01.03.1944")
	b.says("Käthe Muster", "482910-7365-1", "482911-7365-1", "1. Impfung", "2. Impfung")
}

// take has somebody else get all appointments like one.
func (n *node) take(id string) {
	n.do(func() {
		s := n.slot(id)
		for _, x := range n.slots {
			if choiceOf(x.Token) == choiceOf(s.Token) {
				x.gone = true
			}
		}
	})
}

func TestTakenWhileChoosing(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "de")
	b.search("vaccine", "comirnaty")
	id := b.choices()[0]
	s.node.take(id)
	b.choose(0)
	if b.Path != "/taken" || b.Status != http.StatusConflict {
		t.Fatalf("%s %d", b.Path, b.Status)
	}
	b.says("Gerade vergeben")
	if others := b.choices(); len(others) != alternatives || others[0] == id {
		t.Errorf("others: %v", others)
	}
	b.choose(1)
	if !strings.HasPrefix(b.Path, "/offer/") {
		t.Errorf("another one leads to %s", b.Path)
	}
}

// A list is of the last round: of appointments that are the same to a patient the next is asked for when one is gone, and what is known to
// be gone, or one's own, is left out.
func TestStaleList(t *testing.T) {
	s := newSite(t)
	s.node.slots = s.node.slots[:0]
	var same []*slot
	for range 3 {
		same = append(same, s.node.give(&practices[0], 2, 4, 9, "mmr", 1))
	}
	b := s.in(t, "de")
	b.search("vaccine", "mmr")
	b.says("3 frei")
	// The list keeps what is booked until the next round.
	stale := func() {
		s.node.do(func() {
			for _, x := range same {
				x.stale = true
			}
		})
	}
	stale()
	s.node.do(func() { same[0].gone, same[1].gone = true, true })
	b.choose(0)
	if !strings.HasPrefix(b.Path, "/offer/") || s.node.tokens[b.Path[len("/offer/"):]][0] != same[2] {
		t.Fatalf("of three the free one was not got: %s %s", b.Path, b.text())
	}
	b.post(b.Path, erika...)
	b.says("Ihr Termin ist gebucht")
	b.get("/list")
	for _, id := range b.choices() {
		if id == same[2].ID {
			t.Error("the list offers one's own appointment")
		}
	}
	s.clock.Advance(goneFor)
	b.get("/list")
	if strings.Contains(b.text(), "3 frei") {
		t.Error("the list offers one's own appointment")
	}
	b.says("2 frei") // as far as this node knows
}

// Without a second dose that fits nobody is sent through the list for nothing.
func TestNoPairs(t *testing.T) {
	s := newSite(t)
	s.node.slots = s.node.slots[:0]
	s.node.give(&practices[0], 2, 4, 9, "mmr", 1)
	s.node.give(&practices[1], 7, 34, 9, "mmr", 2)
	b := s.in(t, "de")
	b.search("vaccine", "mmr", "doses", "both")
	b.says("Für beide Impfungen ist gerade nichts frei")
	b.post("/list/first")
	b.says("Ein Termin ist frei.")
	s.node.do(func() { s.node.give(&practices[0], 2, 34, 9, "mmr", 2) })
	b.search("vaccine", "mmr", "doses", "both")
	b.choose(0)
	b.says("Zweite Impfung wählen")
}

func TestExpiredWhileTyping(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "de")
	b.search("vaccine", "comirnaty")
	b.choose(0)
	s.clock.Advance(11 * time.Minute)
	b.post(b.Path, append(erika, "phone", "0221 1")...)
	if b.Path != "/taken" || b.Status != http.StatusConflict || len(s.node.sent) != 0 {
		t.Fatalf("%s %d, sent %v", b.Path, b.Status, s.node.sent)
	}
	b.says("abgelaufen", "Was Sie eingetragen haben, ist noch da")
	if len(b.choices()) != alternatives {
		t.Errorf("others: %v", b.choices())
	}
	b.choose(0)
	for _, kept := range []string{`value="Erika Muster"`, `value="1.3.1950"`, `value="0221 1"`} {
		if !strings.Contains(b.Body, kept) {
			t.Errorf("the next offer lost %s", kept)
		}
	}
	b.post(b.Path, erika...)
	b.says("Ihr Termin ist gebucht")
	// The next booking begins with an empty form, and offers the name by a button.
	b.search("vaccine", "comirnaty")
	b.choose(0)
	if strings.Contains(b.Body, `type="text" value="Erika Muster"`) {
		t.Error("the form of the next booking is filled in")
	}
	b.post(b.Path, "fill", "0")
	if !strings.Contains(b.Body, `type="text" value="Erika Muster"`) || !strings.Contains(b.Body, `value="01.03.1950"`) || b.Status != http.StatusOK {
		t.Errorf("the button of a known name gives %d", b.Status)
	}
}

func TestWrongDetailsStay(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "de")
	b.search()
	b.choose(0)
	b.post(b.Path, "whom", "me", "name", "", "birth", "31.2.1950", "phone", "abc")
	b.says("Bitte geben Sie den Namen ein.", "Diesen Tag gibt es nicht.", "Eine Telefonnummer hat nur")
	if b.Status != http.StatusUnprocessableEntity || !strings.Contains(b.Body, `value="31.2.1950"`) || !strings.Contains(b.Body, `value="abc"`) {
		t.Errorf("%d", b.Status)
	}
	b.post(b.Path, "name", "Max\u202eretsuM", "birth", "1.1.1950")
	b.says("unsichtbare Zeichen")
	b.post(b.Path+"/leave", "name", "Max Muster", "birth", "1.1.1950")
	if b.Path != "/list" || s.node.bookings[0].State != "expired" {
		t.Errorf("leaving leads to %s, the booking is %s", b.Path, s.node.bookings[0].State)
	}
	b.choose(2)
	if !strings.Contains(b.Body, `value="Max Muster"`) {
		t.Error("leaving an offer lost what was typed")
	}
}

func TestSlowPractice(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "de")
	b.search()
	s.node.wait = make(chan struct{})
	b.choose(0)
	if !strings.HasPrefix(b.Path, "/asking/") || !strings.Contains(b.Body, `http-equiv="refresh"`) {
		t.Fatalf("a slow practice leads to %s", b.Path)
	}
	b.says("Die Praxis wird gefragt")
	waiting := b.Path
	close(s.node.wait)
	for end := time.Now().Add(10 * time.Second); b.Path == waiting && time.Now().Before(end); {
		b.get(waiting)
	}
	if !strings.HasPrefix(b.Path, "/offer/") {
		t.Fatalf("after the answer: %s", b.Path)
	}
	b.get(waiting)
	if b.Path != "/" {
		t.Errorf("a question that was answered leads to %s", b.Path)
	}
}

// A practice of a poster may be far away: its list is waited for on a page of its own, and what came of it is said on the page of the code.
func TestSlowList(t *testing.T) {
	s := newSite(t)
	s.own()
	b := s.in(t, "de")
	open := func(code string) {
		t.Helper()
		s.node.do(func() { s.node.wait = make(chan struct{}) })
		b.get("/practice")
		b.post("/practice", "code", code)
		if b.Path != "/practice/open" || !strings.Contains(b.Body, `http-equiv="refresh"`) {
			t.Fatalf("a slow practice leads to %s", b.Path)
		}
		b.says("Die Praxis wird gefragt")
		if b.get("/practice/open"); b.Path != "/practice/open" {
			t.Fatalf("before the answer: %s", b.Path)
		}
		close(s.node.wait)
		for end := time.Now().Add(10 * time.Second); b.Path == "/practice/open" && time.Now().Before(end); {
			b.get("/practice/open")
		}
	}
	open("PIEKS:A")
	if b.Path != "/practice/list" {
		t.Fatalf("after the answer: %s", b.Path)
	}
	b.says("Termine dieser Praxis")
	if b.get("/practice/open"); b.Path != "/practice" {
		t.Errorf("a question that was answered leads to %s", b.Path)
	}
	s.node.do(func() { s.node.own.State = "busy" })
	open("PIEKS:B")
	if b.Path != "/practice" || b.Status != http.StatusOK || !strings.Contains(b.Body, `value="PIEKS:B"`) || !strings.Contains(b.Body, `id="e-code"`) {
		t.Errorf("a practice that is busy leads to %s, %d", b.Path, b.Status)
	}
	if b.get("/practice"); strings.Contains(b.Body, `id="e-code"`) {
		t.Error("it is said twice")
	}
}

func TestPracticeOffline(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "de")
	b.search()
	s.node.away = true
	b.choose(0)
	if !strings.HasPrefix(b.Path, "/booking/") {
		t.Fatalf("a practice that is offline leads to %s", b.Path)
	}
	b.says("Ihre Anfrage wartet", "Noch nicht gebucht: Die Praxis ist offline", "verschlüsselt auf sie bis")
	at := b.Path
	b.get(at + "/cancel")
	b.post(at+"/cancel", "")
	if s.node.bookings[0].State != "expired" {
		t.Errorf("withdrawn: %s", s.node.bookings[0].State)
	}
}

func TestNothingFree(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "de")
	b.search("vaccine", "mmr", "radius", "5")
	b.says("Im Moment ist nichts frei", "116 117", "50 km")
	b.post("/list/radius", "radius", "50")
	if s.node.prefs.RadiusKM != 50 {
		t.Errorf("the radius is %d", s.node.prefs.RadiusKM)
	}
	b.post("/watch")
	b.says("Pieks sucht weiter")
	if len(s.node.watches) != 1 || s.node.watches[0].Search.Vaccine != "mmr" || s.node.watches[0].Search.RadiusKM != 50 {
		t.Fatalf("watches: %v", s.node.watches)
	}
	if strings.Contains(b.Body, `action="/watch"`) {
		t.Error("what is watched can be watched again")
	}
	s.node.do(func() { s.node.give(&practices[0], 2, 4, 9, "mmr", 1) })
	b.get("/settings")
	b.says("Für Ihre Suche ist ein Termin frei geworden.")
	b.post("/watch/" + s.node.watches[0].ID + "/show")
	if b.Path != "/list" || len(b.choices()) != 1 {
		t.Errorf("what was found: %s %v", b.Path, b.choices())
	}
	b.get("/settings")
	if strings.Contains(b.text(), "frei geworden") {
		t.Error("what was looked at is still said")
	}
	b.get("/")
	b.post("/watch/" + s.node.watches[0].ID + "/end")
	if len(s.node.watches) != 0 {
		t.Error("the watch goes on")
	}
}

func TestListNotLoaded(t *testing.T) {
	s := newSite(t)
	s.node.listed, s.node.slots = time.Time{}, nil
	b := s.in(t, "de")
	b.search()
	b.says("Die Liste wird gerade geladen")
	if !strings.Contains(b.Body, `http-equiv="refresh"`) {
		t.Error("the page does not load itself again")
	}
}
