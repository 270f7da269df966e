package scenarios

import (
	"testing"
	"time"

	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/node/patient"
	"pieks/store"
)

func (w *town) status(name string) (s control.Status) {
	w.must(name, control.MethodStatus, nil, &s)
	return s
}

// TestPatientComesAndGoes: a patient's node that was never told a postcode keeps away from relays; with the first one it has the list within a cycle, says how
// fresh that is, and since when it is offline; and all of that wakes who shows it.
func TestPatientComesAndGoes(t *testing.T) {
	t.Parallel()
	w := newTown(t, 48*time.Hour)
	if err := w.offer("09:00", "10:00"); err != nil {
		t.Fatal(err)
	}
	testnet.Until(t, "six appointments are seen", func() bool { return len(w.tokens()) == 6 })
	node, err := patient.Start(t.Context(), patient.Config{Home: w.Home("newcomer"), Network: w.File, Secret: store.KeyFile(), Now: w.clock.Now, Log: logger()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = node.Close() })
	begun := w.clock.Now()
	testnet.Until(t, "a cycle passes", func() bool { return w.clock.Now().Sub(begun) > 2*time.Second })
	if s := w.status("newcomer"); len(s.Relays) != 0 || len(s.Pool) != 0 || !s.Listed.IsZero() || !s.Offline.IsZero() {
		t.Errorf("without a postcode %+v", s)
	}
	next := node.Changes().Next()
	w.must("newcomer", control.MethodPLZ, control.PLZRequest{PLZ: "50670"}, nil)
	testnet.Until(t, "it is listed", func() bool {
		s := w.status("newcomer")
		return !s.Listed.IsZero() && s.Offline.IsZero() && len(s.Pool) == 1 && s.Pool[0].Slots == 6
	})
	select {
	case <-next:
	case <-time.After(testnet.Within):
		t.Error("nobody was woken")
	}
	first := w.status("newcomer").Listed
	testnet.Until(t, "the list is kept fresh", func() bool { return w.status("newcomer").Listed.After(first) })
	next = node.Changes().Next()
	w.stop("relay")
	testnet.Until(t, "it says that it is offline", func() bool { return !w.status("newcomer").Offline.IsZero() })
	since := w.status("newcomer")
	if age := w.clock.Now().Sub(since.Offline); age < 0 || age > testnet.Within || since.Listed.IsZero() {
		t.Errorf("offline since %s, listed %s", since.Offline, since.Listed)
	}
	select {
	case <-next:
	case <-time.After(testnet.Within):
		t.Error("nobody was woken by the loss")
	}
	w.start("relay", w.File)
	testnet.Until(t, "it is back", func() bool {
		s := w.status("newcomer")
		return s.Offline.IsZero() && s.Listed.After(since.Listed)
	})
}

