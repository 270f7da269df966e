package patient

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pieks/node/control"
	"pieks/node/web"
	"pieks/node/web/webtest"
)

// The texts of an end, with the hours that are set up, and the notice of one that had waited (T28, A_28516).
func TestOutcomes(t *testing.T) {
	s := newCheckinSite(t)
	s.node.options.GiveUpHours = 48
	s.node.outcome = control.CheckinStatePending
	s.readers.insert("Reader 1", &patientCard{})
	b := s.consented(t, "de")
	b.post(b.Path)
	s.goesOn(b)
	page := b.Path
	b.says("Check-in ausstehend", "Die Einrichtung, in der Sie sich einchecken möchten, ist zurzeit geschlossen.", "bis zu 48 Stunden", "Jetzt nachfragen")
	b.post(page + "/ask")
	b.says("Check-in ausstehend")
	b.get("/")
	if strings.Contains(b.text(), "Online-Check-in erfolgreich") {
		t.Error("news before there are any")
	}
	b.get("/checkin")
	b.says("Ausstehend")
	s.clock.Advance(2 * time.Hour)
	s.node.settle(s.node.last().ID, control.CheckinStateSuccess, "")
	b.get("/")
	b.says("Online-Check-in erfolgreich: Hausarztpraxis am Park", "Ansehen")
	b.get(page)
	b.says("Sie haben sich erfolgreich bei Hausarztpraxis am Park eingecheckt.")
	b.get("/")
	if strings.Contains(b.text(), "Online-Check-in erfolgreich:") {
		t.Error("news are told that were read")
	}
	b = s.consented(t, "de")
	b.post(b.Path)
	s.goesOn(b)
	page = b.Path
	s.clock.Advance(2 * time.Hour)
	s.node.settle(s.node.last().ID, control.CheckinStateCanceled, control.CodeGiveUp)
	b.get("/settings")
	b.says("Check-in abgebrochen: Hausarztpraxis am Park")
	b.get(page)
	b.says("Check-in abgebrochen", "hat leider nicht reagiert (48 Stunden lang)", "Erneut probieren", "Einrichtung kontaktieren: 0221 5550100", "Abbrechen")
	if !strings.Contains(b.Body, `href="tel:02215550100"`) {
		t.Error("the number cannot be called")
	}
	b.post(page + "/again")
	b.says("Hier einchecken?")
	if k := s.node.last(); k.Workplace != "REZEPTION-1" || k.Institution.TelematikID != "1-234567890" {
		t.Errorf("again: %+v", k)
	}
	b.post(b.Path + "/end")
	b.says("Nicht eingecheckt", "wurde abgebrochen")
	for why, says := range map[string]string{
		control.CodeCardUnproven: "konnte nicht beweisen, dass sie echt ist", control.CodeCardExpired: "Karte ist abgelaufen", control.CodeCardBlocked: "gesperrt", control.CodeCheckinClock: "Uhrzeiten", control.CodeReplay: "schon einmal benutzt",
		control.CodeSession: "unterbrochen", control.CodeLogin: "Anmeldung bei Ihrer Versicherung", control.CodeCheckinService: "Der Dienst meldet: „so <b>“", control.CodeNoHealthID: "GesundheitsID erforderlich", control.CodeCheckinEnded: "Sie haben den Check-in",
		control.CodeCheckinLimit: "zu oft", "": "wurde abgebrochen", "brandnew": "aufgrund eines Fehlers abgebrochen",
	} {
		s.node.outcome, s.node.why = control.CheckinStateCanceled, why
		b := s.consented(t, "de")
		b.post(b.Path)
		s.goesOn(b)
		if s.node.do(func() { s.node.checkins[len(s.node.checkins)-1].Message = "so <b>" }); why == control.CodeCheckinService {
			b.get(b.Path)
		}
		b.says("Check-in abgebrochen", says)
	}
}

