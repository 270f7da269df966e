package reception

import (
	"encoding/csv"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pieks/node/control"
	"pieks/node/web"
)

func TestStates(t *testing.T) {
	now := newClock().Now()
	before, after := now.Add(-time.Minute), now.Add(time.Minute)
	entry := func(state, outcome string, start time.Time) control.Entry {
		e := control.Entry{Appointment: control.Appointment{State: state, Start: start}}
		if state == "booked" || state == "attended" {
			e.Booking = &control.Booking{Visits: []control.Visit{{Outcome: outcome}}}
		}
		return e
	}
	for _, test := range []struct {
		entry control.Entry
		want  string
	}{
		{entry("open", "", after), "open"}, {entry("open", "", before), "unused"}, {entry("open", "", now), "unused"}, {entry("held", "", after), "held"},
		{entry("held", "", before), "unused"}, {entry("blocked", "", before), "blocked"}, {entry("booked", "", before), "booked"}, {entry("booked", "noshow", before), "noshow"},
		{entry("attended", "", before), "attended"}, {entry("attended", "vaccinated", before), "vaccinated"},
		{control.Entry{Appointment: control.Appointment{State: "booked"}, Booking: &control.Booking{}, Visit: 3}, "booked"},
	} {
		if got := stateOf(test.entry, now); got != test.want {
			t.Errorf("%s with %+v: %s, want %s", test.entry.State, visitOf(test.entry), got, test.want)
		}
		if symbols[test.want] == "" {
			t.Errorf("%s has no symbol", test.want)
		}
	}
}

func TestVialHint(t *testing.T) {
	k := catalogue(catalogueOfTest)
	hint := func(booked, open, left int, today bool) []vial {
		return vialsOf(control.Day{Vials: []control.Vial{{Vaccine: "biontech", Doses: 6, Booked: booked, Open: open, Left: left}}}, k, today)
	}
	if got := hint(4, 0, 2, true); len(got) != 1 || got[0].Of != 6 || got[0].Offer != 2 {
		t.Errorf("4 booked: %+v", got)
	}
	if got := hint(4, 1, 2, true)[0].Offer; got != 1 {
		t.Errorf("one is still open: %d offered", got)
	}
	if got := hint(4, 5, 2, true)[0].Offer + hint(4, 0, 2, false)[0].Offer; got != 0 {
		t.Errorf("offered while there are open ones, or on another day: %d", got)
	}
	if got := hint(0, 12, 0, true); len(got) != 0 {
		t.Errorf("nothing is booked: %+v", got)
	}
}

func TestNextOpenDayAndItsHours(t *testing.T) {
	hours := usualHours()
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 12, day, hour, minute, 0, 0, web.Berlin) }
	for _, test := range []struct {
		now  time.Time
		day  string
		want [2]control.Span
	}{
		{at(1, 7, 0), "2026-12-01", [2]control.Span{{From: "08:00", To: "12:00"}, {From: "15:00", To: "18:00"}}},
		{at(1, 9, 32), "2026-12-01", [2]control.Span{{From: "10:30", To: "12:00"}, {From: "15:00", To: "18:00"}}},
		{at(1, 12, 30), "2026-12-01", [2]control.Span{{From: "15:00", To: "18:00"}}},
		{at(1, 17, 30), "2026-12-02", [2]control.Span{{From: "08:00", To: "12:00"}}},
		{at(4, 13, 0), "2026-12-07", [2]control.Span{{From: "08:00", To: "12:00"}, {From: "15:00", To: "18:00"}}}, // Friday afternoon
		{at(5, 8, 0), "2026-12-07", [2]control.Span{{From: "08:00", To: "12:00"}, {From: "15:00", To: "18:00"}}},  // Saturday
		{at(1, 23, 30), "2026-12-02", [2]control.Span{{From: "08:00", To: "12:00"}}},
	} {
		day := openDay(hours, test.now)
		if isoDay(day) != test.day {
			t.Errorf("at %v: %v, want %s", test.now, day, test.day)
			continue
		}
		if got := spansOf(hours, day, test.now); got != test.want {
			t.Errorf("at %v: %v, want %v", test.now, got, test.want)
		}
	}
	if got := openDay(nil, at(5, 8, 0)); isoDay(got) != "2026-12-05" {
		t.Errorf("without hours: %v", got)
	}
}

func TestSecondDoses(t *testing.T) {
	v := catalogueOfTest[0]
	first := control.Appointment{Vaccine: v.Code, Dose: 1, Start: time.Date(2026, 12, 1, 23, 30, 0, 0, web.Berlin)}
	at := func(days, dose int, state string) control.Appointment {
		return control.Appointment{Vaccine: v.Code, Dose: dose, State: state, Start: time.Date(2026, 12, 1+days, 0, 15, 0, 0, web.Berlin)}
	}
	all := []control.Appointment{at(20, 2, "open"), at(42, 2, "open"), at(21, 2, "open"), at(43, 2, "open"), at(30, 1, "open"), at(30, 2, "booked"), at(30, 0, "open"),
		{Vaccine: "flu", Dose: 2, State: "open", Start: at(30, 2, "").Start}}
	got, from, to := secondsFor(first, v, all)
	if want := []control.Appointment{at(21, 2, "open"), at(30, 0, "open"), at(42, 2, "open")}; !reflect.DeepEqual(got, want) || isoDay(from) != "2026-12-22" || isoDay(to) != "2027-01-12" {
		t.Errorf("%v from %v to %v", got, from, to)
	}
}

