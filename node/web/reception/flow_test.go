package reception

import (
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

// TestEveryPage: in both languages, with all texts, nobody's markup and no name in a title.
func TestEveryPage(t *testing.T) {
	s := newSite(t)
	s.fill()
	s.atWork()
	b := s.in(t, "doctor")
	b.post("/day/2026-12-01", "do", "move_all")
	b.post("/day/2026-12-01", "do", "cancel_all")
	b.post("/desk/search", "query", "m")
	paths := []string{"/move", "/cancel"}
	for _, p := range shots(s) {
		paths = append(paths, p.path)
	}
	title := regexp.MustCompile(`<title>([^<]*)</title>`)
	for _, lang := range []string{"de", "en"} {
		for _, path := range paths {
			sep := "?"
			if strings.Contains(path, "?") {
				sep = "&"
			}
			a := b.get(path + sep + "lang=" + lang)
			if a.Status != http.StatusOK || strings.Contains(a.Body, "[rc_") || strings.Contains(a.Body, "&lt;no value") {
				t.Errorf("%s in %s: %d %s", path, lang, a.Status, regexp.MustCompile(`\[rc_\w+\]|.{60}&lt;no value`).FindString(a.Body))
			}
			if strings.Contains(a.Body, "<script>alert") || strings.Contains(a.Body, ` style="`) || !strings.Contains(a.Body, `lang="`+lang+`"`) {
				t.Errorf("%s in %s has markup of a patient, a style or the wrong language", path, lang)
			}
			found := title.FindStringSubmatch(a.Body)
			if found == nil {
				t.Errorf("%s has no title", path)
				continue
			}
			for _, personal := range append([]string{"50667", "1950", s.details.Name}, names...) {
				if strings.Contains(found[1], personal) {
					t.Errorf("the title of %s: %s", path, found[1])
				}
			}
		}
	}
}

func TestAssistant(t *testing.T) {
	s := newSite(t)
	s.fill()
	a := s.in(t, "assistant")
	for _, path := range []string{"/settings", "/setup", "/setup/hours", "/setup/network", "/setup/done", "/people", "/backup", "/export"} {
		if got := a.get(path); got.Status != http.StatusForbidden || strings.Contains(got.Body, s.details.Phone) {
			t.Errorf("%s: %d", path, got.Status)
		}
	}
	for _, path := range []string{"/settings", "/setup", "/setup/hours", "/setup/network", "/people", "/backup", "/network"} {
		if got := a.post(path, "name", "x", "passphrase", "1234567890", "again", "1234567890"); got.Status != http.StatusForbidden {
			t.Errorf("POST %s: %d", path, got.Status)
		}
	}
	for _, path := range []string{"/day/2026-12-01", "/give", "/desk", "/changes", "/history", "/status", "/poster"} {
		got := a.get(path)
		if got.Status != http.StatusOK {
			t.Errorf("%s: %d", path, got.Status)
		}
		for _, link := range []string{`href="/settings"`, `href="/people"`, `href="/backup"`, `href="/export`, `pieks card enrol`} {
			if strings.Contains(got.Body, link) {
				t.Errorf("%s shows %s", path, link)
			}
		}
	}
}

func TestGiveADay(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "")
	if a := b.get("/"); a.Path != "/day/2026-12-01" {
		t.Errorf("without appointments it begins at %s", a.Path)
	}
	empty := b.get("/day/2026-12-04")
	empty.Says(t, "Noch keine Termine", `href="/give?day=2026-12-04"`)
	page := b.get("/give?day=2026-12-04") // the first click shows the preview at once
	page.Says(t, "Freitag, 4. Dezember 2026", "24 Termine vergeben", `value="08:00"`, `value="12:00"`)
	seen := regexp.MustCompile(`name="seen" value="([^"]+)"`).FindStringSubmatch(page.Body)
	if seen == nil || len(s.slots) != 0 {
		t.Fatalf("no preview, or it made %d", len(s.slots))
	}
	form := []string{"first", "2026-12-04", "from", "08:00", "to", "12:00", "every", "10", "vaccine", "biontech", "dose", "0", "vials", "1", "seen", seen[1]}
	done := b.post("/give", append(form, "do", "give")...) // the second one gives
	done.Says(t, "24 Termine sind angelegt, sichtbar ab 09:40 Uhr", "08:00", "11:50")
	if len(s.slots) != 24 || done.Path != "/day/2026-12-04" {
		t.Errorf("%d appointments, at %s", len(s.slots), done.Path)
	}

	if a := b.get("/"); a.Path != "/day/2026-12-04" {
		t.Errorf("it begins at %s and not at the next day with appointments", a.Path)
	}

	// What was changed after it was looked at is looked at again.
	stale := b.post("/give", append(form, "do", "give", "from2", "15:00", "to2", "18:00")...)
	stale.Says(t, "Sie haben noch etwas geändert", "42 Termine vergeben", "gibt es schon 24 Termine")
	if len(s.slots) != 24 {
		t.Errorf("a stale preview made %d", len(s.slots)-24)
	}

	// Wrong input names its field and keeps the rest.
	wrong := b.post("/give", "first", "2026-12-04", "from", "12:00", "to", "08:00", "every", "0", "vaccine", "flu", "do", "give")
	wrong.Says(t, `id="e-to"`, `id="e-every"`, `value="12:00"`, `value="08:00"`, `<option value="flu" selected>`)
	if wrong.Status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", wrong.Status)
	}
	past := b.post("/give", "first", "2026-11-30", "from", "08:00", "to", "12:00", "every", "10", "vaccine", "flu", "do", "give")
	past.Says(t, `id="e-first"`)

	// Weekdays, whole vials, and the limit of 200 in words.
	series := b.post("/give", "first", "2026-12-07", "last", "2026-12-13", "weekday", "1", "weekday", "3", "from", "08:00", "to", "09:20", "every", "10", "vaccine", "biontech", "vials", "1", "do", "preview")
	series.Says(t, "Montag, 7. Dezember 2026", "Mittwoch, 9. Dezember 2026", "12 Termine vergeben", "1 ganzes Fläschchen")
	// Two spans of a day are one plan: twelve and six make three vials, and both are made, or neither.
	two := []string{"first", "2026-12-08", "from", "08:00", "to", "10:00", "from2", "15:00", "to2", "16:10", "every", "10", "vaccine", "biontech", "vials", "1"}
	b.post("/give", append(two, "do", "preview")...).Says(t, "18 Termine vergeben", "3 ganze Fläschchen")
	overlap := slices.Clone(two)
	overlap[7] = "09:50"
	b.post("/give", append(overlap, "do", "give")...).Says(t, `id="e-from2"`)
	many := b.post("/give", "first", "2026-12-07", "last", "2027-01-13", "from", "08:00", "to", "12:00", "every", "5", "vaccine", "biontech", "do", "preview")
	many.Says(t, "Mehr als 200 freie Termine")
	lang := b.post("/give", append(form, "lang", "en", "do", "give")...)
	lang.Says(t, "Give away 24 appointments", "There are 24 appointments in this time already")
	if len(s.slots) != 24 {
		t.Error("the language button gave appointments away")
	}
}

