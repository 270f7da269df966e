package reception

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"pieks/node/control"
)

// come has five people check in, from the first to the last.
func (s *site) come() {
	s.arrive(control.Arrival{Name: "Hermann Graf Sebastian", KVNR: "X110540756", IK: "109500969", Proof: "ehc-provider-cvc-authenticated", Workplace: "REZEPTION-1", Pair: "match", Received: s.now().Add(-50 * time.Minute)})
	s.arrive(control.Arrival{Name: `<b>Bobby</b>`, KVNR: "X110639491", IK: "109500969", Proof: "ehc-provider-cvc-authenticated", Workplace: "Labor", Pair: "unknown", Received: s.now().Add(-40 * time.Minute)})
	s.arrive(control.Arrival{KVNR: "X110630769", IK: "101575519", Proof: "healthid", Workplace: "REZEPTION-1", Received: s.now().Add(-30 * time.Minute), Kind: "popp"})
	s.arrive(control.Arrival{Name: "Ayşe Yılmaz", KVNR: "X110617786", IK: "109500969", Proof: "ehc-provider-cvc-authenticated", Received: s.now().Add(-20 * time.Minute), Late: true, Pair: "unknown"})
	s.arrive(control.Arrival{Name: "Erika Mustermann", KVNR: "X110687252", IK: "109500969", Proof: "ehc-practitioner-trustedchannel", Workplace: "REZEPTION-1", Received: s.now().Add(-10 * time.Minute), Pair: "match"})
}

// atWork is come with workplaces, one who was called, and one with bookings of today.
func (s *site) atWork() {
	s.come()
	s.came.workplaces = []string{"Labor", "REZEPTION-1"}
	s.came.all[1].Seen = s.now()
	for _, b := range s.bookings {
		if b.Patient.Name == "Erika Mustermann" {
			s.came.all[4].Bookings = append(s.came.all[4].Bookings, *b)
		}
	}
}

var tags = regexp.MustCompile(`(?s)<[^>]*>|\s+`)

// read is a page as it is read.
func read(a answer) string {
	return regexp.MustCompile(` +`).ReplaceAllString(html.UnescapeString(tags.ReplaceAllString(a.Body, " ")), " ")
}

func inOrder(t *testing.T, a answer, words ...string) {
	t.Helper()
	text := read(a)
	for _, w := range words {
		before, after, ok := strings.Cut(text, w)
		if !ok {
			t.Fatalf("%s does not say %q after what came before: %s", a.Path, w, before)
		}
		text = after
	}
}

