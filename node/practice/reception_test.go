package practice

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"pieks/node/booking"
	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/node/network"
)

// at has the clock show a time in Germany.
func at(t testing.TB, clock *testnet.Clock, text string) {
	t.Helper()
	when := must(time.ParseInLocation("2006-01-02 15:04", text, booking.InZone(time.Now()).Location()))
	clock.Advance(when.Sub(clock.Now()))
}

// monday is the first Monday that is at least a week after now, at 07:00 in Germany.
func monday(t testing.TB, clock *testnet.Clock) time.Time {
	t.Helper()
	day := booking.InZone(clock.Now()).AddDate(0, 0, 7)
	for day.Weekday() != time.Monday {
		day = day.AddDate(0, 0, 1)
	}
	at(t, clock, day.Format(time.DateOnly)+" 07:00")
	return booking.InZone(clock.Now())
}

func reception(t testing.TB) (*Node, *testnet.Clock) {
	t.Helper()
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{Good: 29 * 24 * time.Hour})
	return start(t, net, net.File, clock), clock
}

func daysLater(day time.Time, n int) string { return day.AddDate(0, 0, n).Format(time.DateOnly) }

// A plan gives each weekday its appointments, whole vials if asked for, all in one go; a preview changes nothing.
func TestPlan(t *testing.T) {
	n, clock := reception(t)
	day := monday(t, clock)
	in := control.Plan{First: daysLater(day, -3), Last: daysLater(day, 13), Weekdays: []int{1, 3}, Spans: []control.Span{{From: "08:00", To: "10:00"}}, Every: "10m",
		Vaccine: "nuvaxovid", Vials: true, Preview: true}
	shown, err := n.plan(t.Context(), in)
	if err != nil || shown.Changed != 40 || len(shown.Days) != 4 || shown.Days[0].Count != 10 || n.ledger.OpenCount() != 0 {
		t.Fatalf("%+v %v", shown, err)
	}
	if shown.Days[0].Day != daysLater(day, 0) || shown.Days[1].Day != daysLater(day, 2) || shown.Days[0].Already != 0 {
		t.Errorf("%+v", shown.Days)
	}
	in.Preview = false
	made := must(n.plan(t.Context(), in))
	if made.Changed != 40 || made.Open != 40 || len(made.IDs) != 40 {
		t.Errorf("%+v", made)
	}
	in.Preview, in.Spans, in.Vials = true, []control.Span{{From: "09:00", To: "09:40"}}, false
	if again := must(n.plan(t.Context(), in)); again.Days[0].Already != 4 || again.Days[0].Count != 4 {
		t.Errorf("%+v", again.Days)
	}
	in.Vials = true
	if few := must(n.plan(t.Context(), in)); few.Days[0].Problem != "vial" || few.Changed != 0 {
		t.Errorf("%+v", few.Days)
	}
	in.Vials, in.First, in.Spans = false, daysLater(day, 0), []control.Span{{From: "06:30", To: "07:30"}}
	if past := must(n.plan(t.Context(), in)); past.Days[0].Problem != "past" || past.Days[1].Count != 6 {
		t.Errorf("%+v", past.Days)
	}
}