func TestLeftOver(t *testing.T) {
	s := newSite(t)
	day := time.Date(2026, 12, 1, 8, 0, 0, 0, web.Berlin)
	for i := range 4 {
		s.give(control.Patient{Name: "Erika", BirthDate: "1950-03-01"}, false, s.add(day.Add(time.Duration(i)*10*time.Minute), 10*time.Minute, "biontech", 1))
	}
	b := s.in(t, "assistant")
	b.get("/day/2026-12-01").Says(t, "4 von 6 Dosen vergeben", "2 Dosen übrig", "2 Restdosen anbieten")
	b.post("/leftover", "vaccine", "biontech", "count", "2").Says(t, "2 Restdosen werden angeboten", "10:30")
	if after := b.get("/day/2026-12-01"); strings.Contains(after.Body, "Restdosen anbieten") {
		t.Error("left-over doses are offered twice")
	}
	b.post("/leftover", "vaccine", "biontech", "count", "6").Says(t, `class="notice bad"`, "So viele Restdosen")
}

func TestTicked(t *testing.T) {
	s := newSite(t)
	s.fill()
	b := s.in(t, "assistant")
	var all []string
	for _, a := range s.slots {
		all = append(all, "id", a.ID)
	}
	b.post("/day/2026-12-01", append(all, "do", "block")...).Says(t, "3 Termine sind gesperrt")
	b.post("/day/2026-12-01", append(all, "do", "unblock")...).Says(t, "4 Termine sind wieder frei")
	// Several are deleted only when one has said so twice; one at once.
	open := s.open()
	asked := b.post("/day/2026-12-01", append(all, "do", "withdraw")...)
	asked.Says(t, "<h1>4 freie Termine löschen</h1>", "Dienstag, 1. Dezember 2026", `name="sure" value="1"`)
	english := b.post("/day/2026-12-01", append(all, "sure", "1", "lang", "en", "do", "withdraw")...)
	english.Says(t, "<h1>Delete 4 free appointments</h1>")
	b.get("/day/2026-12-01?lang=de")
	if n := strings.Count(asked.Body, `name="id"`); n != 4 || s.open() != open {
		t.Errorf("asks for %d, and %d of %d are left", n, s.open(), open)
	}
	free := regexp.MustCompile(`name="id" value="([^"]+)"`).FindAllStringSubmatch(asked.Body, -1)
	b.post("/day/2026-12-01", "id", free[0][1], "do", "withdraw").Says(t, "1 freier Termin ist gelöscht")
	b.post("/day/2026-12-01", append(all, "sure", "1", "do", "withdraw")...).Says(t, "3 freie Termine sind gelöscht")
	b.post("/day/2026-12-01", "do", "withdraw").Says(t, "Wählen Sie zuerst")
	b.post("/day/2026-12-01", "do", "move").Says(t, "Wählen Sie zuerst")
	b.post("/day/2026-12-01", append(all, "do", "move")...).Says(t, "<h1>6 Termine verschieben</h1>")
	if got := b.post("/day/2026-12-01", "do", "explode"); got.Status != http.StatusNotFound {
		t.Errorf("what does not exist: %d", got.Status)
	}
	if got := b.get("/day/tomorrow"); got.Status != http.StatusNotFound {
		t.Errorf("a day that is none: %d", got.Status)
	}
}