func TestArrivals(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "assistant")
	a := b.get("/arrivals")
	inOrder(t, a, "Heute hat sich noch niemand selbst eingecheckt", "Drucken Sie einen Code aus", "Ersten Code drucken")
	s.came.workplaces = []string{"REZEPTION-1"}
	inOrder(t, b.get("/arrivals"), "Heute hat sich noch niemand", "erscheint hier von selbst")
	s.fill()
	s.come()
	for _, x := range s.bookings {
		if x.Patient.Name == "Erika Mustermann" {
			s.came.all[4].Bookings = append(s.came.all[4].Bookings, *x)
		}
	}
	a = b.get("/arrivals")
	// By workplace, newest first; those without one last.
	inOrder(t, a, "Labor", "<b>Bobby</b>", "9491", "mit der Gesundheitskarte", "Karte nicht abgeglichen", "REZEPTION-1", "3 Personen", "09:22", "Erika Mustermann", "7252", "Heute gebucht:", "Comirnaty", "Aufrufen",
		"09:02", "Name nicht übermittelt", "mit der GesundheitsID", "08:42", "Hermann Graf Sebastian", "Ohne Arbeitsplatz", "Ayşe Yılmaz", "Praxis war nicht erreichbar", "Was bedeuten die Hinweise?")
	if strings.Contains(a.Body, "X110") || strings.Contains(a.Body, "<b>Bobby") {
		t.Error("a whole insurance number is in the list, or a name is markup")
	}
	// Called, and back.
	id := s.came.all[4].ID
	a = b.post("/arrivals/" + id)
	inOrder(t, a, "Erika Mustermann", "aufgerufen um 09:32 Uhr", "Rückgängig")
	if s.came.all[4].Seen.IsZero() || a.Path != "/arrivals" {
		t.Error("not called")
	}
	a = b.post("/arrivals/"+id, "do", "undo", "from", "arrival")
	if !s.came.all[4].Seen.IsZero() || a.Path != "/arrivals/"+id {
		t.Errorf("still called, at %s", a.Path)
	}
	for _, wrong := range []answer{b.post("/arrivals/x"), b.get("/arrivals/x"), b.get("/arrivals/x/token")} {
		if wrong.Status != http.StatusNotFound {
			t.Errorf("%s gives %d", wrong.Path, wrong.Status)
		}
	}
	// A browser remembers its workplace; another one does not know it.
	a = b.post("/arrivals", "workplace", "Labor")
	inOrder(t, a, "merkt sich den Arbeitsplatz", "Bobby", "Ohne Arbeitsplatz", "Ayşe")
	if a = b.get("/arrivals"); strings.Contains(read(a), "Hermann") || !strings.Contains(a.Body, `value="Labor" selected`) {
		t.Error("the workplace is forgotten")
	}
	if a := s.in(t, "assistant").get("/arrivals"); !strings.Contains(read(a), "Hermann") {
		t.Error("another browser stands at the workplace, too")
	}
	for _, odd := range []string{"", "nobody's", "ünï 🙂 x", strings.Repeat("x", 3000)} {
		if a := b.post("/arrivals", "workplace", odd); !strings.Contains(read(a), "Hermann") || a.Status != http.StatusOK {
			t.Errorf("%.10q hides some: %d", odd, a.Status)
		}
	}
	// Yesterday's are over.
	s.clock.Advance(24 * time.Hour)
	if a := b.get("/arrivals"); strings.Contains(read(a), "Hermann") {
		t.Error("yesterday's are shown")
	}
}

func TestOneArrival(t *testing.T) {
	s := newSite(t)
	s.come()
	b := s.in(t, "assistant")
	a := b.get("/arrivals/" + s.came.all[0].ID)
	inOrder(t, a, "Hermann Graf Sebastian", "X110540756", "109500969", "REZEPTION-1", "mit der Gesundheitskarte", "ehc-provider-cvc-authenticated", "kein PoPP-Token", "eyJhbGciOiJFZERTQSJ9.", "Als Datei speichern")
	if strings.Contains(read(a), "nicht erreichbar") || strings.Contains(read(a), "abgeglichen") {
		t.Error("marks that are none")
	}
	inOrder(t, b.get("/arrivals/"+s.came.all[2].ID), "Name nicht übermittelt", "mit der GesundheitsID", "Ein PoPP-Token des PoPP-Dienstes")
	inOrder(t, b.get("/arrivals/"+s.came.all[3].ID), "Praxis war nicht erreichbar", "frische Frage", "Karte nicht abgeglichen", "zwei Zertifikate")
	file := b.get("/arrivals/" + s.came.all[0].ID + "/token")
	if !strings.HasPrefix(file.Body, "eyJ") || file.Header.Get("Content-Disposition") != `attachment; filename="checkin-presence.jwt"` || file.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v %.20s", file.Header, file.Body)
	}
	if a := (&browser{b.Visitor}).Do("POST", "/arrivals/"+s.came.all[0].ID, nil, nil); a.Status != http.StatusForbidden || !s.came.all[0].Seen.IsZero() {
		t.Errorf("without a token: %d", a.Status)
	}
}

func TestManyArrivals(t *testing.T) {
	s := newSite(t)
	for i := range 250 {
		s.arrive(control.Arrival{Name: fmt.Sprintf("Person %03d", i), KVNR: "X110540756", Proof: "healthid", Received: s.now().Add(time.Duration(i-300) * time.Second)})
	}
	a := s.in(t, "assistant").get("/arrivals")
	inOrder(t, a, "Person 249", "Person 150", "Ältere Ankünfte von heute werden nicht mehr gezeigt")
	if strings.Contains(a.Body, "Person 149") {
		t.Error("more than a page")
	}
}

