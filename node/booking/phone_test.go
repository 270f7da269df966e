package booking

import (
	"errors"
	"testing"
	"time"
)

// A caller gets an appointment and a code in three forms, each of which lets in once; no notice goes out whatever becomes of it.
func TestPhone(t *testing.T) {
	k := newKit(t)
	ids := k.offer(4)
	must[[]AppointmentID](t)(k.ledger.Block(t.Context(), ids[1:2]))
	var booked []Booking
	for n := range 3 {
		b := must[Booking](t)(k.ledger.Phone(t.Context(), PhoneOrder{Appointments: ids[n : n+1], Patient: erika}))
		if !b.ByPhone || b.State != Booked || b.Visits[0].Code == nil || b.Patient != erika || k.status(ids[n]) != SlotBooked {
			t.Fatalf("%+v", b)
		}
		booked = append(booked, b)
	}
	if s := k.sheet().Sheet.Slots; len(s) != 1 {
		t.Errorf("%d slots in the sheet", len(s))
	}
	c := must[Change](t)(k.desk.Move(t.Context(), MoveOrder{Visits: refOf(booked[0], 0), ToDay: date(2026, 10, 7)}))
	if c.Visits[0].Told {
		t.Error("said that a caller was told")
	}
	must[Change](t)(k.desk.Undo(t.Context(), c.ID))
	k.reopen() // the slip can be printed again
	if !k.remembers() {
		t.Error("memory and disk do not agree")
	}
	k.clock.add(20 * time.Hour)
	for n, form := range []func(Code) string{Code.Digits, Code.Words, Code.QR} {
		b := must[Booking](t)(k.ledger.Booking(booked[n].ID))
		if *b.Visits[0].Code != *booked[n].Visits[0].Code {
			t.Error("another code")
		}
		code := form(*b.Visits[0].Code)
		if v, err := k.desk.Verify(t.Context(), code); err != nil || v.Booking.ID != b.ID {
			t.Errorf("%d: %v", n, err)
		}
		if _, err := k.desk.Verify(t.Context(), code); !errors.Is(err, ErrUsed) {
			t.Errorf("again: %v", err)
		}
	}
	if out := must[[]Outgoing](t)(k.ledger.Outbox()); len(out) != 0 {
		t.Errorf("%d notices", len(out))
	}
}