// Morning and afternoon are one plan: whole vials are counted over the day, a morning that has passed leaves the afternoon, and where one span cannot
// be the other is not made either.
func TestPlanSpans(t *testing.T) {
	n, clock := reception(t)
	day := monday(t, clock)
	in := control.Plan{First: daysLater(day, 1), Last: daysLater(day, 2), Spans: []control.Span{{From: "08:00", To: "08:50"}, {From: "15:00", To: "15:40"}},
		Every: "10m", Vaccine: "comirnaty", Dose: 1, Vials: true, Preview: true}
	shown := must(n.plan(t.Context(), in))
	if shown.Changed != 12 || shown.Days[0].Count != 6 || n.ledger.OpenCount() != 0 {
		t.Fatalf("%+v", shown)
	}
	in.Preview = false
	made := must(n.plan(t.Context(), in))
	afternoon := 0
	for _, a := range n.ledger.Appointments() {
		if a.Start.In(booking.InZone(a.Start).Location()).Hour() == 15 {
			afternoon++
		}
	}
	if made.Changed != 12 || made.Open != 12 || afternoon != 2 {
		t.Errorf("%+v, %d in the afternoon", made, afternoon)
	}
	in.Preview, in.Vials = true, false
	if again := must(n.plan(t.Context(), in)); again.Changed != 18 || again.Days[0].Already != 6 {
		t.Errorf("%+v", again.Days)
	}
	in.Spans[1].To = "15:05"
	in.Preview = false
	if _, err := n.plan(t.Context(), in); control.KindOf(err) != control.KindUsage || n.ledger.OpenCount() != 12 {
		t.Errorf("%v, %d open", err, n.ledger.OpenCount())
	}
	in.First, in.Last, in.Preview = daysLater(day, 0), daysLater(day, 0), true
	in.Spans = []control.Span{{From: "06:00", To: "07:00"}, {From: "16:00", To: "17:00"}}
	if today := must(n.plan(t.Context(), in)); today.Changed != 6 || today.Days[0].Problem != "past" {
		t.Errorf("%+v", today.Days)
	}
}

// Hours that the clocks skip cost that day its appointments and no other; too many change nothing.
func TestPlanRefuses(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := start(t, net, net.File, clock)
	last := time.Date(booking.InZone(clock.Now()).Year()+1, 3, 31, 0, 0, 0, 0, time.UTC)
	for last.Weekday() != time.Sunday {
		last = last.AddDate(0, 0, -1)
	}
	at(t, clock, daysLater(last, -7)+" 12:00")
	renewed := net.Next(func(b *network.Bundle) {
		b.Issued, b.Expires = uint64(clock.Now().Unix()), uint64(clock.Now().Add(29*24*time.Hour).Unix())
	})
	if _, err := n.home.Network.Offer(must(os.ReadFile(net.Sign(renewed)))); err != nil {
		t.Fatal(err)
	}
	night := control.Plan{First: daysLater(last, -1), Last: daysLater(last, 1), Spans: []control.Span{{From: "01:00", To: "03:00"}}, Every: "30m", Vaccine: "influenza"}
	got := must(n.plan(t.Context(), night))
	if len(got.Days) != 3 || got.Days[1].Problem != "clock" || got.Days[0].Count != 4 || got.Days[2].Count != 4 || got.Open != 8 {
		t.Errorf("%+v", got)
	}
	good := control.Plan{First: daysLater(last, 1), Last: daysLater(last, 20), Spans: []control.Span{{From: "08:00", To: "10:00"}}, Every: "10m", Vaccine: "influenza"}
	codes := map[string]string{"vaccine": control.CodeVaccine, "dose": control.CodeDose, "weekday": control.CodeWeekday, "no date": control.CodeDay, "63 days": control.CodeDays,
		"backwards": control.CodeDays, "no span": control.CodeSpans, "overlap": control.CodeSpans, "five spans": control.CodeSpans}
	for name, change := range map[string]func(*control.Plan){
		"240":         func(*control.Plan) {},
		"preview 240": func(p *control.Plan) { p.Preview = true },
		"vaccine":     func(p *control.Plan) { p.Vaccine = "snakeoil" },
		"dose":        func(p *control.Plan) { p.Dose = 2 },
		"weekday":     func(p *control.Plan) { p.Weekdays = []int{0} },
		"no date":     func(p *control.Plan) { p.First = "Montag" },
		"63 days":     func(p *control.Plan) { p.Last = daysLater(last, 63) },
		"backwards":   func(p *control.Plan) { p.Last = daysLater(last, 0) },
		"no clock":    func(p *control.Plan) { p.Spans = []control.Span{{From: "8", To: "10:00"}} },
		"no room":     func(p *control.Plan) { p.Spans = []control.Span{{From: "08:00", To: "08:05"}} },
		"no span":     func(p *control.Plan) { p.Spans = nil },
		"overlap":     func(p *control.Plan) { p.Spans = append(p.Spans, control.Span{From: "09:50", To: "12:00"}) },
		"five spans": func(p *control.Plan) {
			p.Spans = []control.Span{{From: "08:00", To: "08:10"}, {From: "08:10", To: "08:20"}, {From: "08:20", To: "08:30"}, {From: "08:30", To: "08:40"}, {From: "08:40", To: "08:50"}}
		},
		"no such step": func(p *control.Plan) { p.Every = "often" },
	} {
		in := good
		change(&in)
		if _, err := n.plan(t.Context(), in); control.KindOf(err) != control.KindUsage || control.CodeOf(err) != codes[name] {
			t.Errorf("%s: %v, code %q", name, err, control.CodeOf(err))
		}
	}
	if n.ledger.OpenCount() != 8 {
		t.Errorf("%d open", n.ledger.OpenCount())
	}
}

