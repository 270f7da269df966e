package patient

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pieks/node/control"
	"pieks/node/web"
)

func TestDaysOfASearch(t *testing.T) {
	// A Tuesday; and a Sunday, whose week ends with it.
	tuesday, sunday := time.Date(2026, 11, 24, 23, 30, 0, 0, web.Berlin), time.Date(2026, 11, 29, 0, 10, 0, 0, web.Berlin)
	for _, c := range []struct {
		name string
		now  time.Time
		s    Search
		want string
	}{
		{"any", tuesday, Search{When: "any"}, ""},
		{"all weekdays", tuesday, Search{When: "any", Weekdays: []int{1, 2, 3, 4, 5, 6, 7}}, ""},
		{"this week", tuesday, Search{When: "week"}, "2026-11-24 2026-11-25 2026-11-26 2026-11-27 2026-11-28 2026-11-29"},
		{"this week, Mondays and Fridays", tuesday, Search{When: "week", Weekdays: []int{1, 5}}, "2026-11-27"},
		{"this week on a Sunday", sunday, Search{When: "week"}, "2026-11-29"},
		{"next week", tuesday, Search{When: "next", Weekdays: []int{1, 7}}, "2026-11-30 2026-12-06"},
		{"next week on a Sunday", sunday, Search{When: "next", Weekdays: []int{1}}, "2026-11-30"},
		{"dates", tuesday, Search{When: "dates", From: "2026-12-31", To: "2027-01-02"}, "2026-12-31 2027-01-01 2027-01-02"},
		{"one day", tuesday, Search{When: "dates", From: "2026-12-31"}, "2026-12-31"},
		{"summer time begins", tuesday, Search{When: "dates", From: "2027-03-27", To: "2027-03-29"}, "2027-03-27 2027-03-28 2027-03-29"},
		{"winter time begins", tuesday, Search{When: "dates", From: "2027-10-30", To: "2027-11-01"}, "2027-10-30 2027-10-31 2027-11-01"},
	} {
		if got := strings.Join(c.s.days(c.now), " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if n := len(Search{When: "any", Weekdays: []int{1}}.days(tuesday)); n != 13 {
		t.Errorf("%d Mondays in three months", n)
	}
	if n := len(Search{When: "dates", From: "2026-12-01", To: "2030-12-01"}.days(tuesday)); n > mostDays+1 {
		t.Errorf("%d days", n)
	}
}

func TestChoices(t *testing.T) {
	token := func(id, area, day, part string, km float64) control.Token {
		return control.Token{ID: id, Area: area, Place: "Ort " + area, Day: day, Part: part, Vaccine: "mmr", DistanceKM: km}
	}
	tokens := []control.Token{
		token("a", "506", "2026-12-01", "morning", 2), token("b", "506", "2026-12-01", "morning", 2), token("c", "506", "2026-12-01", "noon", 2),
		token("d", "506", "2026-12-02", "morning", 2), token("e", "509", "2026-12-01", "morning", 8), token("f", "501", "2026-12-01", "morning", 30),
	}
	all := choicesOf(tokens)
	if len(all) != 5 || all[0].Count != 2 || all[0].ID != "a" {
		t.Errorf("%+v", all)
	}
	places := grouped(all)
	if len(places) != 3 || len(places[0].Days) != 2 || len(places[0].Days[0].Choices) != 2 || places[1].DistanceKM != 8 {
		t.Errorf("%+v", places)
	}
	seen := map[string]bool{}
	for range 100 {
		same := shuffled(tokens, "b")
		if len(same) != 2 {
			t.Fatalf("%+v", same)
		}
		seen[same[0].ID] = true
	}
	if len(seen) != 2 {
		t.Errorf("of two that are the same always one is taken: %v", seen)
	}
	if gone := shuffled(tokens, "x"); len(gone) != 1 || gone[0].ID != "x" {
		t.Errorf("one that is gone: %+v", gone)
	}
	near := nearest(all[1:], tokens[0], 3) // the first choice is taken
	if got := near[0].ID + near[1].ID + near[2].ID; got != "cde" {
		t.Errorf("the nearest are %s", got)
	}
	if near := nearest(all, control.Token{}, 99); len(near) != 5 {
		t.Errorf("%d", len(near))
	}
}

func TestOnPage(t *testing.T) {
	all := make([]int, 45)
	for _, c := range []struct{ page, want, at int }{{1, 20, 1}, {0, 20, 1}, {-5, 20, 1}, {2, 20, 2}, {3, 5, 3}, {99, 5, 3}} {
		if part, at, pages := onPage(all, c.page, 20); len(part) != c.want || at != c.at || pages != 3 {
			t.Errorf("page %d: %d on %d of %d", c.page, len(part), at, pages)
		}
	}
	if part, at, pages := onPage([]int{}, 3, 20); len(part) != 0 || at != 1 || pages != 1 {
		t.Errorf("of nothing: %d on %d of %d", len(part), at, pages)
	}
}

func TestStages(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	visit := func(days int, state string) control.Visit {
		at := now.AddDate(0, 0, days)
		return control.Visit{Start: at, End: at.Add(10 * time.Minute), State: state}
	}
	who := &control.Patient{Name: "A"}
	for _, c := range []struct {
		b    control.Booking
		want Stage
		list string // "up", "over" or ""
	}{
		{control.Booking{State: "pending"}, Asking, "up"},
		{control.Booking{State: "pending", Mailed: true}, Waiting, "up"},
		{control.Booking{State: "pending", Patient: who}, Confirming, "up"},
		{control.Booking{State: "offered"}, Held, "up"},
		{control.Booking{State: "offered", Patient: who}, Confirming, "up"},
		{control.Booking{State: "booked", Visits: []control.Visit{visit(1, "booked")}}, Booked, "up"},
		{control.Booking{State: "booked", Leaving: true, Visits: []control.Visit{visit(1, "booked")}}, Leaving, "up"},
		{control.Booking{State: "booked", Visits: []control.Visit{visit(-1, "booked")}}, Past, "over"},
		{control.Booking{State: "booked", Visits: []control.Visit{visit(-1, "attended"), visit(20, "booked")}}, Booked, "up"},
		{control.Booking{State: "attended", Visits: []control.Visit{visit(-1, "attended"), visit(20, "booked")}}, Booked, "up"},
		{control.Booking{State: "attended", Visits: []control.Visit{visit(0, "attended")}}, Attended, "over"},
		{control.Booking{State: "cancelled", Visits: []control.Visit{visit(1, "cancelled")}}, Cancelled, "over"},
		{control.Booking{State: "cancelled", Why: control.WhyCancelledByPractice, Visits: []control.Visit{visit(1, "cancelled")}}, Withdrawn, "up"},
		{control.Booking{State: "cancelled", Why: control.WhyCancelledByPractice, Visits: []control.Visit{visit(-1, "cancelled")}}, Withdrawn, "over"},
		{control.Booking{State: "taken"}, Taken, ""},
		{control.Booking{State: "expired"}, Expired, ""},
		{control.Booking{State: "expired", Why: control.WhyReleased}, Released, ""},
		{control.Booking{State: "refused", Why: control.WhyLimit}, Refused, ""},
	} {
		if got := stageOf(c.b, now); got != c.want {
			t.Errorf("%+v is %s, want %s", c.b, got, c.want)
		}
		all := []control.Booking{c.b}
		if up, past := len(upcoming(all, now)) == 1, len(over(all, now)) == 1; up != (c.list == "up") && c.list != "over" || past != (c.list == "over") {
			t.Errorf("%s (%s): on the first page %v, in the history %v", c.want, c.b.State, up, past)
		}
	}
}

func TestFitOfAPracticesOwnList(t *testing.T) {
	at := time.Date(2027, 3, 20, 23, 0, 0, 0, web.Berlin)
	first := control.Listed{ID: "0", Start: at, Vaccine: "comirnaty", Dose: 1}
	later := func(id string, days, dose int, vaccine string) control.Listed {
		return control.Listed{ID: id, Start: time.Date(2027, 3, 20+days, 8, 0, 0, 0, web.Berlin), Vaccine: vaccine, Dose: dose} // over the begin of summer time
	}
	slots := []control.Listed{first, later("a", 20, 2, "comirnaty"), later("b", 21, 2, "comirnaty"), later("c", 84, 0, "comirnaty"), later("d", 85, 2, "comirnaty"),
		later("e", 30, 1, "comirnaty"), later("f", 30, 2, "mmr")}
	var got []string
	for _, s := range fit(slots, first, control.Vaccine{MinInterval: 21, MaxInterval: 84}) {
		got = append(got, s.ID)
	}
	if !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("second doses are %v", got)
	}
	days := byDay([]control.Listed{slots[2], slots[1], first, first})
	if len(days) != 3 || days[0].Slots[0].Count != 2 || !days[0].Day.Equal(at) {
		t.Errorf("%+v", days)
	}
}

