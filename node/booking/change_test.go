package booking

import (
	"context"
	"errors"
	"testing"
	"time"
)

// booked is a patient with a booking of the n-th slots of the sheet.
func (k *kit) booked(n ...int) (*Attempt, Booking) {
	k.t.Helper()
	a := k.attempt(n...)
	if err := k.book(a); err != nil {
		k.t.Fatal(err)
	}
	k.patients = append(k.patients, a)
	r, _ := a.Receipted()
	return a, must[Booking](k.t)(k.ledger.Booking(r.Booking))
}

// post gives a patient all notices that wait in the outbox, in the order in which they were written.
func (k *kit) post(a *Attempt) int {
	k.t.Helper()
	n := 0
	for _, out := range must[[]Outgoing](k.t)(k.ledger.Outbox()) {
		if out.Box != a.Key() {
			continue
		}
		n++
		if _, err := a.Take(out.Message, k.check(), k.clock.now()); err != nil {
			k.t.Fatalf("notice: %v", err)
		}
	}
	return n
}

// status of an appointment.
func (k *kit) status(id AppointmentID) Status {
	k.t.Helper()
	for _, a := range k.ledger.Appointments() {
		if a.ID == id {
			return a.Status
		}
	}
	k.t.Fatal("no such appointment")
	return 0
}