// Four of six doses are booked: two are left, are offered at one time today, and the vial is empty once they are booked.
func TestVialAndLeftOver(t *testing.T) {
	n, clock := reception(t)
	day := monday(t, clock)
	today := daysLater(day, 0)
	added := must(n.addSlots(t.Context(), control.SlotsAdd{Day: today, From: "08:00", To: "08:40", Every: "10m", Vaccine: "comirnaty", Dose: 1}))
	phone := func(id string) control.Booking {
		return must(n.bookByPhone(t.Context(), control.Phone{Appointments: []string{id}, Name: "Erika Beispiel", BirthDate: "1950-03-01", Phone: "0221 1"}))
	}
	for _, id := range added.IDs {
		phone(id)
	}
	vial := func() control.Vial {
		return must(n.showDays(t.Context(), control.DayRequest{From: today}))[0].Vials[0]
	}
	if got := vial(); got != (control.Vial{Vaccine: "comirnaty", Doses: 6, Booked: 4, Left: 2}) {
		t.Errorf("%+v", got)
	}
	for name, in := range map[string]control.LeftOver{
		"none": {Vaccine: "comirnaty"}, "a vial": {Vaccine: "comirnaty", Count: 6}, "single doses": {Vaccine: "influenza", Count: 1},
		"late": {Vaccine: "comirnaty", Count: 1, At: "21:01"}, "past": {Vaccine: "comirnaty", Count: 1, At: "06:59"}, "no clock": {Vaccine: "comirnaty", Count: 1, At: "9"},
	} {
		if _, err := n.leftOver(t.Context(), in); control.KindOf(err) != control.KindUsage || control.CodeOf(err) == "" && !errors.Is(err, booking.ErrSeries) && !errors.Is(err, booking.ErrPast) {
			t.Errorf("%s: %v", name, err)
		}
	}
	clock.Advance(16 * time.Minute) // 07:16 and 45 minutes is 08:01
	left := must(n.leftOver(t.Context(), control.LeftOver{Vaccine: "comirnaty", Count: 2}))
	entries := must(n.showDays(t.Context(), control.DayRequest{From: today}))[0].Entries
	if left.Changed != 2 || len(entries) != 6 || vial().Open != 2 {
		t.Fatalf("%+v", left)
	}
	for _, e := range entries {
		if e.State == "open" && (e.Start.Format("15:04") != "08:15" || e.End.Sub(e.Start) != 10*time.Minute || e.Dose != 0) {
			t.Errorf("%+v", e)
		}
	}
	first := phone(left.IDs[0])
	phone(left.IDs[1])
	if got := vial(); got.Left != 0 || got.Open != 0 || got.Booked != 6 {
		t.Errorf("%+v", got)
	}
	at(t, clock, today+" 09:00")
	id := control.VisitName{Booking: first.ID}
	if _, err := n.setOutcome(t.Context(), control.Outcome{VisitName: id, Outcome: "noshow"}); err != nil || vial().Left != 1 {
		t.Errorf("who does not come leaves a dose: %+v %v", vial(), err)
	}
	at(t, clock, today+" 20:45")
	if _, err := n.leftOver(t.Context(), control.LeftOver{Vaccine: "comirnaty", Count: 1}); control.CodeOf(err) != control.CodeTooLate || !strings.Contains(err.Error(), "21:00") {
		t.Errorf("at night: %v", err)
	}
}

