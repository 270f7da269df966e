package patient

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pieks/node/control"
)

// booked is a browser at the card of a booking.
func (s *site) booked(t testing.TB, lang string) (*browser, string) {
	t.Helper()
	b := s.in(t, lang)
	b.search("vaccine", "comirnaty", "doses", "first")
	b.choose(0)
	b.post(b.Path, erika...)
	if !strings.HasPrefix(b.Path, "/booking/") {
		t.Fatalf("not booked: %s %s", b.Path, b.text())
	}
	return b, b.Path
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
	if s.node.bookings[0].State != "cancelled" || strings.Contains(b.Body, "482910") {
		t.Errorf("%s", s.node.bookings[0].State)
	}
	b.get(card + "/print")
	if b.Path != card {
		t.Errorf("the card of a cancelled booking is printed at %s", b.Path)
	}
	b.get("/history")
	b.says("Von Ihnen abgesagt")
}

func TestMove(t *testing.T) {
	s := newSite(t)
	b, card := s.booked(t, "de")
	old := s.node.bookings[0]
	b.post(card + "/move")
	if b.Path != "/list" {
		t.Fatalf("moving leads to %s", b.Path)
	}
	b.says("Sie verschieben den Termin am", "Er bleibt bestehen", "nur die erste")
	b.choose(2)
	if !strings.Contains(b.Body, `value="Erika Muster"`) {
		t.Error("the name has to be typed again")
	}
	if s.node.bookings[0].State != "booked" {
		t.Error("the old one is gone before the new one is booked")
	}
	b.post(b.Path, erika...)
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
	if b.Path != "/booking/"+s.node.bookings[1].ID {
		t.Errorf("staying leads to %s", b.Path)
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
	if strings.Contains(b.Body, "482910") || len(b.choices()) != alternatives {
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
	if b.Status != http.StatusNotFound {
		t.Errorf("a booking that there is none of gives %d", b.Status)
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
	if b.Status != http.StatusUnprocessableEntity || !strings.Contains(b.Body, `value="Unsinn &lt;b&gt;"`) {
		t.Errorf("%d: what was typed is lost", b.Status)
	}
	for state, words := range map[string]string{"offline": "nicht zu erreichen", "elsewhere": "nicht in diesem Netz", "revoked": "keine Termine mehr", "unproven": "nicht nachweisen",
		"closed": "gerade keine Termine", "busy": "sehr oft gefragt"} {
		s.node.own.State = state
		b.post("/practice", "code", "PIEKS:A")
		b.says(words)
	}
	s.own()
	b.post("/practice", "code", " pieks:a ") // as it was typed
	if b.Path != "/practice/list" {
		t.Fatalf("%s: %s", b.Path, b.text())
	}
	b.says("Praxis Dr. Anna Sommer", "09:30 Uhr", "17:30 Uhr")
	// No postcode is needed for it.
	b.choose(0)
	b.says("Ihr Termin", "Praxis Dr. Anna Sommer")
	b.post(b.Path, erika...)
	b.says("Ihr Termin ist gebucht", "482910-7365-1")
	// Both doses.
	b.get("/practice/list")
	first := b.choices()[4]
	b.post("/practice/choose", "token", first, "both", "1")
	if b.Path != "/practice/second" {
		t.Fatalf("%s: %s", b.Path, b.text())
	}
	b.choose(0)
	b.post(b.Path, erika...)
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
		_ = w.WriteField("csrf", b.Token())
		file, err := w.CreateFormFile("photo", name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = file.Write(data)
		_ = w.Close()
		r, _ := http.NewRequest("POST", b.At+"/practice", &body)
		r.Header.Set("Content-Type", w.FormDataContentType())
		r.Header.Set("Accept-Language", "de")
		b.Answer = b.Send(r)
	}
	send("x.txt", []byte("no picture"))
	b.says("kann nicht gelesen werden")
	if data, err := os.ReadFile(filepath.Join("testdata", "code.png")); err == nil {
		send("code.png", data)
		if b.Path != "/practice/list" {
			t.Errorf("the photo leads to %s: %s", b.Path, b.text())
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
	if strings.Contains(b.Body, "<b>X") {
		t.Error("a name is markup")
	}
}
