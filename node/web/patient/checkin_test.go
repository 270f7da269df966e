package patient

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"pieks/card"
	"pieks/card/egk"
	"pieks/card/pcsc"
	"pieks/node/control"
	"pieks/node/web/webtest"
)

const (
	goodCode = `{"tid":"1-234567890","typ":"popp-checkin","wpid":"REZEPTION-1"}`
	goodCAN  = "123123"
)

// goesOn follows a page that waits until it leads elsewhere.
func (s *checkinSite) goesOn(b *browser) {
	b.t.Helper()
	for strings.HasSuffix(b.Path, "/reading") {
		next := s.node.changes.Next()
		if b.get(b.Path); !strings.HasSuffix(b.Path, "/reading") {
			return
		}
		select {
		case <-next:
		case <-time.After(webtest.Patience):
			b.t.Fatalf("%s waits for ever: %s", b.Path, b.text())
		}
	}
}

// consented is a browser on the page of the card, after the consent.
func (s *checkinSite) consented(t testing.TB, lang string, more ...string) *browser {
	t.Helper()
	b := s.in(t, lang)
	b.get("/checkin")
	b.post("/checkin", "code", goodCode)
	b.post(b.Path+"/consent", append([]string{"agree", "yes"}, more...)...)
	return b
}

// last is the newest check-in of the double.
func (n *checkinNode) last() *control.Checkin {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.checkins[len(n.checkins)-1]
}

func TestCheckinWithTheCard(t *testing.T) {
	for _, lang := range []string{"de", "en"} {
		t.Run(lang, func(t *testing.T) {
			s := newCheckinSite(t)
			say := func(de, en string) string {
				if lang == "de" {
					return de
				}
				return en
			}
			s.readers.insert("Reader 1", &patientCard{can: goodCAN})
			b := s.in(t, lang)
			b.get("/checkin")
			b.says(say("Scannen Sie den Code", "Scan the code"))
			b.post("/checkin", "code", "  "+goodCode+" ")
			b.says(say("Hier einchecken?", "Check in here?"), "Hausarztpraxis am Park", "Praxis Dr. Sommer", "Arztpraxis", "Aachener Straße 12", "50674 Köln", "08:00–12:00", "0221 5550100", "REZEPTION-1",
				say("Ihre Versichertennummer", "your insurance number"), say("Name Ihrer Versicherung", "the name of your insurer"), say("Bestätigen", "Confirm"), say("Abbrechen", "Cancel"))
			if !strings.Contains(b.Body, `href="geo:0,0?q=Aachener`) {
				t.Error("no link for a map")
			}
			if s.node.sent != 0 || s.node.last().State != control.CheckinStateConsent {
				t.Fatalf("%d sent before the consent", s.node.sent)
			}
			b.post(b.Path+"/consent", "agree", "yes")
			b.says(say("Gesundheitskarte einlesen", "Read the health card"), say("Eine Karte liegt bereit", "A card is ready"))
			b.post(b.Path, "can", goodCAN, "keep", "1")
			s.goesOn(b)
			b.says(say("Online-Check-in erfolgreich", "Online check-in successful"), say("Sie haben sich erfolgreich bei Hausarztpraxis am Park eingecheckt.", "You have successfully checked in at Hausarztpraxis am Park."),
				say("Zur Startseite", "To the start page"))
			if k := s.node.last(); k.Workplace != "REZEPTION-1" || k.Proof != control.ProofEGK || k.OtherPerson {
				t.Errorf("%+v", k)
			}
			if got := strings.Join(s.node.answers, " "); got != "9000 9000 9000" {
				t.Errorf("the node heard %s", got)
			}
			if s.node.options.CAN != goodCAN {
				t.Error("the access number is not kept")
			}
			// The second time it is filled in.
			b.get("/checkin")
			b.post("/checkin", "code", "1-234567890")
			b.post(b.Path+"/consent", "agree", "yes")
			if !strings.Contains(b.Body, `value="123123"`) {
				t.Error("the access number has to be typed again")
			}
			b.post("/checkin/can", "checkin", s.node.last().ID)
			b.says(say("Die Zugangsnummer ist vergessen", "The access number is forgotten"))
			if s.node.options.CAN != "" || strings.Contains(b.Body, `value="123123"`) {
				t.Error("the access number is still known")
			}
		})
	}
}