func TestTableIsNoProgram(t *testing.T) {
	rows := []row{{Start: newClock().Now(), Name: `=cmd|' /C calc'!A0`, Phone: "+49 221", Birth: "1950-03-01", Vaccine: "@x", Dose: 1, State: "vaccinated", Lot: "-1;\"2\"\n=3"},
		{Start: newClock().Now(), Name: "Müller; Erika", Lot: "\t=1"}}
	data, err := table([]string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}, rows, map[string]string{"vaccinated": "geimpft"})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(data), "\ufeffa;b;") {
		t.Errorf("begins with %q", data[:8])
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(data), "\ufeff")))
	r.Comma = ';'
	got, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range got {
		for _, cell := range line {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Errorf("%q is a formula", cell)
			}
		}
	}
	if got[1][0] != "2026-12-01" || got[1][1] != "09:32" || got[1][4] != "'+49 221" || got[2][2] != "Müller; Erika" {
		t.Errorf("%q", got)
	}
}

func TestSearch(t *testing.T) {
	p := &practice{now: newClock().Now}
	for i, name := range []string{"Erika Mustermann", "Max Mustermann", "Ayşe Yılmaz"} {
		for d := range 2 {
			p.give(control.Patient{Name: name, BirthDate: "195" + string(rune('0'+i)) + "-03-01"}, false, p.add(p.now().AddDate(0, 0, d), time.Minute, "flu", 1))
		}
	}
	all, _ := p.all(t.Context())
	for query, want := range map[string][]string{
		"mustermann": {"Max Mustermann", "Erika Mustermann"}, "MUSTER eri": {"Erika Mustermann"}, "1.3.1952": {"Ayşe Yılmaz"}, "01031950": {"Erika Mustermann"}, "nobody": nil, "": nil,
	} {
		found, more := search(all, query, catalogueOfTest, p.now())
		var names []string
		for i, f := range found {
			if i < len(found)/2 != f.Today {
				t.Errorf("%q: today's are not the first: %+v", query, found)
			}
			if !slices.Contains(names, f.Name) {
				names = append(names, f.Name)
			}
		}
		slices.Sort(names)
		slices.Sort(want)
		if more || !slices.Equal(names, want) {
			t.Errorf("%q: %q, want %q", query, names, want)
		}
	}
}

func TestFilter(t *testing.T) {
	now := newClock().Now()
	for query, want := range map[string]filter{
		"": {"2026-11-01", "2026-12-01", ""}, "from=2026-11-20&to=2026-11-10&outcome=noshow": {"2026-11-10", "2026-11-20", "noshow"},
		"from=x&to=%3Cscript%3E&outcome=dead": {"2026-11-01", "2026-12-01", ""},
	} {
		q, _ := url.ParseQuery(query)
		if got := readFilter(q, now); got != want {
			t.Errorf("%q: %v, want %v", query, got, want)
		}
	}
}

func TestPastVisits(t *testing.T) {
	p := &practice{now: newClock().Now}
	for d := -3; d <= 1; d++ {
		p.give(control.Patient{Name: "Erika"}, false, p.add(p.now().AddDate(0, 0, d), time.Minute, "flu", 1))
	}
	p.bookings[1].Visits[0].Outcome = "noshow"
	p.bookings[2].State = "cancelled"
	all, _ := p.all(t.Context())
	for _, test := range []struct {
		filter filter
		want   string
	}{
		{filter{"2026-11-01", "2026-12-31", ""}, "2026-12-01 booked, 2026-11-30 cancelled, 2026-11-29 noshow, 2026-11-28 booked"},
		{filter{"2026-11-29", "2026-11-30", ""}, "2026-11-30 cancelled, 2026-11-29 noshow"},
		{filter{"2026-11-01", "2026-12-31", "noshow"}, "2026-11-29 noshow"},
		{filter{"2026-11-01", "2026-12-31", "vaccinated"}, ""},
	} {
		var got []string
		for _, r := range pastVisits(all, test.filter, catalogueOfTest, p.now()) {
			got = append(got, isoDay(r.Start)+" "+r.State)
		}
		if strings.Join(got, ", ") != test.want {
			t.Errorf("%v: %q, want %q", test.filter, got, test.want)
		}
	}
}

func TestWhatCanBeDone(t *testing.T) {
	now := newClock().Now()
	visit := func(state, outcome string, after time.Duration) bookedVisit {
		return bookedVisitOf(0, control.Visit{State: state, Outcome: outcome, Start: now.Add(after)}, nil, now)
	}
	flags := func(b bookedVisit) [6]bool {
		return [6]bool{b.CanAttend, b.CanVaccinate, b.CanMiss, b.CanTakeBack, b.CanMove, b.CanCancel}
	}
	for _, test := range []struct {
		name string
		got  bookedVisit
		want [6]bool
	}{
		{"later today", visit("booked", "", time.Hour), [6]bool{true, false, false, false, true, true}},
		{"begun", visit("booked", "", -time.Minute), [6]bool{true, false, true, false, false, false}},
		{"tomorrow", visit("booked", "", 24*time.Hour), [6]bool{false, false, false, false, true, true}},
		{"yesterday", visit("booked", "", -24*time.Hour), [6]bool{false, false, true, false, false, false}},
		{"here", visit("attended", "", -time.Minute), [6]bool{false, true, false, false, false, false}},
		{"vaccinated", visit("attended", "vaccinated", -time.Minute), [6]bool{false, false, false, true, false, false}},
		{"not come", visit("booked", "noshow", -time.Minute), [6]bool{false, false, false, true, false, false}},
		{"cancelled", visit("cancelled", "", time.Hour), [6]bool{}},
	} {
		if got := flags(test.got); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
