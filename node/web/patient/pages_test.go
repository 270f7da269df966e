package patient

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pieks/node/control"
	"pieks/node/web"
)

// booked is a browser at the card of a booking.
func (s *site) booked(t testing.TB, lang string) (*browser, string) {
	t.Helper()
	b := s.in(t, lang)
	b.search("vaccine", "comirnaty", "doses", "first")
	b.choose(0)
	b.post(b.path, erika...)
	if !strings.HasPrefix(b.path, "/booking/") {
		t.Fatalf("not booked: %s %s", b.path, b.text())
	}
	return b, b.path
}

func TestCancel(t *testing.T) {
	s := newSite(t)
	b, card := s.booked(t, "de")
	b.get(card + "/cancel")
	b.says("Termin absagen?", "Das lässt sich nicht rückgängig machen.")
	if s.node.bookings[0].State != "booked" {
		t.Fatal("looking at the page cancels")
	}
	b.post(card + "/cancel")
	b.says("Sie haben abgesagt")
	if s.node.bookings[0].State != "cancelled" || strings.Contains(b.body, "482910") {
		t.Errorf("%s", s.node.bookings[0].State)
	}
	b.get(card + "/print")
	if b.path != card {
		t.Errorf("the card of a cancelled booking is printed at %s", b.path)
	}
	b.get("/history")
	b.says("Von Ihnen abgesagt")
}

func TestMove(t *testing.T) {
	s := newSite(t)
	b, card := s.booked(t, "de")
	old := s.node.bookings[0]
	b.post(card + "/move")
	if b.path != "/list" {
		t.Fatalf("moving leads to %s", b.path)
	}
	b.says("Sie verschieben den Termin am", "Er bleibt bestehen", "nur die erste")
	b.choose(2)
	if !strings.Contains(b.body, `value="Erika Muster"`) {
		t.Error("the name has to be typed again")
	}
	if s.node.bookings[0].State != "booked" {
		t.Error("the old one is gone before the new one is booked")
	}
	b.post(b.path, erika...)
	b.says("Ihr Termin ist gebucht")
	if next := s.node.bookings[1]; next.Instead != old.ID || s.node.bookings[0].State != "cancelled" || next.State != "booked" {
		t.Errorf("%+v", s.node.bookings)
	}
	b.get("/list")
	if strings.Contains(b.text(), "Sie verschieben") {
		t.Error("the next booking would move something, too")
	}
	// Changing one's mind leaves all as it is.
	b.post("/booking/" + s.node.bookings[1].ID + "/move")
	b.post("/list/stay")
	if b.path != "/booking/"+s.node.bookings[1].ID {
		t.Errorf("staying leads to %s", b.path)
	}
	b.get("/list")
	b.choose(0)
	if last := s.node.bookings[2]; last.Instead != "" {
		t.Errorf("a new booking takes the place of %s", last.Instead)
	}
}

func TestPracticeMovesAndCancels(t *testing.T) {
	s := newSite(t)
	b, card := s.booked(t, "de")
	s.node.do(func() {
		x := &s.node.bookings[0]
		x.Moved, x.Visits[0].Before, x.Reason = s.node.now(), x.Visits[0].Start, "Umbau"
		x.Visits[0].Start = x.Visits[0].Start.Add(24 * time.Hour)
		x.Visits[0].End = x.Visits[0].End.Add(24 * time.Hour)
	})
	b.get(card)
	b.says("Die Praxis hat diesen Termin verschoben.", "Vorher: ", "„Umbau“", "482910-7365-1")
	s.node.do(func() {
		x := &s.node.bookings[0]
		x.State, x.Why, x.Reason, x.Visits[0].State = "cancelled", control.WhyCancelledByPractice, "Kein Impfstoff", "cancelled"
	})
	b.get(card)
	b.says("Die Praxis hat abgesagt", "„Kein Impfstoff“", "Die nächsten freien Termine")
	if strings.Contains(b.body, "482910") || len(b.choices()) != alternatives {
		t.Errorf("%v", b.choices())
	}
	b.get("/")
	b.says("Von der Praxis abgesagt")
	s.node.do(func() {
		x := &s.node.bookings[0]
		x.State, x.Why, x.Visits[0].State = "booked", control.WhyLate, "booked"
	})
	b.get(card)
	b.says("Zum Absagen ist es zu spät")
}