// A27595, T12: what is no code leads to the text of the specification, and nobody was asked anything.
func TestBadCode(t *testing.T) {
	s := newCheckinSite(t)
	b := s.in(t, "de")
	for _, text := range []string{
		"https://evil.example/?tid=1-2", `{"tid":"1-234567890","typ":"popp-checkin","x":"y"}`, `{"tid":"1-234567890","tid":"1-2","typ":"popp-checkin"}`, `{"tid":1,"typ":"popp-checkin"}`,
		`[]`, goodCode + "{}", "PIEKS:AAAA", "<script>alert(1)</script>", strings.Repeat("x", 3000), "javascript:alert(1)",
	} {
		b.get("/checkin")
		b.post("/checkin", "code", text)
		b.says("QR-Code fehlerhaft", "Der gescannte QR-Code ist nicht lesbar, da er fehlerhafte Daten enthält. Bitte informieren Sie umgehend die Einrichtung", "Ok")
		if b.Status != http.StatusUnprocessableEntity || b.Path != "/checkin" {
			t.Errorf("%.30s: %d at %s", text, b.Status, b.Path)
		}
		if strings.Contains(b.Body, "evil.example") || strings.Contains(b.Body, "alert(1)") {
			t.Errorf("%.30s is shown", text)
		}
	}
	b.get("/checkin")
	b.post("/checkin")
	b.says("Scannen Sie den Code, wählen Sie ein Foto")
	if len(s.node.begun)+s.node.asked+s.node.sent != 0 {
		t.Errorf("begun %v, asked %d, sent %d", s.node.begun, s.node.asked, s.node.sent)
	}
	// A_28488: no hit ends it, and sends them to the institution.
	b.get("/checkin")
	b.post("/checkin", "code", "1-999")
	b.says("Einrichtung nicht gefunden", "wenden Sie sich an die Einrichtung", "nichts über Sie übermittelt")
	s.node.do(func() { s.node.down = true })
	b.get("/checkin")
	b.post("/checkin", "code", "1-999")
	b.says("Kein Internet", "Wir konnten Sie leider nicht anmelden, da Sie keine Internetverbindung haben.", "Erneut probieren", "Abbrechen")
}

// Nothing but the button agrees, and who declines has sent nothing and leaves nothing (A_27621, T27).
func TestConsent(t *testing.T) {
	s := newCheckinSite(t)
	b := s.in(t, "de")
	begin := func() string {
		b.get("/checkin")
		b.post("/checkin", "code", goodCode)
		return b.Path
	}
	for _, answer := range [][]string{{"agree", "no"}, {}, {"agree", ""}, {"agree", "YES"}, {"agree", "no", "favourite", "1", "alias", "x"}} {
		page := begin()
		b.post(page+"/consent", answer...)
		b.says("Nicht eingecheckt", "Sie haben abgelehnt. An Hausarztpraxis am Park wurde nichts übermittelt.")
		if b.get(page); b.Status != http.StatusNotFound {
			t.Errorf("%v leaves a check-in: %d", answer, b.Status)
		}
	}
	page := begin()
	b.post(page+"/consent", "agree", "yes", "lang", "en") // only to be seen in another language
	b.says("Check in here?")
	for _, path := range []string{page + "/card", page + "/login", page + "/reading"} { // pages of later
		if b.get(path); b.Path != page {
			t.Errorf("%s leads to %s before the consent", path, b.Path)
		}
	}
	b.post(page + "/virtual")
	s.goesOn(b)
	if s.node.sent != 0 || len(s.node.favourites) != 0 || s.node.last().State != control.CheckinStateConsent {
		t.Errorf("sent %d, favourites %v, %s", s.node.sent, s.node.favourites, s.node.last().State)
	}
	for _, path := range []string{page + "/consent", page + "/end", page + "/again", "/checkin/begin", "/checkin/whom"} {
		if b.get(path); b.Status == http.StatusOK {
			t.Errorf("GET %s gives %d", path, b.Status)
		}
	}
}