// A_28513: the offer to set a GesundheitsID up, and where it is required.
func TestOfferOfAGesundheitsID(t *testing.T) {
	s := newCheckinSite(t)
	s.node.options.SetupURL = "https://kasse.example/gesundheitsid"
	s.readers.insert("Reader 1", &patientCard{})
	b := s.consented(t, "de")
	b.post(b.Path)
	s.goesOn(b)
	b.says("GesundheitsID einrichten", "Sie können Ihre Anmeldedaten speichern, sodass Sie Ihre Gesundheitskarte nicht bei jeder Anmeldung benötigen.", "Vielleicht später")
	if !strings.Contains(b.Body, `href="https://kasse.example/gesundheitsid"`) {
		t.Error("no link")
	}
}

func TestHintOfTheFirstTime(t *testing.T) {
	s := newCheckinSite(t)
	s.node.options.Introduced = false
	b := s.in(t, "de")
	for _, page := range []string{"/", "/checkin"} {
		b.get(page)
		b.says("Neu: Online-Check-in", "Verstanden")
	}
	b.post("/checkin/introduced", "from", "home")
	if b.Path != "/" || strings.Contains(b.text(), "Neu: Online-Check-in") || !s.node.options.Introduced {
		t.Errorf("%s still says what is new", b.Path)
	}
	s.node.do(func() { s.node.options.CAN = "123123" })
	b.get("/settings")
	b.says("ist auf diesem Computer gemerkt")
	b.post("/checkin/can")
	b.says("Die Zugangsnummer ist vergessen")
	if b.Path != "/settings" || s.node.options.CAN != "" {
		t.Error("the access number is kept")
	}
}

// No Telematik-ID, name or access number is in an address that these pages make.
func TestNothingOfACheckinInAddresses(t *testing.T) {
	s := newCheckinSite(t)
	s.readers.insert("Reader 1", &patientCard{can: goodCAN})
	b := s.in(t, "de")
	var seen []string
	b.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		seen = append(seen, r.URL.String())
		return nil
	}
	b.get("/checkin")
	b.post("/checkin", "code", goodCode)
	b.post(b.Path+"/consent", "agree", "yes", "favourite", "1", "alias", "Hausärztin")
	b.post(b.Path, "can", goodCAN, "keep", "1")
	s.goesOn(b)
	b.get("/checkin")
	b.post("/checkin/begin", "pick", "0 - 1-234567890")
	b.get("/checkin/search")
	b.post("/checkin/search", "text", "Park")
	b.post("/checkin/begin", "pick", "0 mesh 1-234567890")
	if len(seen) < 6 {
		t.Fatalf("only %v", seen)
	}
	for _, path := range seen {
		for _, secret := range []string{"234567890", goodCAN, "Haus", "Park", "REZEPTION"} {
			if strings.Contains(path, secret) {
				t.Errorf("%s has %s", path, secret)
			}
		}
	}
}

// TestCheckinTexts: each key that a page says exists in both languages, and none is there for nothing.
func TestCheckinTexts(t *testing.T) {
	text, err := web.LoadText(files)
	if err != nil {
		t.Fatal(err)
	}
	webtest.Said(t, "pt_ci_", text.Keys(web.German))
	for _, state := range []string{"consent", "proof", "success", "pending", "canceled"} {
		if !text.Has(web.German, "pt_ci_state_"+state) || state != "consent" && state != "proof" && !text.Has(web.German, "pt_ci_end_"+state) {
			t.Errorf("state %s has no text", state)
		}
	}
	for _, c := range cardTroubles {
		if !text.Has(web.German, "pt_ci_card_"+c.key) {
			t.Errorf("no text pt_ci_card_%s", c.key)
		}
	}
	for code, end := range nodeCardKeys {
		if !text.Has(web.German, "pt_ci_card_"+end) {
			t.Errorf("%s has no text", code)
		}
	}
	for _, code := range outcomeWhy {
		if !text.Has(web.German, "pt_ci_why_"+code) {
			t.Errorf("%s has no text", code)
		}
	}
	for _, k := range kinds {
		if !text.Has(web.German, "pt_ci_kind_"+k) {
			t.Errorf("kind %s has no text", k)
		}
	}
}