func TestWhyNothingCameOfIt(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "de")
	b.search()
	for why, words := range map[string]string{
		control.WhyLimit: "keine weitere Anfrage", control.WhyForged: "nicht nachweisen", control.WhyRevoked: "nicht nachweisen", control.WhyLicence: "nicht nachweisen",
		control.WhyNetwork: "nicht auf dem neuesten Stand", "": "Aus dieser Anfrage wird kein Termin",
	} {
		s.node.do(func() { s.node.bookings = []control.Booking{{ID: "aa", State: "refused", Why: why}} })
		b.get("/booking/aa")
		b.says(words)
	}
	s.node.do(func() { s.node.bookings = []control.Booking{{ID: "aa", State: "pending", Why: control.WhyUnreached}} })
	b.get("/booking/aa")
	b.says("Pieks versucht es von selbst weiter")
	b.get("/booking/bb")
	if b.status != http.StatusNotFound {
		t.Errorf("a booking that there is none of gives %d", b.status)
	}
}

func (s *site) own() {
	s.node.own = control.PracticeList{State: "listed", Practice: practices[0], Licence: "Praxis für Allgemeinmedizin"}
	for _, y := range s.node.slots {
		if y.practice == &practices[0] {
			s.node.own.Slots = append(s.node.own.Slots, control.Listed{ID: y.ID, Start: y.start, End: y.start.Add(time.Minute), Vaccine: y.Vaccine, Dose: y.Dose})
		}
	}
}

func TestOwnPractice(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "de")
	b.get("/practice")
	b.post("/practice", "code", "")
	b.says("Scannen Sie den Code")
	b.post("/practice", "code", "Unsinn <b>")
	b.says("kein Code einer Praxis")
	if b.status != http.StatusUnprocessableEntity || !strings.Contains(b.body, `value="Unsinn &lt;b&gt;"`) {
		t.Errorf("%d: what was typed is lost", b.status)
	}
	for state, words := range map[string]string{"offline": "nicht zu erreichen", "elsewhere": "nicht in diesem Netz", "revoked": "keine Termine mehr", "unproven": "nicht nachweisen",
		"closed": "gerade keine Termine", "busy": "sehr oft gefragt"} {
		s.node.own.State = state
		b.post("/practice", "code", "PIEKS:A")
		b.says(words)
	}
	s.own()
	b.post("/practice", "code", " pieks:a ") // as it was typed
	if b.path != "/practice/list" {
		t.Fatalf("%s: %s", b.path, b.text())
	}
	b.says("Praxis Dr. Anna Sommer", "09:30 Uhr", "17:30 Uhr")
	// No postcode is needed for it.
	b.choose(0)
	b.says("Ihr Termin", "Praxis Dr. Anna Sommer")
	b.post(b.path, erika...)
	b.says("Ihr Termin ist gebucht", "482910-7365-1")
	// Both doses.
	b.get("/practice/list")
	first := b.choices()[4]
	b.post("/practice/choose", "token", first, "both", "1")
	if b.path != "/practice/second" {
		t.Fatalf("%s: %s", b.path, b.text())
	}
	b.choose(0)
	b.post(b.path, erika...)
	b.says("482910-7365-1", "482911-7365-1")
	// Taken: the way back to the practice.
	b.get("/practice/list")
	s.node.do(func() { s.node.lose = true })
	b.choose(3)
	b.says("Gerade vergeben", "Termine meiner Praxis")
}