// What cannot be booked is refused and changes nothing.
func TestPhoneRefused(t *testing.T) {
	k := newKit(t)
	start := time.Date(2026, 10, 6, 9, 0, 0, 0, berlin)
	one := func(days int, vaccine string, dose uint8) Appointment {
		at := start.AddDate(0, 0, days)
		return Appointment{Start: at, End: at.Add(10 * time.Minute), Vaccine: vaccine, Dose: dose}
	}
	ids := must[[]AppointmentID](t)(k.ledger.Add(t.Context(), []Appointment{
		one(0, "comirnaty", 1), one(21, "comirnaty", 2), one(20, "comirnaty", 2), one(21, "mmr", 2), one(21, "comirnaty", 1), one(85, "comirnaty", 2), one(0, "comirnaty", 1)}))
	k.publish(k.clock.now().Add(-2 * k.rules.Cycle))
	if err := k.ask(k.attempt(1)); err != nil { // one of those on the first day is held
		t.Fatal(err)
	}
	held, free := ids[6], ids[0]
	if k.status(held) != SlotHeld {
		held, free = free, held
	}
	interval := func(string) (int, int) { return 21, 84 }
	for name, c := range map[string]struct {
		ids     []AppointmentID
		patient Patient
		want    error
	}{
		"held":        {[]AppointmentID{held}, erika, ErrNotFree},
		"unknown":     {[]AppointmentID{{}}, erika, ErrNoAppointment},
		"none":        {nil, erika, ErrDoses},
		"twice":       {[]AppointmentID{free, free}, erika, ErrDoses},
		"three":       {ids[:3], erika, ErrDoses},
		"too close":   {[]AppointmentID{free, ids[2]}, erika, ErrDoses},
		"too far":     {[]AppointmentID{free, ids[5]}, erika, ErrDoses},
		"two kinds":   {[]AppointmentID{free, ids[3]}, erika, ErrDoses},
		"first again": {[]AppointmentID{free, ids[4]}, erika, ErrDoses},
		"backwards":   {[]AppointmentID{ids[1], free}, erika, ErrDoses},
		"one is held": {[]AppointmentID{held, ids[1]}, erika, ErrNotFree},
		"no name":     {[]AppointmentID{free}, Patient{BirthDate: "1950-03-01"}, ErrDetails},
	} {
		if _, err := k.ledger.Phone(t.Context(), PhoneOrder{c.ids, c.patient, interval}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(k.onDisk()); n != 0 || k.status(free) != SlotOpen || k.status(ids[1]) != SlotOpen {
		t.Errorf("%d bookings after refusals", n)
	}
	b := must[Booking](t)(k.ledger.Phone(t.Context(), PhoneOrder{[]AppointmentID{free, ids[1]}, erika, interval}))
	if len(b.Visits) != 2 || b.Visits[0].Code.Number == b.Visits[1].Code.Number {
		t.Errorf("%+v", b)
	}
	k.clock.add(48 * time.Hour)
	if _, err := k.ledger.Phone(t.Context(), PhoneOrder{[]AppointmentID{held}, erika, interval}); !errors.Is(err, ErrPast) {
		t.Errorf("past: %v", err)
	}
}

// Check-in without a code is the same as with one, on the day only; vaccinated comes after it, not come only after the start, and both go back.
func TestAttendAndOutcome(t *testing.T) {
	k := newKit(t)
	k.offer(2)
	a, b := k.booked(0)
	_, other := k.booked(0)
	if _, err := k.desk.Attend(t.Context(), b.ID, 0); !errors.Is(err, ErrOtherDay) {
		t.Errorf("the day before: %v", err)
	}
	set := func(b Booking, o Outcome, lot string) error {
		_, err := k.ledger.SetOutcome(t.Context(), b.ID, 0, o, lot)
		return err
	}
	k.clock.add(18 * time.Hour) // 8:00
	for name, c := range map[string]struct{ got, want error }{
		"vaccinated at home": {set(b, Vaccinated, ""), ErrNotAttended},
		"before the start":   {set(b, NoShow, ""), ErrNotBegun},
		"lot of nothing":     {set(b, NoOutcome, "EX123"), ErrLot},
		"long lot":           {set(b, Vaccinated, "123456789012345678901234567890123"), ErrLot},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v", name, c.got)
		}
	}
	for range 2 {
		if got, err := k.desk.Attend(t.Context(), b.ID, 0); err != nil || got.Visits[0].State != Attended || got.Revision != 2 {
			t.Fatalf("%+v %v", got, err)
		}
	}
	if k.post(a) != 1 || a.State() != Attended || a.Visits()[0].Room == nil {
		t.Error("the patient did not learn the room")
	}
	if _, err := k.desk.Verify(t.Context(), a.Visits()[0].Code.QR()); !errors.Is(err, ErrUsed) {
		t.Errorf("code after it: %v", err)
	}
	if set(b, Vaccinated, "EX1234") != nil || set(b, NoShow, "") == nil {
		t.Error("an attended visit")
	}
	k.reopen()
	if got := must[Booking](t)(k.ledger.Booking(b.ID)).Visits[0]; got.Outcome != Vaccinated || got.Lot != "EX1234" || got.State != Attended {
		t.Errorf("%+v", got)
	}
	if err := k.order(a, ActionStatus); err != nil || a.State() != Attended {
		t.Errorf("the patient is told another state: %v", err)
	}
	k.clock.add(2 * time.Hour)
	if err := set(other, NoShow, ""); err != nil {
		t.Error(err)
	}
	if err := set(other, NoOutcome, ""); err != nil || set(other, NoShow, "") != nil {
		t.Error("not taken back")
	}
	if got := must[Booking](t)(k.desk.Attend(t.Context(), other.ID, 0)).Visits[0]; got.Outcome != NoOutcome {
		t.Error("who has come late still counts as not come")
	}
	if !k.remembers() {
		t.Error("memory and disk do not agree")
	}
	for _, visit := range []int{-1, 1} {
		if _, err := k.desk.Attend(t.Context(), b.ID, visit); !errors.Is(err, ErrNoVisit) {
			t.Errorf("visit %d: %v", visit, err)
		}
	}
}
