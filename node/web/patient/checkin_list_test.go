package patient

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pieks/node/control"
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
	b.post("/undo", "change", "other")
	b.says("lässt sich nicht mehr rückgängig machen")
	b.post("/checkin/favourites", "favourite", "2-1", "do", "remove")
	undo := b.all(`name="change" value="([^"]+)"`)
	if len(undo) != 1 {
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
	s.node.do(func() {
		for i, k := range s.node.checkins {
			k.Institution.TelematikID = fmt.Sprintf("1-%d", i)
		}
	})
	b.get("/checkin")
	if picks = b.all(`name="pick" value="(0 mesh [^"]+)"`); len(picks) != 10 || picks[0] != "0 mesh 1-12" {
		t.Errorf("last used: %v", picks)
	}
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