// T26: an alias like the name is said once; what has no place shows no address.
func TestWhatTheDirectorySays(t *testing.T) {
	s := newCheckinSite(t)
	b := s.in(t, "de")
	b.get("/checkin")
	b.post("/checkin", "code", "3-07.2.1444560000.16.108")
	if n := strings.Count(b.text(), "Rathausapotheke"); strings.Contains(b.text(), "Auch genannt") || n == 0 {
		t.Errorf("the alias is said: %s", b.text())
	}
	b.says("an den Dienst der gematik GmbH")
	b.get("/checkin")
	b.post("/checkin", "code", "9-2-DIGA-01")
	b.says("Rückenwohl", "DiGA")
	if strings.Contains(b.Body, "<address>") || strings.Contains(b.Body, "geo:") {
		t.Error("what has no place has an address")
	}
	// Two of one Telematik-ID: the one that was chosen (T25).
	b.get("/checkin")
	b.post("/checkin", "code", `{"tid":"5-2-777","typ":"popp-checkin","wpid":"Station 3"}`)
	b.says("Welche ist es?", "Klinikum Nord, Ambulanz", "Klinikum Nord, Notaufnahme")
	picks := b.all(`name="pick" value="([^"]+)"`)
	b.post("/checkin/begin", "which", "1", "pick", picks[1])
	b.says("Klinikum Nord, Notaufnahme", "Nordweg 3", "Station 3")
	s.node.do(func() {
		s.node.known = []control.Institution{{TelematikID: "1-2", Name: `<script>alert(1)</script>`, Alias: "\u202eevil", Street: `"><b>x`, PLZ: "50667", Place: "Köln", Phone: "javascript:1", Mesh: true, Origin: "mesh"}}
	})
	b.get("/checkin")
	b.post("/checkin", "code", "1-2")
	if b.says("<script>alert(1)</script>"); strings.Contains(b.Body, "<script>alert") || strings.Contains(b.Body, "<b>x") || strings.Contains(b.Body, `href="javascript`) {
		t.Error("what a directory says is markup")
	}
}