func date(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

func clockTime(h, m int) *time.Duration {
	d := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	return &d
}

func refOf(b Booking, n int) []VisitRef { return []VisitRef{{b.ID, n}} }

// tomorrow is where kit.offer has its appointments.
var tomorrow = date(2026, 10, 6)

// A day that is moved keeps its times of day over the change of the clocks, every patient hears of it and keeps the code, and the whole is taken back.
func TestMoveDayAndUndo(t *testing.T) {
	k := newKit(t)
	ids := k.offer(3)
	a, first := k.booked(0)
	b, second := k.booked(0)
	code := a.Visits()[0].Code.Digits()
	// 2026-10-25 is the Sunday on which the clocks go back: 9:00 is 20 days and an hour later.
	order := MoveOrder{Day: tomorrow, ToDay: date(2026, 10, 26), Reason: "Lieferung fehlt"}
	order.Preview = true
	shown := must[Change](t)(k.desk.Move(t.Context(), order))
	if len(shown.Visits) != 2 || shown.ID != (ChangeID{}) || shown.Visits[0].To.Start.Format("01-02 15:04") != "10-26 09:00" || k.status(ids[0]) != SlotBooked {
		t.Fatalf("preview: %+v", shown)
	}
	if len(must[[]Outgoing](t)(k.ledger.Outbox())) != 0 {
		t.Error("a preview told somebody")
	}
	order.Preview = false
	done := must[Change](t)(k.desk.Move(t.Context(), order))
	if len(done.Visits) != 2 || done.ID == (ChangeID{}) || !done.Visits[0].Told || !done.Until.Equal(k.clock.now().Add(undoFor)) {
		t.Fatalf("%+v", done)
	}
	now := must[Booking](t)(k.ledger.Booking(first.ID))
	if now.Visits[0].Start.Format("2006-01-02 15:04 MST") != "2026-10-26 09:00 CET" || now.Revision != 2 || now.Moved.IsZero() || now.Key != first.Key {
		t.Errorf("%+v", now)
	}
	if k.status(ids[0]) != SlotWithdrawn || k.status(now.Visits[0].Appointment) != SlotBooked || k.status(ids[2]) != SlotOpen {
		t.Error("appointments do not follow")
	}
	for _, patient := range []*Attempt{a, b} {
		if n := k.post(patient); n != 1 || patient.State() != Booked || patient.Visits()[0].Start.Day() != 26 {
			t.Errorf("%d notices, %v", n, patient.Visits()[0].Start)
		}
	}
	if a.Visits()[0].Code.Digits() != code {
		t.Error("another code")
	}
	if r, _ := a.Receipted(); r.Reason != order.Reason {
		t.Errorf("reason %q", r.Reason)
	}
	list := must[[]Change](t)(k.ledger.Changes())
	if len(list) != 1 || list[0].ID != done.ID || len(list[0].Visits) != 2 || list[0].Visits[0].From.Start.Day() != 6 || list[0].Visits[0].To.Start.Day() != 26 {
		t.Errorf("%+v", list)
	}
	k.reopen() // a restart does not take the way back
	k.clock.add(undoFor)
	back := must[Change](t)(k.desk.Undo(t.Context(), done.ID))
	if len(back.Visits) != 2 || back.Visits[0].Problem != "" || back.Visits[0].To.Start.Day() != 6 {
		t.Errorf("%+v", back)
	}
	for n, patient := range []*Attempt{a, b} {
		k.post(patient)
		if k.status(ids[n]) != SlotBooked || patient.Visits()[0].Start.Day() != 6 {
			t.Error("not taken back")
		}
	}
	if got := must[Booking](t)(k.ledger.Booking(second.ID)); got.Visits[0].Appointment != ids[1] || got.Revision != 3 || got.Reason != "" {
		t.Errorf("%+v", got)
	}
	if _, err := k.desk.Undo(t.Context(), done.ID); !errors.Is(err, ErrNoChange) {
		t.Errorf("undone twice: %v", err)
	}
	if !k.remembers() {
		t.Error("memory and disk do not agree")
	}
	k.clock.add(20 * time.Hour)
	if v, err := k.desk.Verify(t.Context(), code); err != nil || v.Booking.ID != first.ID {
		t.Errorf("code: %v", err)
	}
}

// Each reason for which a visit stays.
func TestMoveProblems(t *testing.T) {
	k := newKit(t)
	ids := k.offer(8)
	_, b := k.booked(0)
	at := func(c func(*MoveOrder)) Problem {
		o := MoveOrder{Visits: refOf(b, 0), Preview: true}
		c(&o)
		got, err := k.desk.Move(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		return got.Visits[0].Problem
	}
	other := must[[]AppointmentID](t)(k.ledger.Add(t.Context(), []Appointment{{Start: noon.Add(30 * time.Hour), End: noon.Add(31 * time.Hour), Vaccine: "influenza"}}))
	must[[]AppointmentID](t)(k.ledger.Withdraw(t.Context(), ids[1:2]))
	must[[]AppointmentID](t)(k.ledger.Block(t.Context(), ids[2:3]))
	if err := k.ask(k.attempt(0)); err != nil { // ids[3]
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*MoveOrder)
		want   Problem
	}{
		"yesterday":       {func(o *MoveOrder) { o.ToDay = date(2026, 10, 4) }, ProblemPast},
		"same":            {func(o *MoveOrder) { o.ToDay = tomorrow }, ProblemSame},
		"clocks forward":  {func(o *MoveOrder) { o.ToDay, o.ToTime = date(2027, 3, 28), clockTime(2, 30) }, ProblemClock},
		"clocks back":     {func(o *MoveOrder) { o.ToDay, o.ToTime = date(2026, 10, 25), clockTime(2, 30) }, ProblemClock},
		"that morning":    {func(o *MoveOrder) { o.ToDay, o.ToTime = date(2026, 10, 25), clockTime(3, 0) }, ""},
		"withdrawn":       {func(o *MoveOrder) { o.Appointment = &ids[1] }, ProblemHeld},
		"held":            {func(o *MoveOrder) { o.Appointment = &ids[3] }, ProblemHeld},
		"its own":         {func(o *MoveOrder) { o.Appointment = &ids[0] }, ProblemSame},
		"other vaccine":   {func(o *MoveOrder) { o.Appointment = &other[0] }, ProblemVaccine},
		"open":            {func(o *MoveOrder) { o.Appointment = &ids[4] }, ""},
		"blocked":         {func(o *MoveOrder) { o.Appointment = &ids[2] }, ""},
		"half an hour on": {func(o *MoveOrder) { o.ToTime = clockTime(9, 30) }, ""},
	} {
		if got := at(c.change); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	for name, c := range map[string]struct {
		order MoveOrder
		want  error
	}{
		"nowhere":    {MoveOrder{Visits: refOf(b, 0)}, ErrNoTarget},
		"nobody":     {MoveOrder{ToDay: tomorrow}, ErrNobody},
		"empty day":  {MoveOrder{Day: date(2026, 11, 1), ToDay: tomorrow}, ErrNobody},
		"no visit":   {MoveOrder{Visits: refOf(b, 1), ToDay: tomorrow}, ErrNoVisit},
		"no booking": {MoveOrder{Visits: []VisitRef{{}}, ToDay: tomorrow}, ErrNoBooking},
		"no slot":    {MoveOrder{Visits: refOf(b, 0), Appointment: &AppointmentID{}}, ErrNoAppointment},
		"far":        {MoveOrder{Visits: refOf(b, 0), ToDay: date(2036, 10, 5)}, ErrFarAhead},
		"reason":     {MoveOrder{Visits: refOf(b, 0), ToDay: tomorrow, Reason: "a\x00"}, ErrMessage},
	} {
		if _, err := k.desk.Move(t.Context(), c.order); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	must[Verified](t)(k.desk.Verify(t.Context(), must[Booking](t)(k.ledger.Booking(b.ID)).code(t, k)))
	if got := at(func(o *MoveOrder) { o.ToDay = date(2026, 10, 7) }); got != ProblemAttended {
		t.Errorf("attended: %q", got)
	}
	_, b = k.booked(1)
	must[Booking](t)(k.desk.Cancel(t.Context(), b.ID, "", false))
	if got := at(func(o *MoveOrder) { o.ToDay = date(2026, 10, 7) }); got != ProblemCancelled {
		t.Errorf("cancelled: %q", got)
	}
	_, b = k.booked(1)
	k.clock.add(48 * time.Hour)
	if got := at(func(o *MoveOrder) { o.ToDay = date(2026, 10, 9) }); got != ProblemPast {
		t.Errorf("past: %q", got)
	}
}

// code of a booking that the test's patient has: its QR text.
func (b Booking) code(t *testing.T, k *kit) string {
	t.Helper()
	for _, a := range k.patients {
		if a.Key() == b.Key {
			return a.Visits()[0].Code.QR()
		}
	}
	t.Fatal("nobody has this booking")
	return ""
}

// A visit takes an open appointment: the one it had is gone, and taking back gives both free again.
func TestMoveToAnAppointment(t *testing.T) {
	k := newKit(t)
	ids := k.offer(2)
	open := k.sheet().Sheet.Slots[1].ID
	a, b := k.booked(0)
	c := must[Change](t)(k.desk.Move(t.Context(), MoveOrder{Visits: refOf(b, 0), Appointment: &ids[1]}))
	if k.status(ids[0]) != SlotWithdrawn || k.status(ids[1]) != SlotBooked || len(must[Booking](t)(k.ledger.Booking(b.ID)).Visits) != 1 {
		t.Fatalf("%+v", c)
	}
	k.post(a)
	if got := a.Visits()[0].Start; got.Format("15:04") != "09:10" {
		t.Errorf("the patient sees %v", got)
	}
	must[Change](t)(k.desk.Undo(t.Context(), c.ID))
	if k.status(ids[0]) != SlotBooked || k.status(ids[1]) != SlotOpen {
		t.Error("not as before")
	}
	if s := k.sheet().Sheet.Slots; len(s) != 1 || s[0].ID == open {
		t.Error("offered again under its old id")
	}
	k.publish(k.clock.now().Add(-2 * k.rules.Cycle))
	if err := k.book(k.attempt(0)); err != nil {
		t.Errorf("the appointment that is free again: %v", err)
	}
}

// First and second dose stay as far apart as the vaccine asks for; moved together they may go anywhere.
func TestMoveKeepsTheInterval(t *testing.T) {
	k := newKit(t)
	start := time.Date(2026, 10, 6, 9, 0, 0, 0, berlin)
	must[[]AppointmentID](t)(k.ledger.Add(t.Context(), []Appointment{
		{Start: start, End: start.Add(10 * time.Minute), Vaccine: "comirnaty", Dose: 1},
		{Start: start.AddDate(0, 0, 21), End: start.AddDate(0, 0, 21).Add(10 * time.Minute), Vaccine: "comirnaty", Dose: 2}}))
	k.publish(k.clock.now().Add(-2 * k.rules.Cycle))
	_, b := k.booked(0, 1)
	three := func(string) (int, int) { return 21, 84 }
	for name, c := range map[string]struct {
		refs []VisitRef
		to   time.Time
		want Problem
	}{
		"first later":    {refOf(b, 0), date(2026, 10, 7), ProblemInterval},
		"second earlier": {refOf(b, 1), date(2026, 10, 26), ProblemInterval},
		"second later":   {refOf(b, 1), date(2026, 10, 28), ""},
		"both one day":   {append(refOf(b, 0), refOf(b, 1)...), date(2026, 10, 28), ProblemInterval},
	} {
		got := must[Change](t)(k.desk.Move(t.Context(), MoveOrder{Visits: c.refs, ToDay: c.to, Preview: true, Interval: three}))
		for _, v := range got.Visits {
			if v.Problem != c.want {
				t.Errorf("%s: %q, want %q", name, v.Problem, c.want)
			}
		}
	}
}

// The booking and its codes are kept until after the new day, however far it is.
func TestMovedFarIsKept(t *testing.T) {
	k := newKit(t)
	k.offer(1)
	a, b := k.booked(0)
	must[Change](t)(k.desk.Move(t.Context(), MoveOrder{Visits: refOf(b, 0), ToDay: date(2026, 12, 28)}))
	k.clock.add(date(2026, 12, 28).Sub(noon) + 8*time.Hour)
	if err := k.ledger.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	must[int](t)(k.store.Sweep(context.Background(), k.clock.now()))
	if err := k.order(a, ActionStatus); err != nil || a.Visits()[0].Start.Month() != time.December {
		t.Errorf("the desk: %v", err)
	}
	if _, err := k.desk.Verify(t.Context(), a.Visits()[0].Code.Words()); err != nil {
		t.Errorf("the code: %v", err)
	}
}

// A patient whose receipt was lost, and whose visit was moved meanwhile, still gets the codes.
func TestMovedBeforeTheReceipt(t *testing.T) {
	k := newKit(t)
	k.offer(1)
	a := k.attempt(0)
	if err := k.ask(a); err != nil {
		t.Fatal(err)
	}
	confirm := must[[]byte](t)(a.Confirm(erika, k.clock.now()))
	k.say(confirm) // the reply is lost
	id := must[[]Booking](t)(k.ledger.Bookings())[0].ID
	must[Change](t)(k.desk.Move(t.Context(), MoveOrder{Visits: []VisitRef{{id, 0}}, ToDay: date(2026, 10, 8)}))
	if k.post(a) != 1 || a.State() != Booked || a.Visits()[0].Start.Day() != 8 || a.Visits()[0].Code == nil {
		t.Fatalf("%v %+v", a.State(), a.Visits())
	}
	k.clock.add(66 * time.Hour)
	if _, err := k.desk.Verify(t.Context(), a.Visits()[0].Code.Digits()); err != nil {
		t.Error(err)
	}
}

// No change has more than 200 visits, and a full day takes no more.
func TestChangeLimits(t *testing.T) {
	k := newKit(t)
	all := make([]touched, 0, maxChange+1)
	refs := []VisitRef{}
	for n := range maxChange + 1 {
		id := BookingID{byte(n), byte(n >> 8), 1}
		k.ledger.known.bookings[id] = bookingRecord{Visits: []visitRecord{{State: Booked}}}
		refs = append(refs, VisitRef{id, 0})
	}
	if _, err := k.ledger.touch(refs, time.Time{}); !errors.Is(err, ErrManyVisits) {
		t.Errorf("201: %v", err)
	}
	if got, err := k.ledger.touch(append(refs[:maxChange:maxChange], refs[0]), time.Time{}); err != nil || len(got) != maxChange {
		t.Errorf("200: %d %v", len(got), err)
	}
	start := time.Date(2026, 10, 7, 9, 0, 0, 0, berlin)
	for n := range maxDay - 1 {
		id := AppointmentID{byte(n), byte(n >> 8)}
		k.ledger.items[id] = &item{id: id, record: appointmentRecord{Start: uint64(start.Unix()), Status: SlotBooked}}
	}
	for range 2 {
		all = append(all, touched{visit: visitRecord{Start: uint64(noon.Unix())}, to: appointmentRecord{Start: uint64(start.Unix())}})
	}
	k.ledger.leaveFull(all)
	if all[0].problem != "" || all[1].problem != ProblemFull {
		t.Errorf("%q %q", all[0].problem, all[1].problem)
	}
}
