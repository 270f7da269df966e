package patient

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pieks/node/control"
	"pieks/node/web"
	"pieks/node/web/webtest"
)

// Names that others chose are text wherever they stand.
func TestHostileNames(t *testing.T) {
	const evil = `<script>alert(1)</script>"'` + "\u202egnp.exe"
	s := newSite(t)
	b, card := s.booked(t, "de")
	hostile := control.Practice{Name: evil, Street: evil, PLZ: evil, Place: evil, Phone: evil, Directions: evil}
	s.own()
	s.node.do(func() {
		x := &s.node.bookings[0]
		x.Practice, x.Licence, x.Reason, x.Moved = &hostile, evil, evil, s.node.now()
		x.Patient = &control.Patient{Name: evil, BirthDate: evil, Phone: evil}
		x.Visits[0].Vaccine, x.Visits[0].Words, x.Visits[0].Digits = evil, evil, evil
		for _, y := range s.node.slots {
			y.Place, y.Area = evil, evil
		}
		s.node.own.Practice, s.node.own.Licence = hostile, evil
	})
	paths := []string{"/", card, card + "/print", card + "/cancel", "/list", "/history", "/erase"}
	for _, path := range paths {
		b.get(path)
		if b.Status != http.StatusOK || strings.Contains(b.Body, "<script>alert") || strings.Contains(b.Body, `javascript:`) {
			t.Errorf("%s (%d) has a name as markup", path, b.Status)
		}
	}
	b.get("/practice")
	b.post("/practice", "code", "PIEKS:A")
	if strings.Contains(b.Body, "<script>alert") {
		t.Error("the list of a practice has a name as markup")
	}
}

// Nothing about a person is in an address or a title.
func TestNothingPersonalInAddresses(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "de")
	var seen []string
	note := func() {
		seen = append(seen, b.Path, strings.Join(b.all(`<title>([^<]*)</title>`), ""))
	}
	b.search("vaccine", "comirnaty")
	note()
	b.choose(0)
	note()
	b.post(b.Path, append(erika, "phone", "0221 99")...)
	note()
	b.get(b.Path + "/print")
	note()
	b.get("/history")
	note()
	for _, text := range seen {
		for _, secret := range []string{"50667", "Erika", "Muster", "1950", "0221", "482910", "abend", "Sommer"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q has %s", text, secret)
			}
		}
	}
	// Nor would a GET do anything.
	for _, path := range []string{"/choose", "/watch", "/list/radius"} {
		if b.get(path); b.Status == http.StatusOK {
			t.Errorf("GET %s gives %d", path, b.Status)
		}
	}
}

func TestTexts(t *testing.T) {
	text, err := web.LoadText(files)
	if err != nil {
		t.Fatal(err)
	}
	webtest.SameKeys(t, text.Keys(web.German), text.Keys(web.English))
	for _, key := range []string{"pt_doses_", "pt_when_", "pt_part_", "pt_own_", "pt_stage_", "pt_title_"} {
		want := map[string][]string{"pt_doses_": doses, "pt_when_": whens, "pt_part_": dayParts, "pt_own_": listStates}[key]
		if want == nil {
			for _, s := range []Stage{Asking, Waiting, Held, Confirming, Booked, Leaving, Past, Attended, Cancelled, Withdrawn, Taken, Expired, Refused, Released} {
				if s != Held || key == "pt_stage_" {
					want = append(want, string(s))
				}
			}
		}
		for _, word := range want {
			if !text.Has(web.German, key+word) {
				t.Errorf("no text %s%s", key, word)
			}
		}
	}
	for code, key := range whyKeys {
		if !text.Has(web.German, key) {
			t.Errorf("%s has no text %s", code, key)
		}
	}
}

// With 10,000 appointments and 2,000 bookings a page still shows what fits on one. How long it takes `pieks bench pages` measures.
func TestPagesOfMany(t *testing.T) {
	s := newSite(t)
	b := s.in(t, "de")
	b.search()
	s.node.do(func() {
		s.node.slots = nil
		at := s.node.now().In(web.Berlin)
		for i := range 10000 {
			x := &slot{start: at.AddDate(0, 0, 1+i%80), practice: &practices[0]}
			x.Token = control.Token{ID: fmt.Sprintf("%032x", i+1), Area: fmt.Sprint(500 + i%20), Place: "Ort", DistanceKM: float64(i % 20), Day: at.AddDate(0, 0, 1+i%80).Format(time.DateOnly),
				Part: dayParts[i%4], Vaccine: "comirnaty"}
			s.node.slots = append(s.node.slots, x)
		}
		slices.SortStableFunc(s.node.slots, func(a, b *slot) int { return int(a.DistanceKM) - int(b.DistanceKM) })
		for i := range 2000 {
			start := s.node.now().AddDate(0, 0, -i)
			s.node.bookings = append(s.node.bookings, control.Booking{ID: fmt.Sprintf("%032x", i), State: "attended", Practice: &practices[0],
				Patient: &control.Patient{Name: fmt.Sprint("Person ", i), BirthDate: "1950-03-01"},
				Visits:  []control.Visit{{Start: start, End: start.Add(time.Minute), State: "attended", Vaccine: "mmr", Dose: 1}}})
		}
	})
	for _, path := range []string{"/", "/list", "/list?page=30", "/history"} {
		if b.get(path); len(b.Body) < 1000 || len(b.Body) > 200_000 {
			t.Errorf("%s has %d bytes", path, len(b.Body))
		}
	}
}
