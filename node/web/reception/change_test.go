package reception

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"pieks/node/control"
	"pieks/node/web"
)

var seenField = regexp.MustCompile(`name="seen" value="([^"]+)"`)

// TestMoveTwenty: a delivery falls short (case 48).
func TestMoveTwenty(t *testing.T) {
	s := newSite(t)
	day := time.Date(2026, 12, 4, 8, 0, 0, 0, web.Berlin) // a Friday
	for i := range 20 {
		s.give(control.Patient{Name: fmt.Sprint("Patient ", i), BirthDate: "1950-03-01", Phone: "0221 555"}, i < 2, s.add(day.Add(time.Duration(i)*10*time.Minute), 10*time.Minute, "biontech", 1))
	}
	b := s.in(t, "assistant")
	b.get("/day/2026-12-04").Says(t, "Alle 20 gebuchten verschieben")
	page := b.post("/day/2026-12-04", "do", "move_all")
	page.Says(t, "20 Termine verschieben", "Montag, 7. Dezember 2026, 08:00 Uhr", "Montag, 7. Dezember 2026, 11:10 Uhr", "2 Personen müssen Sie anrufen")
	seen := seenField.FindStringSubmatch(page.Body)
	if page.Path != "/move" || seen == nil || isoDay(s.bookings[0].Visits[0].Start) != "2026-12-04" {
		t.Fatalf("at %s, or moved by a preview", page.Path)
	}
	if stale := b.post("/move", "to_day", "2026-12-08", "seen", seen[1], "do", "move"); !strings.Contains(stale.Body, "Sie haben noch etwas geändert") || isoDay(s.bookings[0].Visits[0].Start) != "2026-12-04" {
		t.Error("moved to a day that was not looked at")
	}
	wrong := b.post("/move", "to_day", "2026-11-01", "reason", "krank", "seen", seen[1], "do", "move")
	wrong.Says(t, `id="e-to_day"`, `value="krank"`)
	done := b.post("/move", "to_day", "2026-12-07", "reason", "Die Lieferung fehlt.", "seen", seen[1], "do", "move")
	done.Says(t, "20 Termine sind verschoben", "2 Personen sind noch anzurufen", "Rückgängig machen (bis 09:42 Uhr)", "2 Personen anrufen", `href="tel:0221555"`, "Die Lieferung fehlt.")
	if done.Path != "/changes" || isoDay(s.bookings[19].Visits[0].Start) != "2026-12-07" {
		t.Fatalf("at %s", done.Path)
	}
	b.get("/print/calls/"+s.journal[0].ID).Says(t, "Patient 0", "0221 555", "Montag, 7. Dezember 2026, 08:00 Uhr")
	b.get("/print/day/2026-12-07").Says(t, "Patient 19", "20 Termine")
	undone := b.post("/undo", "change", s.journal[0].ID)
	undone.Says(t, "20 Termine sind wieder wie vorher")
	if strings.Contains(undone.Body, "Rückgängig machen") {
		t.Error("taking it back can be taken back")
	}
	if got := s.bookings[19].Visits[0]; isoDay(got.Start) != "2026-12-04" {
		t.Errorf("not taken back: %v", got.Start)
	}
	b.post("/undo", "change", "gone").Says(t, `class="notice bad"`)
}

func TestMoveOneToAnOpenAppointment(t *testing.T) {
	s := newSite(t)
	one := s.give(control.Patient{Name: "Erika", BirthDate: "1950-03-01"}, false, s.add(time.Date(2026, 12, 2, 8, 0, 0, 0, web.Berlin), 10*time.Minute, "flu", 1))
	open := s.add(time.Date(2026, 12, 3, 10, 30, 0, 0, web.Berlin), 10*time.Minute, "flu", 1)
	s.add(time.Date(2026, 12, 3, 10, 40, 0, 0, web.Berlin), 10*time.Minute, "biontech", 1)
	b := s.in(t, "assistant")
	page := b.post("/booking/"+one.ID, "visit", "0", "do", "move")
	page.Says(t, `value="`+open.ID+`"`)
	if strings.Count(page.Body, `name="appointment"`) != 2 {
		t.Error("another vaccine's appointments are offered")
	}
	page = b.post("/move", "to_day", "2026-12-03", "appointment", open.ID, "do", "preview")
	page.Says(t, "Donnerstag, 3. Dezember 2026, 10:30 Uhr")
	b.post("/move", "to_day", "2026-12-03", "appointment", open.ID, "do", "move", "seen", seenField.FindStringSubmatch(page.Body)[1]).Says(t, "1 Termin ist verschoben")
	if one.Visits[0].Appointment != open.ID || open.State != "booked" {
		t.Errorf("%+v %+v", one.Visits[0], open)
	}
}

func TestCancel(t *testing.T) {
	s := newSite(t)
	s.fill()
	b := s.in(t, "assistant")
	page := b.post("/day/2026-12-01", "do", "cancel_all")
	page.Says(t, "Termine absagen", "Die Impfstofflieferung ist ausgefallen.")
	b.post("/cancel", "reason", strings.Repeat("ä", maxReason), "do", "cancel").Says(t, `id="e-reason"`)
	for _, booked := range s.bookings {
		if booked.State == "cancelled" {
			t.Fatal("cancelled by looking at it")
		}
	}
	done := b.post("/cancel", "reason", "krank", "reopen", "1", "do", "cancel")
	done.Says(t, "Termine sind abgesagt", "anrufen", "Rückgängig")
	if got := b.get("/cancel"); got.Path != "/day/2026-12-01" {
		t.Errorf("the page of what is done goes to %s", got.Path)
	}
}