// A photo is read here; what it says goes the way of a typed code.
func TestPhotoOfACode(t *testing.T) {
	s := newSite(t)
	s.own()
	b := s.in(t, "de")
	send := func(name string, data []byte) {
		t.Helper()
		b.get("/practice")
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		_ = w.WriteField("csrf", csrfField.FindStringSubmatch(b.body)[1])
		file, err := w.CreateFormFile("photo", name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = file.Write(data)
		_ = w.Close()
		r, _ := http.NewRequest("POST", b.at+"/practice", &body)
		r.Header.Set("Content-Type", w.FormDataContentType())
		r.Header.Set("Accept-Language", "de")
		resp, err := b.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		page, _ := io.ReadAll(resp.Body)
		b.path, b.body, b.status = resp.Request.URL.Path, string(page), resp.StatusCode
	}
	send("x.txt", []byte("no picture"))
	b.says("kann nicht gelesen werden")
	if data, err := os.ReadFile(filepath.Join("testdata", "code.png")); err == nil {
		send("code.png", data)
		if b.path != "/practice/list" {
			t.Errorf("the photo leads to %s: %s", b.path, b.text())
		}
	} else {
		t.Error(err)
	}
}

func TestSettingsAndErase(t *testing.T) {
	s := newSite(t)
	b, _ := s.booked(t, "de")
	b.get("/settings")
	b.post("/settings", "plz", "00000", "radius", "50")
	b.says("gibt es in Deutschland nicht")
	if s.node.prefs.RadiusKM != 20 {
		t.Error("half of a wrong form was taken")
	}
	b.post("/settings", "plz", "01067", "radius", "50")
	b.says("Gespeichert.")
	if s.node.prefs.PLZ != "01067" || s.node.prefs.RadiusKM != 50 {
		t.Errorf("%+v", s.node.prefs)
	}
	b.get("/erase")
	b.says("Sie haben noch einen gebuchten Termin")
	b.post("/erase")
	b.says("Kreuzen Sie an")
	b.post("/erase", "sure", "1")
	b.says("Sagen Sie diese Termine zuerst ab, oder")
	if s.node.erased {
		t.Fatal("erased without having been asked for it")
	}
	b.post("/erase", "sure", "1", "anyway", "1")
	b.says("Alles gelöscht")
	if !s.node.erased {
		t.Error("nothing was erased")
	}
}

func TestWarningsAndOffline(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "de")
	s.node.do(func() {
		s.node.warnings = []control.Warning{{Day: "2026-12-01", Practice: "Praxis <b>X</b>"}}
		s.node.offline = s.node.now()
	})
	b.get("/")
	b.says("Hinweis auf eine Ansteckung", "Dienstag, 1. Dezember 2026", "Praxis <b>X</b>", "Offline seit")
	if strings.Contains(b.body, "<b>X") {
		t.Error("a name is markup")
	}
}

// Names that others chose are text wherever they stand.
func TestHostileNames(t *testing.T) {
	const evil = `<script>alert(1)</script>"'` + "\u202egnp.exe"
	s := newSite(t)
	b, card := s.booked(t, "de")
	hostile := control.Practice{Name: evil, Street: evil, PLZ: evil, Place: evil, Phone: evil, Directions: evil}
	s.own()
	s.node.do(func() {
		x := &s.node.bookings[0]
		x.Practice, x.Licence, x.Reason, x.Moved = &hostile, evil, evil, s.node.now()
		x.Patient = &control.Patient{Name: evil, BirthDate: evil, Phone: evil}
		x.Visits[0].Vaccine, x.Visits[0].Words, x.Visits[0].Digits = evil, evil, evil
		for _, y := range s.node.slots {
			y.Place, y.Area = evil, evil
		}
		s.node.own.Practice, s.node.own.Licence = hostile, evil
	})
	paths := []string{"/", card, card + "/print", card + "/cancel", "/list", "/history", "/erase"}
	for _, path := range paths {
		b.get(path)
		if b.status != http.StatusOK || strings.Contains(b.body, "<script>alert") || strings.Contains(b.body, `javascript:`) {
			t.Errorf("%s (%d) has a name as markup", path, b.status)
		}
	}
	b.get("/practice")
	b.post("/practice", "code", "PIEKS:A")
	if strings.Contains(b.body, "<script>alert") {
		t.Error("the list of a practice has a name as markup")
	}
}