// What can go wrong with card and reader is told apart, and the node hears of it when it waits for an answer.
func TestCardTroubles(t *testing.T) {
	for _, test := range []struct {
		name string
		card *patientCard
		can  string
		says string
		told string // to the node
		at   bool   // at the field
	}{
		{"wrong CAN", &patientCard{can: "123124"}, goodCAN, "Das ist nicht die Zugangsnummer dieser Karte", "", true},
		{"no CAN", &patientCard{can: goodCAN}, "", "Ohne Zugangsnummer lässt sich eine aufgelegte Karte nicht lesen", "", true},
		{"five digits", &patientCard{can: goodCAN}, "12312", "genau sechs Ziffern", "", true},
		{"letters", &patientCard{can: goodCAN}, "12312a", "genau sechs Ziffern", "", true},
		{"foreign", &patientCard{fail: fmt.Errorf("x: %w", egk.ErrNotEGK)}, "", "keine elektronische Gesundheitskarte", "", false},
		{"unknown to all", &patientCard{fail: card.ErrForeignCard}, "", "keine elektronische Gesundheitskarte", "", false},
		{"old", &patientCard{fail: egk.ErrOldCard}, "", "zu alt für den Online-Check-in", "", false},
		{"in use", &patientCard{fail: pcsc.ErrInUse}, "", "Ein anderes Programm benutzt die Karte", "", false},
		{"mute", &patientCard{fail: pcsc.ErrMute}, "", "Die Karte antwortet nicht", "", false},
		{"unplugged", &patientCard{fail: pcsc.ErrUnplugged}, "", "ist kein Kartenlesegerät", "", false},
		{"removed at once", &patientCard{at: 0, fails: pcsc.ErrRemoved}, "", "Die Karte war zu früh weg", control.CodeCardRemoved, false},
		{"removed later", &patientCard{can: goodCAN, at: 2, fails: pcsc.ErrRemoved}, goodCAN, "Die Karte war zu früh weg", control.CodeCardRemoved, false},
		{"refused", &patientCard{answer: "6982"}, "", "Die Karte hat unerwartet geantwortet", "", false},
		{"other", &patientCard{fails: fmt.Errorf("something with X110540756 in it")}, "", "Die Karte hat unerwartet geantwortet", control.CodeCardRefused, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newCheckinSite(t)
			s.readers.insert("Reader 1", test.card)
			b := s.consented(t, "de")
			page := b.Path
			b.post(page, "can", test.can, "keep", "1")
			s.goesOn(b)
			b.says(test.says)
			if b.Path != page || strings.Contains(b.Body, "X110540756") {
				t.Errorf("at %s: %s", b.Path, b.text())
			}
			if at := strings.Contains(b.Body, `id="e-can"`); at != test.at {
				t.Errorf("said at the field: %v", at)
			}
			if test.can != "" && !strings.Contains(b.Body, `value="`+test.can+`"`) {
				t.Error("what was typed is lost")
			}
			if got := strings.Join(s.node.failures, " "); got != test.told {
				t.Errorf("the node was told %q", got)
			}
			if k := s.node.last(); k.State != control.CheckinStateProof || s.node.options.CAN != "" || s.readers.proved > 1 {
				t.Errorf("%s, CAN kept: %v, tried %d times", k.State, s.node.options.CAN != "", s.readers.proved)
			}
			b.get(page)
			if strings.Contains(b.text(), test.says) && test.says != "genau sechs Ziffern" {
				t.Error("it is said again")
			}
			// It can be tried again.
			s.readers.insert("Reader 1", &patientCard{can: goodCAN})
			b.post(page, "can", goodCAN)
			s.goesOn(b)
			b.says("Online-Check-in erfolgreich")
			if s.node.options.CAN != "" {
				t.Error("the access number is kept without having been asked to")
			}
		})
	}
}

// What the practice says of a card is said as such.
func TestPracticeRefusesTheCard(t *testing.T) {
	for code, says := range map[string]string{
		control.CodeCardExpired: "Diese Karte ist abgelaufen", control.CodeCardBlocked: "Diese Karte ist von der Krankenkasse gesperrt", control.CodeCardUnproven: "nicht beweisen, dass sie echt ist",
		control.CodeCardForeign: "keine elektronische Gesundheitskarte", control.CodeReplay: "probieren Sie es noch einmal", control.CodeSession: "probieren Sie es noch einmal",
		control.CodeCheckinClock: "zu lange her", control.CodeCheckinLimit: "schon zu oft eingecheckt", "something new": "something new"} {
		s := newCheckinSite(t)
		s.readers.insert("Reader 1", &patientCard{})
		s.node.refuse = code
		b := s.consented(t, "de")
		b.post(b.Path)
		s.goesOn(b)
		if code == "something new" {
			says = "refused"
		}
		b.says(says)
		if !strings.HasSuffix(b.Path, "/card") {
			t.Errorf("%s leads to %s", code, b.Path)
		}
	}
}