// A month has its empty days, too, and more days than that are not asked for at once.
func TestDayRequests(t *testing.T) {
	n, clock := reception(t)
	day := booking.InZone(clock.Now())
	month := must(n.showDays(t.Context(), control.DayRequest{From: daysLater(day, 0), To: daysLater(day, 30)}))
	if len(month) != 31 || month[30].Day != daysLater(day, 30) || month[0].Entries == nil || month[0].Vials == nil {
		t.Errorf("%d days", len(month))
	}
	for name, in := range map[string]control.DayRequest{
		"32": {From: daysLater(day, 0), To: daysLater(day, 31)}, "backwards": {From: daysLater(day, 1), To: daysLater(day, 0)}, "nothing": {}, "no date": {From: "2026-13-01"},
	} {
		if _, err := n.showDays(t.Context(), in); control.KindOf(err) != control.KindUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The journey of a caller through the control API: booked with codes, moved, taken back, checked in, vaccinated.
func TestCallerByAPI(t *testing.T) {
	n, clock := reception(t)
	day := monday(t, clock)
	added := must(n.addSlots(t.Context(), control.SlotsAdd{Day: daysLater(day, 1), From: "08:00", To: "08:20", Every: "10m", Vaccine: "influenza"}))
	b := must(n.bookByPhone(t.Context(), control.Phone{Appointments: added.IDs[:1], Name: "Erika Beispiel", BirthDate: "1950-03-01"}))
	v := b.Visits[0]
	if !b.Phone || b.Created.IsZero() || v.Digits == "" || v.Words == "" || v.QR == "" || v.Appointment != added.IDs[0] {
		t.Fatalf("%+v", b)
	}
	visit := control.VisitName{Booking: b.ID}
	preview := must(n.move(t.Context(), control.Move{Visits: []control.VisitName{visit}, ToDay: daysLater(day, 0), Preview: true}))
	if preview.ID != "" || preview.Kind != "move" || preview.Visits[0].To.Start.Format("02 15:04") != day.Format("02 ")+"08:00" || preview.Visits[0].Told {
		t.Errorf("%+v", preview)
	}
	moved := must(n.move(t.Context(), control.Move{Day: daysLater(day, 1), Appointment: added.IDs[1]}))
	if list := must(n.listChanges(t.Context())); len(list) != 1 || list[0].ID != moved.ID || list[0].Visits[0].Patient.Name != "Erika Beispiel" {
		t.Errorf("%+v", list)
	}
	if back := must(n.undo(t.Context(), control.UndoRequest{Change: moved.ID})); back.Kind != "undo" || back.Visits[0].Problem != "" {
		t.Errorf("%+v", back)
	}
	if _, err := n.undo(t.Context(), control.UndoRequest{Change: moved.ID}); control.KindOf(err) != control.KindConflict {
		t.Errorf("twice: %v", err)
	}
	must(n.move(t.Context(), control.Move{Visits: []control.VisitName{visit}, ToDay: daysLater(day, 0), ToTime: "10:00"}))
	entry := must(n.showDays(t.Context(), control.DayRequest{From: daysLater(day, 0)}))[0].Entries[0]
	if entry.Booking.ID != b.ID || entry.Visit != 0 || entry.Booking.Moved.IsZero() || entry.Booking.Visits[0].Digits != v.Digits || entry.Start.Format("15:04") != "10:00" {
		t.Errorf("%+v", entry)
	}
	if _, err := n.setOutcome(t.Context(), control.Outcome{VisitName: visit, Outcome: "vaccinated"}); control.KindOf(err) != control.KindConflict {
		t.Errorf("before the check-in: %v", err)
	}
	if got := must(n.attend(t.Context(), visit)); got.State != "attended" || got.Visits[0].Attended.IsZero() {
		t.Errorf("%+v", got)
	}
	if got := must(n.setOutcome(t.Context(), control.Outcome{VisitName: visit, Outcome: "vaccinated", Lot: "EX1"})); got.Visits[0].Outcome != "vaccinated" || got.Visits[0].Lot != "EX1" {
		t.Errorf("%+v", got)
	}
	all := must(n.cancelMany(t.Context(), control.CancelMany{Bookings: []string{b.ID}}))
	if all.Kind != "cancel" || all.ID != "" || all.Visits[0].Problem != "attended" {
		t.Errorf("%+v", all)
	}
}

// The desk is told why a code is not taken in a word that can be translated.
func TestVerifyReasons(t *testing.T) {
	n, clock := reception(t)
	day := monday(t, clock)
	added := must(n.addSlots(t.Context(), control.SlotsAdd{Day: daysLater(day, 0), From: "08:00", To: "08:10", Every: "10m", Vaccine: "influenza"}))
	b := must(n.bookByPhone(t.Context(), control.Phone{Appointments: added.IDs, Name: "Erika Beispiel", BirthDate: "1950-03-01"}))
	ask := func(code string) control.VerifyResult {
		return must(n.verify(t.Context(), control.VerifyRequest{Code: code}))
	}
	digits := b.Visits[0].Digits
	typo := digits[:len(digits)-1] + string('0'+(digits[len(digits)-1]-'0'+1)%10)
	if got := ask(typo); got.OK || got.Reason != "typo" {
		t.Errorf("%+v", got)
	}
	if got := ask("guten Tag"); got.Reason != "form" && got.Reason != "typo" {
		t.Errorf("%+v", got)
	}
	if got := ask(digits); !got.OK || got.Reason != "" {
		t.Errorf("%+v", got)
	}
	if got := ask(digits); got.OK || got.Reason != "used" || got.Used.IsZero() {
		t.Errorf("%+v", got)
	}
	for range 4 {
		if got := ask("000000-0000-0"); got.Reason != "unknown" {
			t.Errorf("%+v", got)
		}
	}
	if got := ask("000000-0000-0"); got.Reason != "locked" || !got.Until.After(clock.Now()) {
		t.Errorf("%+v", got)
	}
}

// BenchmarkDay is a month with 2,000 bookings and a full list of open appointments. The limit is 10 ms.
func BenchmarkDay(b *testing.B) {
	n, clock := reception(b)
	day := monday(b, clock)
	for d := range 10 {
		in := control.SlotsAdd{Day: daysLater(day, d+1), From: "06:00", To: "22:00", Every: "4m", Vaccine: "comirnaty", Count: 200}
		for _, id := range must(n.addSlots(b.Context(), in)).IDs {
			must(n.bookByPhone(b.Context(), control.Phone{Appointments: []string{id}, Name: "Erika Beispiel", BirthDate: "1950-03-01"}))
		}
	}
	must(n.addSlots(b.Context(), control.SlotsAdd{Day: daysLater(day, 12), From: "06:00", To: "22:00", Every: "4m", Vaccine: "comirnaty", Count: 200}))
	in := control.DayRequest{From: daysLater(day, 0), To: daysLater(day, 30)}
	b.ReportAllocs()
	for b.Loop() {
		must(n.showDays(b.Context(), in))
	}
}