func TestCodes(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "doctor")
	inOrder(t, b.get("/arrivals/codes"), "steht nicht im Verzeichnis", "Ganze Praxis, ohne Arbeitsplatz", "Im Verzeichnis stehen", "Alle im Netz sehen Name, Anschrift", "Niemand sieht dadurch")
	for name, says := range map[string]string{"": "Geben Sie dem Arbeitsplatz einen Namen", "a/b": "So kann ein Arbeitsplatz nicht heißen", strings.Repeat("x", 65): "So kann ein Arbeitsplatz nicht heißen"} {
		if a := b.post("/arrivals/codes", "workplace", name); a.Status != http.StatusUnprocessableEntity || !strings.Contains(read(a), says) {
			t.Errorf("%.5q: %d %s", name, a.Status, read(a))
		}
	}
	a := b.post("/arrivals/codes", "workplace", "  Zimmer   3 & 4 ")
	if a.Path != "/print/checkin?workplace=Zimmer+3+%26+4" {
		t.Errorf("the code leads to %s", a.Path)
	}
	inOrder(t, a, "steht nicht im Verzeichnis", "Hausarztpraxis am Park", "Online-Check-in: hier selbst anmelden", `{"tid":"1-234567890","typ":"popp-checkin","wpid":"Zimmer 3`, "Zimmer 3 & 4", "Aachener Straße 12")
	inOrder(t, b.get("/print/checkin"), "Hausarztpraxis am Park", `{"tid":"1-234567890","typ":"popp-checkin"}`)
	if a := b.get("/print/checkin?workplace=Keller"); a.Status != http.StatusNotFound || len(s.came.workplaces) != 1 {
		t.Errorf("a page that is only looked at makes a workplace: %d %v", a.Status, s.came.workplaces)
	}
	// Into the directory, with what the practice is called, and out again.
	inOrder(t, b.post("/arrivals/listing", "form", "listing", "listed", "1", "alias", "a\u202eb"), "Dieser Name ist zu lang oder enthält")
	a = b.post("/arrivals/listing", "form", "listing", "listed", "1", "alias", " Praxis  Dr. Sommer ")
	inOrder(t, a, "steht jetzt im Verzeichnis", "✓ Die Praxis steht im Verzeichnis", "3 Relays haben den Eintrag", "Gültig bis")
	if s.came.listing.Alias != "Praxis Dr. Sommer" || !strings.Contains(a.Body, `value="Praxis Dr. Sommer"`) {
		t.Errorf("%+v", s.came.listing)
	}
	if a := b.get("/print/checkin"); strings.Contains(read(a), "steht nicht im Verzeichnis") {
		t.Error("a listed practice is warned")
	}
	if a := s.in(t, "assistant").post("/arrivals/listing", "alias", "x"); a.Status != http.StatusForbidden || !s.came.listing.Listed {
		t.Errorf("an assistant takes the practice out: %d", a.Status)
	}
	inOrder(t, s.in(t, "assistant").get("/arrivals/codes"), "Das entscheidet die Ärztin oder der Arzt")
	inOrder(t, b.post("/arrivals/listing", "form", "listing", "alias", ""), "steht nicht mehr im Verzeichnis")
	s.came.listable, s.came.id = false, ""
	a = b.post("/arrivals/listing", "form", "listing", "listed", "1", "alias", "Neu")
	inOrder(t, a, "gültige Praxiskarte (SMC-B)")
	if !strings.Contains(a.Body, `value="Neu"`) || !strings.Contains(a.Body, `name="listed" value="1" checked`) {
		t.Error("what was typed is lost")
	}
	inOrder(t, b.get("/print/checkin"), "no card")
	inOrder(t, b.post("/arrivals/codes", "workplace", "X"), "no card")
}