func TestPhone(t *testing.T) {
	s := newSite(t)
	first := s.add(time.Date(2026, 12, 1, 11, 0, 0, 0, web.Berlin), 10*time.Minute, "biontech", 1)
	second := s.add(time.Date(2026, 12, 23, 11, 0, 0, 0, web.Berlin), 10*time.Minute, "biontech", 2)
	s.add(time.Date(2026, 12, 10, 11, 0, 0, 0, web.Berlin), 10*time.Minute, "biontech", 2)
	b := s.in(t, "assistant")
	page := b.get("/phone/" + first.ID)
	page.Says(t, "Dienstag, 1. Dezember 2026, 11:00 Uhr", "Mittwoch, 23. Dezember 2026, 11:00 Uhr")
	if strings.Contains(page.Body, "10. Dezember") {
		t.Error("a second dose too early is offered")
	}
	wrong := b.post("/phone/"+first.ID, "name", "Erika <b>", "birth", "1.3.50", "phone", "0221 1", "second", second.ID)
	wrong.Says(t, `value="Erika &lt;b&gt;"`, `value="1.3.50"`, `value="0221 1"`, `id="e-birth"`, `aria-describedby="e-birth h-birth"`, `value="`+second.ID+`" checked`)
	if len(s.bookings) != 0 {
		t.Fatal("booked in spite of a wrong date")
	}
	booked := b.post("/phone/"+first.ID, "name", "  Erika   Mustermann ", "birth", "01031950", "phone", "0221 1", "second", second.ID)
	if len(s.bookings) != 1 || len(s.bookings[0].Visits) != 2 || s.bookings[0].Patient.Name != "Erika Mustermann" || s.bookings[0].Patient.BirthDate != "1950-03-01" {
		t.Fatalf("%+v", s.bookings)
	}
	booked.Says(t, "Gebucht.", s.bookings[0].Visits[0].Digits, s.bookings[0].Visits[1].Digits, "konflikt weisheit trinken station", "<svg", "/print/slip/"+s.bookings[0].ID)
	if strings.Contains(booked.Path, "Erika") {
		t.Error(booked.Path)
	}
	slip := b.get("/print/slip/" + s.bookings[0].ID)
	slip.Says(t, "slip.css", "11:00 Uhr", "Hausarztpraxis am Park", "Bitte mitbringen", s.bookings[0].Visits[1].Digits)
	gone := b.post("/phone/"+first.ID, "name", "Max", "birth", "1.3.1950")
	gone.Says(t, "gerade vergeben", `name="name" value="Max"`)
	if gone.Status != http.StatusConflict || len(s.bookings) != 1 {
		t.Errorf("%d, %d bookings", gone.Status, len(s.bookings))
	}
	if got := b.get("/phone/ffff"); got.Status != http.StatusNotFound {
		t.Errorf("no such appointment: %d", got.Status)
	}
	other := s.give(control.Patient{Name: "Max", BirthDate: "1950-03-01"}, false, s.add(time.Date(2026, 12, 1, 12, 0, 0, 0, web.Berlin), time.Minute, "flu", 1))
	if got := b.get("/booking/" + other.ID); strings.Contains(got.Body, other.Visits[0].Digits) {
		t.Error("the code of a patient who has a node is shown")
	}
}