func TestPeople(t *testing.T) {
	of := func(name, birth string, minute int) control.Booking {
		return control.Booking{Created: time.Unix(int64(minute)*60, 0), Patient: &control.Patient{Name: name, BirthDate: birth}}
	}
	all := []control.Booking{of("A", "1", 1), of("B", "2", 3), of("A", "1", 5), {State: "taken"}, of("A", "9", 2)}
	var got []string
	for _, p := range people(all) {
		got = append(got, p.Name+p.BirthDate)
	}
	if !slices.Equal(got, []string{"A1", "B2", "A9"}) {
		t.Errorf("%v", got)
	}
}

// A watch goes back into the form as the search that it is.
func TestSearchOfAWatch(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, web.Berlin)
	for _, s := range []Search{
		{RadiusKM: 50, Vaccine: "mmr", Doses: "first", When: "any"},
		{RadiusKM: 5, Doses: "second", When: "dates", From: "2026-12-01", To: "2026-12-20", Weekdays: []int{2, 5}, Parts: []string{"noon"}},
	} {
		r := s.request(catalogue{"mmr": {Doses: 2}}, now)
		if back := searchOf(r).request(catalogue{"mmr": {Doses: 2}}, now); fmt.Sprint(back) != fmt.Sprint(r) {
			t.Errorf("%+v comes back as %+v", r, back)
		}
	}
	if d := (Search{Vaccine: "rsv", Doses: "both"}).request(catalogue{"rsv": {Doses: 1}}, now).Dose; d != 0 {
		t.Errorf("a vaccine of one dose is searched for with dose %d", d)
	}
}