// Nothing about a person is in an address or a title.
func TestNothingPersonalInAddresses(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "de")
	var seen []string
	note := func() {
		seen = append(seen, b.path, strings.Join(b.all(`<title>([^<]*)</title>`), ""))
	}
	b.search("vaccine", "comirnaty")
	note()
	b.choose(0)
	note()
	b.post(b.path, append(erika, "phone", "0221 99")...)
	note()
	b.get(b.path + "/print")
	note()
	b.get("/history")
	note()
	for _, text := range seen {
		for _, secret := range []string{"50667", "Erika", "Muster", "1950", "0221", "482910", "abend", "Sommer"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q has %s", text, secret)
			}
		}
	}
	// Nor would a GET do anything.
	for _, path := range []string{"/choose", "/watch", "/list/radius"} {
		if b.get(path); b.status == http.StatusOK {
			t.Errorf("GET %s gives %d", path, b.status)
		}
	}
}

func TestTexts(t *testing.T) {
	text, err := web.LoadText(files)
	if err != nil {
		t.Fatal(err)
	}
	de, en := text.Keys(web.German), text.Keys(web.English)
	slices.Sort(de)
	slices.Sort(en)
	if !slices.Equal(de, en) {
		t.Error("not every text is there in both languages")
	}
	for _, key := range []string{"pt_doses_", "pt_when_", "pt_part_", "pt_own_", "pt_stage_", "pt_title_"} {
		want := map[string][]string{"pt_doses_": doses, "pt_when_": whens, "pt_part_": dayParts, "pt_own_": listStates}[key]
		if want == nil {
			for _, s := range []Stage{Asking, Waiting, Held, Confirming, Booked, Leaving, Past, Attended, Cancelled, Withdrawn, Taken, Expired, Refused, Released} {
				if s != Held || key == "pt_stage_" {
					want = append(want, string(s))
				}
			}
		}
		for _, word := range want {
			if !text.Has(web.German, key+word) {
				t.Errorf("no text %s%s", key, word)
			}
		}
	}
	for code, key := range whyKeys {
		if !text.Has(web.German, key) {
			t.Errorf("%s has no text %s", code, key)
		}
	}
}

// A page is made in less than 50 ms with 10,000 appointments and 2,000 bookings. The test allows four times that: it shares its machine.
func TestPagesAreQuick(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "de")
	b.search()
	s.node.do(func() {
		s.node.slots = nil
		at := s.node.now().In(web.Berlin)
		for i := range 10000 {
			x := &slot{start: at.AddDate(0, 0, 1+i%80), practice: &practices[0]}
			x.Token = control.Token{ID: fmt.Sprintf("%032x", i+1), Area: fmt.Sprint(500 + i%20), Place: "Ort", DistanceKM: float64(i % 20), Day: at.AddDate(0, 0, 1+i%80).Format(time.DateOnly),
				Part: dayParts[i%4], Vaccine: "comirnaty"}
			s.node.slots = append(s.node.slots, x)
		}
		slices.SortStableFunc(s.node.slots, func(a, b *slot) int { return int(a.DistanceKM) - int(b.DistanceKM) })
		for i := range 2000 {
			start := s.node.now().AddDate(0, 0, -i)
			s.node.bookings = append(s.node.bookings, control.Booking{ID: fmt.Sprintf("%032x", i), State: "attended", Practice: &practices[0],
				Patient: &control.Patient{Name: fmt.Sprint("Person ", i), BirthDate: "1950-03-01"},
				Visits:  []control.Visit{{Start: start, End: start.Add(time.Minute), State: "attended", Vaccine: "mmr", Dose: 1}}})
		}
	})
	for _, path := range []string{"/", "/list", "/list?page=30", "/history"} {
		best := time.Hour
		for range 5 {
			begin := time.Now()
			b.get(path)
			best = min(best, time.Since(begin))
		}
		t.Logf("%s: %s, %d bytes", path, best, len(b.body))
		if best > 200*time.Millisecond {
			t.Errorf("%s takes %s", path, best)
		}
	}
}