func TestDesk(t *testing.T) {
	s := newSite(t)
	booked := s.give(control.Patient{Name: "Erika Mustermann", BirthDate: "1950-03-01"}, true, s.add(time.Date(2026, 12, 1, 9, 40, 0, 0, web.Berlin), 10*time.Minute, "biontech", 1))
	code := booked.Visits[0].QR
	b := s.in(t, "assistant")
	b.get("/desk").Says(t, `id="f-code"`, "autofocus", "data-desk", "Noch 1 Person wird erwartet")

	unknown := b.post("/desk", "code", "TM1:"+strings.Repeat("A", 40))
	if unknown.Status != http.StatusNotFound || strings.Contains(unknown.Body, "Erika") {
		t.Errorf("an unknown code: %d", unknown.Status)
	}
	typo := b.post("/desk", "code", "000000-0000-1")
	typo.Says(t, "Tippfehler", `value="000000-0000-1"`, `id="e-code"`)
	if typo.Status != http.StatusUnprocessableEntity {
		t.Errorf("a typing error: %d", typo.Status)
	}
	b.post("/desk", "code", "").Says(t, `id="e-code"`)

	in := b.post("/desk", "code", typedBy(code, usScannerGermanPC)) // a US scanner on a German computer
	in.Says(t, "✓ Eingecheckt", "Erika Mustermann", "09:40 Uhr", "01.03.1950", "Charge", "09:32")
	if in.Path != "/desk" || booked.Visits[0].State != "attended" {
		t.Errorf("%s %+v", in.Path, booked.Visits[0])
	}
	s.clock.Advance(2 * time.Minute)
	b.get("/desk").Says(t, "✓ Eingecheckt") // a reload redeems nothing
	b.post("/desk", "code", booked.Visits[0].Digits).Says(t, "Bereits eingecheckt um 09:32 Uhr")

	b.post("/booking/"+booked.ID, "visit", "0", "from", "desk", "do", "vaccinated", "lot", "FE8235").Says(t, "Als geimpft vermerkt", "✚")
	if v := booked.Visits[0]; v.Outcome != "vaccinated" || v.Lot != "FE8235" {
		t.Errorf("%+v", v)
	}
	next := s.give(control.Patient{Name: "Max", BirthDate: "1950-03-01"}, true, s.add(time.Date(2026, 12, 1, 9, 50, 0, 0, web.Berlin), 10*time.Minute, "biontech", 1))
	b.post("/desk", "code", next.Visits[0].Digits).Says(t, `name="lot" value="FE8235"`)
	early := s.give(control.Patient{Name: "Moritz", BirthDate: "1950-03-01"}, true, s.add(time.Date(2026, 12, 3, 9, 50, 0, 0, web.Berlin), 10*time.Minute, "biontech", 1))
	if a := b.post("/desk", "code", early.Visits[0].Digits); !strings.Contains(a.Body, "nicht heute: Donnerstag, 3. Dezember 2026, 09:50 Uhr") || strings.Contains(a.Body, "result good") {
		t.Error("nobody says that the visit is another day")
	}
	s.clock.Advance(resultLife)
	if later := b.get("/desk"); strings.Contains(later.Body, "✓ Eingecheckt") {
		t.Error("somebody's data are still shown")
	}

	found := b.post("/desk/search", "query", "mustermann")
	found.Says(t, "Erika Mustermann", "/booking/"+booked.ID)
	if found.Path != "/desk" {
		t.Errorf("a search is in the address: %s", found.Path)
	}
	for range 4 {
		b.post("/desk", "code", "999999-9999-9")
	}
	b.post("/desk", "code", code).Says(t, "Zu viele falsche Codes")
}

