package patient

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pieks/node/control"
	"pieks/node/web"
)

// A_28512: an institution is kept under a name of one's own, and needs no look-up after that.
func TestFavourites(t *testing.T) {
	s := newCheckinSite(t)
	b := s.consented(t, "de", "favourite", "1", "alias", "  Meine   Hausärztin ")
	if got := s.node.favourites; len(got) != 1 || got[0] != (control.Favourite{TelematikID: "1-234567890", Name: "Hausarztpraxis am Park", Alias: "Meine Hausärztin"}) {
		t.Fatalf("%+v", got)
	}
	s.node.do(func() {
		s.node.favourites = append(s.node.favourites, control.Favourite{TelematikID: "3-1", Name: "Zentralapotheke"}, control.Favourite{TelematikID: "2-1", Name: "alpha", Alias: "Ärztehaus"}, control.Favourite{TelematikID: "2-2", Name: "Apotheke"})
		s.node.known = nil
	})
	b.get("/checkin")
	names := b.all(`<button class="choice" name="pick" value="0 - [^"]+"><span class="what"><strong><bdi>([^<]+)<`)
	if got := strings.Join(names, ", "); got != "Apotheke, Meine Hausärztin, Zentralapotheke, Ärztehaus" {
		t.Errorf("the favourites are %s", got)
	}
	s.node.do(func() { s.node.down = true })
	b.post("/checkin/begin", "pick", "0 - 1-234567890")
	b.says("Hier einchecken?", "Hausarztpraxis am Park", "In Ihren Favoriten als Meine Hausärztin")
	if s.node.asked != 0 {
		t.Error("the directory was asked")
	}
	b.get("/checkin/favourites")
	b.post("/checkin/favourites", "favourite", "1-234567890", "alias", "Dr. S.")
	b.says("Gespeichert", "Dr. S.")
	b.post("/checkin/favourites", "favourite", "1-234567890", "alias", strings.Repeat("x", 81))
	b.says("zu lang oder enthält unsichtbare Zeichen")
	b.post("/checkin/favourites", "favourite", "1-234567890", "alias", "a\u202eb")
	b.says("zu lang oder enthält unsichtbare Zeichen")
	if s.node.favourites[0].Alias != "Dr. S." {
		t.Errorf("%+v", s.node.favourites[0])
	}
	b.post("/checkin/favourites", "favourite", "1-234567890", "do", "remove")
	b.says("Dr. S. ist kein Favorit mehr", "Rückgängig")
	if len(s.node.favourites) != 3 {
		t.Fatalf("%d favourites", len(s.node.favourites))
	}
	undo := b.all(`name="change" value="([^"]+)"`)
	b.post("/undo", "change", "other")
	b.says("lässt sich nicht mehr rückgängig machen")
	b.post("/checkin/favourites", "favourite", "2-1", "do", "remove")
	if undo = b.all(`name="change" value="([^"]+)"`); len(undo) != 1 {
		t.Fatal("no undo")
	}
	b.post("/undo", "change", undo[0])
	b.says("Ärztehaus ist wieder ein Favorit")
	b.post("/undo", "change", undo[0])
	b.says("lässt sich nicht mehr rückgängig machen")
	if len(s.node.favourites) != 3 {
		t.Errorf("%d favourites", len(s.node.favourites))
	}
	// A full list is said before anything is agreed to.
	full := newCheckinSite(t)
	full.node.full = true
	b = full.consented(t, "de", "favourite", "1", "alias", "x")
	b.says("Mehr Favoriten passen nicht", "Hier einchecken?")
	if full.node.last().State != control.CheckinStateConsent {
		t.Error("agreed with a wrong form")
	}
	b.post("/checkin/"+full.node.last().ID+"/consent", "agree", "yes", "favourite", "1", "alias", strings.Repeat("ä", 81))
	b.says("zu lang oder enthält unsichtbare Zeichen")
	for _, wrong := range []string{"", "0", "x - 1-2", "-1 - 1-2", "100 - 1-2", "0 - 1-2 3"} {
		if b.post("/checkin/begin", "pick", wrong); b.Path != "/checkin" {
			t.Errorf("%q leads to %s", wrong, b.Path)
		}
	}
}

// A_28511, T29: the last ten with name and address, newest first; each institution once where one begins again.
func TestHistory(t *testing.T) {
	s := newCheckinSite(t)
	b := s.in(t, "de")
	b.get("/checkin/history")
	b.says("Ihre letzten zehn Check-ins")
	s.node.do(func() {
		for i := range 13 {
			at := s.node.now().Add(time.Duration(i-20) * time.Hour)
			s.node.checkins = append(s.node.checkins, &control.Checkin{ID: fmt.Sprintf("00000000-0000-4000-8000-%012x", i+1), State: "success", Began: at, Proved: at, Ended: at,
				Institution: control.Institution{TelematikID: fmt.Sprintf("1-%d", i/2), Name: fmt.Sprintf("Praxis %02d", i), Street: fmt.Sprintf("Weg %d", i), PLZ: "50667", Place: "Köln", Origin: "mesh"}})
		}
		s.node.checkins[12].State, s.node.checkins[12].Why = "canceled", control.CodeGiveUp
	})
	b.get("/checkin/history")
	b.says("Praxis 12", "Weg 12, 50667 Köln", "Abgebrochen", "Praxis 03", "Erfolgreich")
	if strings.Contains(b.text(), "Praxis 02") || strings.Index(b.text(), "Praxis 11") < strings.Index(b.text(), "Praxis 12") {
		t.Error("not the last ten, newest first")
	}
	b.get("/checkin")
	picks := b.all(`name="pick" value="(0 mesh [^"]+)"`)
	if got := strings.Join(picks, ", "); got != "0 mesh 1-6, 0 mesh 1-5, 0 mesh 1-4, 0 mesh 1-3, 0 mesh 1-2, 0 mesh 1-1, 0 mesh 1-0" {
		t.Errorf("last used: %s", got)
	}
	b.says("Weg 12, 50667 Köln")
}