// TestWiderRadius: who looks further is shown more regions by the same relay, from a later cycle on.
func TestWiderRadius(t *testing.T) {
	t.Parallel()
	w := newTown(t, 48*time.Hour)
	if err := w.offer("09:00", "10:00"); err != nil {
		t.Fatal(err)
	}
	testnet.Until(t, "six appointments are seen", func() bool { return len(w.tokens()) == 6 })
	node, err := patient.Start(t.Context(), patient.Config{
		Home: w.Home("edge"), Network: w.File, PLZ: "50968", RadiusKM: 1, Secret: store.KeyFile(), Now: w.clock.Now, Log: logger(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = node.Close() })
	found := func() int {
		var list []control.Token
		w.must("edge", control.MethodSearch, control.SearchRequest{RadiusKM: 60}, &list)
		return len(list)
	}
	testnet.Until(t, "it is listed", func() bool { return !w.status("edge").Listed.IsZero() })
	if n := found(); n != 0 {
		t.Fatalf("the relay shows %d appointments of another region", n)
	}
	w.must("edge", control.MethodPreferencesSet, control.Preferences{RadiusKM: 60}, nil)
	testnet.Until(t, "the region beside it is shown", func() bool { return found() == 6 })
}

// TestGivenUpWhileThePracticeIsAway: the request lies at a relay, its user does not want it any more, and when the practice comes back it holds the
// appointment for nobody: the offer that it posts is declined by mail's way back, and the appointment is open again long before its hold would end.
func TestGivenUpWhileThePracticeIsAway(t *testing.T) {
	t.Parallel()
	w := newTown(t, 48*time.Hour)
	if err := w.offer("09:00", "09:10"); err != nil {
		t.Fatal(err)
	}
	testnet.Until(t, "it is seen", func() bool { return len(w.tokens()) == 1 })
	token := w.tokens()[0].ID
	w.stop("practice")
	var o control.Offer
	w.must("patient", control.MethodRequest, control.RequestRequest{Tokens: []string{token}}, &o)
	if o.State != "pending" || o.Why != control.WhyOffline {
		t.Fatalf("%+v", o)
	}
	var b control.Booking
	w.must("patient", control.MethodCancel, control.CancelRequest{Booking: o.Booking}, &b)
	if b.State != "cancelled" || b.Why != control.WhyReleased {
		t.Fatalf("%+v", b)
	}
	w.start("practice", "")
	testnet.Until(t, "its letter is answered and it is open again", func() bool {
		var list []control.Appointment
		w.must("practice", control.MethodSlotsList, nil, &list)
		return list[0].State == "open" && w.answered()
	})
	var all []control.Booking
	w.must("practice", control.MethodBookings, nil, &all)
	w.must("patient", control.MethodRequest, control.RequestRequest{Tokens: []string{token}}, &o)
	if len(all) != 0 || o.State != "offered" {
		t.Errorf("%d bookings, then %+v", len(all), o)
	}
}

// answered says that no letter lies at the relay any more.
func (w *town) answered() bool { return w.status("relay").Mailbox == 0 }

// TestChangesOfAPractice: what reception moves, cancels and takes back is so at the patient's node within moments, with the same code.
func TestChangesOfAPractice(t *testing.T) {
	t.Parallel()
	w, booked := bookedTown(t, 48*time.Hour)
	var there []control.Booking
	w.must("practice", control.MethodBookings, nil, &there)
	if len(there) != 1 {
		t.Fatalf("%+v %+v", booked, there)
	}
	now := func() control.Booking {
		var list []control.Booking
		w.must("patient", control.MethodBookings, nil, &list)
		return list[0]
	}
	day := booked.Visits[0].Start.Format(time.DateOnly)
	var change control.Change
	w.must("practice", control.MethodMove, control.Move{Visits: []control.VisitName{{Booking: there[0].ID}}, ToDay: day, ToTime: "15:00"}, &change)
	testnet.Until(t, "it is moved", func() bool { return !now().Moved.IsZero() })
	if b := now(); b.State != "booked" || b.Visits[0].Start.Equal(booked.Visits[0].Start) || b.Visits[0].Digits != booked.Visits[0].Digits {
		t.Errorf("moved: %+v", b)
	}
	cancel := control.CancelMany{Bookings: []string{there[0].ID}, Reason: "Der Impfstoff ist nicht gekommen."}
	w.must("practice", control.MethodCancelMany, cancel, &change)
	testnet.Until(t, "it is cancelled", func() bool { return now().State == "cancelled" })
	if b := now(); b.Why != control.WhyCancelledByPractice || b.Reason != cancel.Reason {
		t.Errorf("cancelled: %+v", b)
	}
	w.must("practice", control.MethodUndo, control.UndoRequest{Change: change.ID}, nil)
	testnet.Until(t, "the cancellation is taken back", func() bool { return now().State == "booked" })
	if b := now(); b.Why != "" || b.Reason != "" || b.Visits[0].State != "booked" || b.Visits[0].Digits != booked.Visits[0].Digits {
		t.Errorf("taken back: %+v", b)
	}
}