func TestBookingByHand(t *testing.T) {
	s := newSite(t)
	past := s.give(control.Patient{Name: "Erika", BirthDate: "1950-03-01"}, false, s.add(time.Date(2026, 12, 1, 9, 0, 0, 0, web.Berlin), 10*time.Minute, "flu", 1))
	b := s.in(t, "assistant")
	at := "/booking/" + past.ID
	b.get(at).Says(t, "Ist da", "Nicht erschienen")
	b.post(at, "visit", "0", "do", "noshow").Says(t, "Als nicht erschienen vermerkt", "✕")
	b.post(at, "visit", "0", "do", "back").Says(t, "Zurückgenommen")
	b.post(at, "visit", "0", "do", "attend").Says(t, "Eingecheckt", "um 09:32 Uhr")
	b.post(at, "visit", "0", "do", "attend").Says(t, `class="notice bad"`)
	b.post(at, "visit", "0", "do", "vaccinated", "lot", strings.Repeat("x", maxLot+1)).Says(t, `class="notice bad"`)
	if past.Visits[0].Outcome != "" {
		t.Error("vaccinated with a lot number that is too long")
	}
	for _, got := range []answer{b.post(at, "visit", "7", "do", "attend"), b.get("/booking/0000"), b.post(at, "visit", "0", "do", "eat")} {
		if got.Status != http.StatusNotFound {
			t.Errorf("%s: %d", got.Path, got.Status)
		}
	}
}

func TestWizard(t *testing.T) {
	s := newSite(t)
	s.details, s.enrolled = control.Details{}, time.Time{}
	b := s.in(t, "")
	if a := b.get("/"); a.Path != "/setup" {
		t.Fatalf("begins at %s", a.Path)
	}
	if a := b.get("/setup/network"); a.Path != "/setup" {
		t.Errorf("the third step without the first: %s", a.Path)
	}
	s.in(t, "assistant").get("/").Says(t, "Noch nicht eingerichtet")
	wrong := b.post("/setup", "name", `Praxis "A"`, "street", "", "plz", "1067", "phone", "0351 1")
	wrong.Says(t, `id="e-street"`, `id="e-plz"`, `value="1067"`, `value="Praxis &#34;A&#34;"`)
	hours := b.post("/setup", "name", "Praxis A", "street", "Weg 1", "plz", "01067", "phone", "0351 1", "directions", "Hof")
	hours.Says(t, "Schritt 2 von 4", `name="h1a1" value="08:00"`, `name="h4b2" value="18:00"`)
	b.get("/setup").Says(t, `value="01067"`)
	b.post("/setup/hours", "h1a1", "12:00", "h1b1", "08:00").Says(t, "Montag passen nicht", `aria-invalid="true"`)
	network := b.post("/setup/hours", "h1a1", "08:00", "h1b1", "12:00")
	network.Says(t, "Schritt 3 von 4", "Mit der Demo-Karte anmelden", "Praxis A", "01067")
	if s.details.Name != "" {
		t.Error("the node has it before it was confirmed")
	}
	b.post("/setup/network").Says(t, "Angemeldet bis", "/setup/done")
	if s.details.PLZ != "01067" || len(s.details.Hours) != 1 {
		t.Errorf("%+v", s.details)
	}
	b.get("/setup/done").Says(t, "Schritt 4 von 4", `href="/give"`)
}