func TestPairs(t *testing.T) {
	all := catalogue{"mmr": {Doses: 2, MinInterval: 28, MaxInterval: 60}, "rsv": {Doses: 1}}
	token := func(id, area, day, vaccine string, dose int) control.Token {
		return control.Token{ID: id, Area: area, Day: day, Vaccine: vaccine, Dose: dose}
	}
	firsts := []control.Token{
		token("a", "506", "2026-12-01", "mmr", 1), token("b", "506", "2026-12-05", "mmr", 0), token("c", "506", "2026-11-01", "mmr", 1), token("d", "509", "2026-12-01", "mmr", 1),
		token("e", "506", "2026-12-01", "rsv", 0), token("f", "506", "2026-12-01", "mmr", 2), token("g", "506", "soon", "mmr", 1), token("h", "506", "2026-10-01", "mmr", 1),
	}
	seconds := []control.Token{token("x", "506", "2027-02-01", "mmr", 2), token("y", "506", "2026-12-29", "mmr", 2), token("z", "509", "2026-12-29", "mmr", 1)}
	var got []string
	for _, p := range pairs(firsts, seconds, all) {
		got = append(got, p.ID)
	}
	// a: 28 days to y; b: 58 to x; c: 58 to y; d: its second is a first one; e: no series; f: a second dose itself; h: 89 to y.
	if !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("%v", got)
	}
}