func TestReaders(t *testing.T) {
	s := newCheckinSite(t)
	b := s.consented(t, "de")
	page := b.Path
	b.says("ist kein Kartenlesegerät", "Test-Karte benutzen")
	s.readers.insert("Reader 1", nil)
	b.get(page)
	b.says("Legen Sie die Karte jetzt auf das Lesegerät")
	b.post(page)
	b.says("In keinem Lesegerät ist eine Karte")
	s.readers.insert("Reader 1", &patientCard{})
	s.readers.insert("Reader 2", &patientCard{can: goodCAN})
	b.get(page)
	b.says("In welchem Lesegerät ist Ihre Karte?", "Reader 1", "Reader 2")
	b.post(page)
	b.says("Bitte wählen Sie, in welchem Lesegerät")
	b.post(page, "reader", "Reader 3")
	b.says("Bitte wählen Sie, in welchem Lesegerät")
	if s.readers.proved != 0 {
		t.Error("a card was read that was not chosen")
	}
	s.readers.insert("Reader 2", &patientCard{seen: egk.ErrNotEGK})
	b.get(page)
	b.says("Eine Karte liegt bereit", "keine elektronische Gesundheitskarte")
	s.readers.insert("Reader 2", &patientCard{can: goodCAN})
	s.readers.err = pcsc.ErrNoService
	b.get(page)
	b.says("Der Dienst für Kartenleser läuft nicht")
	s.readers.err = nil
	// The page shows how far it is, and a second tab does not begin again.
	s.node.do(func() { s.node.wait = make(chan struct{}) })
	b.post(page, "reader", "Reader 2", "can", goodCAN)
	for !strings.Contains(b.text(), "Karte erkannt") {
		next := s.node.changes.Next()
		if b.get(b.Path); strings.Contains(b.text(), "Karte erkannt") {
			break
		}
		<-next
	}
	b.says("Karte erkannt", "Authentisierung …")
	b.get(page)
	if !strings.HasSuffix(b.Path, "/reading") {
		t.Errorf("the page of the card is at %s while it is read", b.Path)
	}
	b.get("/checkin") // a form
	b.post(page, "reader", "Reader 2", "can", goodCAN)
	close(s.node.wait)
	s.goesOn(b)
	b.says("Online-Check-in erfolgreich")
	if s.readers.proved != 1 {
		t.Errorf("read %d times", s.readers.proved)
	}
	// Without readers in the program there is still the virtual card of a test network.
	none := newCheckinSiteOf(t, nil)
	b = none.consented(t, "de")
	b.says("ohne Kartenleser gebaut")
	b.post(b.Path)
	b.says("ohne Kartenleser gebaut")
	b.post("/checkin/" + none.node.last().ID + "/virtual")
	none.goesOn(b)
	b.says("Online-Check-in erfolgreich")
}

// For somebody else it is their card: no access number of one's own, no GesundheitsID (gemSpec_PoPP_Modul 7.3.1).
func TestForAnotherPerson(t *testing.T) {
	s := newCheckinSite(t)
	s.node.withHealthID()
	s.node.options.CAN = "999999"
	s.readers.insert("Reader 1", &patientCard{can: goodCAN})
	b := s.in(t, "de")
	b.get("/checkin")
	b.post("/checkin/whom", "other", "1")
	b.says("Sie checken für eine andere Person ein")
	b.post("/checkin", "code", goodCode)
	b.says("Hier für eine andere Person einchecken?", "die Versichertennummer der anderen Person")
	b.post(b.Path+"/consent", "agree", "yes")
	b.says("Nehmen Sie die Gesundheitskarte der anderen Person")
	if strings.Contains(b.Body, "999999") || strings.Contains(b.Body, `name="keep"`) {
		t.Error("one's own access number is offered")
	}
	b.post(b.Path, "can", goodCAN, "keep", "1")
	s.goesOn(b)
	b.says("Online-Check-in erfolgreich", "für eine andere Person")
	if s.node.options.CAN != "999999" {
		t.Error("the other person's access number is kept")
	}
	if strings.Contains(b.text(), "GesundheitsID einrichten") {
		t.Error("a GesundheitsID is offered for another person's card")
	}
	b.get("/checkin")
	if strings.Contains(b.text(), "Sie checken für eine andere Person ein") {
		t.Error("the next check-in is for somebody else, too")
	}
	b.post("/checkin/whom", "other", "1")
	b.post("/checkin/whom")
	b.post("/checkin", "code", goodCode)
	if s.node.last().OtherPerson {
		t.Error("it is for somebody else after all")
	}
}