func TestSettings(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "")
	b.get("/settings").Says(t, `value="50667"`, `name="h1a2" value="15:00"`)
	b.post("/settings", "name", "Neu", "street", "Weg 2", "plz", "99999", "phone", "1", "h2a1", "09:00", "h2b1", "10:00").Says(t, `id="e-plz"`, `value="99999"`, `value="Weg 2"`, `value="09:00"`)
	if s.details.Name == "Neu" {
		t.Fatal("taken in spite of a wrong postcode")
	}
	b.post("/settings", "name", "Neu", "street", "Weg 2", "plz", "01067", "phone", "1").Says(t, "Gespeichert")
	if s.details.PLZ != "01067" || len(s.details.Hours) != 0 {
		t.Errorf("%+v", s.details)
	}
}

func TestBackupAndPeople(t *testing.T) {
	s := newSite(t)
	s.backedUp = time.Time{}
	b := s.in(t, "")
	b.get("/day/2026-12-01").Says(t, "Es gibt noch keine Sicherung")
	wrong := b.post("/backup", "passphrase", "kurz", "again", "kurz")
	wrong.Says(t, `id="e-passphrase"`)
	if strings.Contains(wrong.Body, "kurz\"") {
		t.Error("the passphrase is sent back")
	}
	b.post("/backup", "passphrase", "vier kurze Wörter hier", "again", "vier kurze Wörter da").Says(t, `id="e-again"`)
	b.post("/backup", "passphrase", "vier kurze Wörter hier", "again", "vier kurze Wörter hier").Says(t, "Gesichert in", "Letzte Sicherung gerade eben", "pieks-2026-12-01-093200.backup")
	if found, _ := filepath.Glob(filepath.Join(s.dir, "backups", "*.backup")); len(found) != 1 {
		t.Errorf("%v", found)
	} else if info, err := os.Stat(found[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	made := b.post("/people")
	link := regexp.MustCompile(`http://[^<]+/welcome\?k=[^<]+`).FindString(made.Body)
	if link == "" || !strings.Contains(made.Body, "<svg") {
		t.Fatalf("no link: %s", made.Body)
	}
	if again := b.get("/people"); strings.Contains(again.Body, "welcome?k=") {
		t.Error("the link is shown twice")
	}
	other := s.in(t, "assistant")
	b.post("/logout", "everybody", "1")
	if got := other.get("/desk"); got.Status != http.StatusForbidden {
		t.Errorf("the other browser is still in: %d", got.Status)
	}
}

func TestExport(t *testing.T) {
	s := newSite(t)
	s.fill()
	b := s.in(t, "")
	a := b.get("/export?from=2026-11-01&to=2026-12-01&outcome=vaccinated")
	if a.Header.Get("Content-Disposition") != `attachment; filename="pieks-2026-11-01-2026-12-01.csv"` || strings.Count(a.Body, "geimpft") != 4 || strings.Count(a.Body, "\r\n") != 5 {
		t.Errorf("%v %s", a.Header, a.Body)
	}
	if strings.Contains(a.Body, ";+49") {
		t.Error("a phone number is a formula")
	}
}