// A_28515: what is looked for is posted and in no address; a page that is only opened asks nobody.
func TestSearchInstitutions(t *testing.T) {
	s := newCheckinSite(t)
	s.node.prefs.PLZ = "50667"
	b := s.in(t, "de")
	b.get("/checkin/search")
	if s.node.asked != 0 || !strings.Contains(b.Body, `value="50667"`) {
		t.Error("asked by opening the page, or the postcode is not filled in")
	}
	names := regexp.MustCompile(`<option value="[^"]+">([^<]+)`).FindAllStringSubmatch(b.Body, -1)
	if !slices.IsSortedFunc(names, func(x, y []string) int { return strings.Compare(x[1], y[1]) }) || len(names) != len(kinds) {
		t.Errorf("kinds: %v", names)
	}
	for _, test := range []struct {
		form  []string
		finds string
	}{
		{[]string{"text", "park"}, "Hausarztpraxis am Park"},
		{[]string{"text", "Aachener"}, "Hausarztpraxis am Park"},
		{[]string{"place", "Frankfurt"}, "Rathausapotheke"},
		{[]string{"plz", "605"}, "Rathausapotheke"},
		{[]string{"plz", "50674", "radius", "20", "kind", professions + "50"}, "Hausarztpraxis am Park"},
	} {
		b.get("/checkin/search")
		b.post("/checkin/search", test.form...)
		if got := b.all(`<strong><bdi>([^<]+)</bdi>`); len(got) != 1 || got[0] != test.finds {
			t.Errorf("%v finds %v", test.form, got)
		}
		if b.Path != "/checkin/search" {
			t.Errorf("%v leads to %s", test.form, b.Path)
		}
	}
	b.says("Aachener Straße 12, 50674 Köln", "2 km", "1 Einrichtung")
	for _, test := range []struct {
		form []string
		says string
	}{
		{nil, "Geben Sie einen Namen, einen Ort oder eine Postleitzahl ein"},
		{[]string{"plz", "5066x"}, "bis zu fünf Ziffern"},
		{[]string{"plz", "506678"}, "bis zu fünf Ziffern"},
		{[]string{"plz", "506", "radius", "20"}, "eine ganze Postleitzahl"},
		{[]string{"plz", "00000", "radius", "20"}, "eine ganze Postleitzahl"},
	} {
		b.post("/checkin/search", test.form...)
		b.says(test.says)
	}
	b.post("/checkin/search", "text", "Nordklinik")
	b.says("Nichts gefunden")
	// Of two with one Telematik-ID the second is begun at, also from the second page.
	s.node.do(func() {
		for i := range 30 {
			s.node.known = append(s.node.known, control.Institution{TelematikID: "5-2-999", Name: fmt.Sprintf("Praxis Serie %02d", i), Origin: "vzd"})
		}
	})
	b.get("/checkin/search")
	b.post("/checkin/search", "text", "Serie")
	b.says("30 Einrichtungen", "Seite 1 von 2")
	b.get("/checkin/search?page=2")
	picks := b.all(`name="pick" value="([^"]+)"`)
	b.post("/checkin/begin", "pick", picks[1])
	b.says("Praxis Serie 21")
	s.node.do(func() { s.node.down = true })
	b.get("/checkin/search")
	b.says("Das Verzeichnis war nicht ganz zu erreichen")
}

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
	var said []string
	key := regexp.MustCompile(`pt_ci_[a-z0-9_]+`)
	part := regexp.MustCompile(`(?:template|define) "pt_ci_[a-z_]+"`)
	for _, pattern := range []string{"*.go", "templates/*.html", "templates/parts/*.html"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			said = append(said, key.FindAllString(part.ReplaceAllString(string(data), ""), -1)...)
		}
	}
	for _, k := range said {
		if !strings.HasSuffix(k, "_") && !text.Has(web.German, k) {
			t.Errorf("%s is said and has no text", k)
		}
	}
	for _, k := range text.Keys(web.German) {
		if strings.HasPrefix(k, "pt_ci_") && !slices.Contains(said, k) && !slices.ContainsFunc(said, func(s string) bool { return strings.HasSuffix(s, "_") && strings.HasPrefix(k, s) }) {
			t.Errorf("%s is never said", k)
		}
	}
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
