package patient

import (
	"fmt"
	"strings"
	"testing"

	"pieks/card"
	"pieks/card/egk"
	"pieks/card/pcsc"
	"pieks/node/control"
)

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
