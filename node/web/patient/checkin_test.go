package patient

import (
	"net/http"
	"strings"
	"testing"
	"time"

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
	// An answer that was given is not given again.
	b.get(page)
	b.post(page+"/consent", "agree", "yes")
	b.post(page+"/consent", "agree", "no")
	if b.Path != page+"/card" || s.node.last().State != control.CheckinStateProof {
		t.Errorf("the second answer leads to %s, %s", b.Path, s.node.last().State)
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
