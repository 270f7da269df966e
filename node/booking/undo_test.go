package booking

import (
	"context"
	"errors"
	"testing"
	"time"
)

// Cancelled and taken back: patients are booked again with their codes, those apart whose appointment somebody else has or holds by then.
func TestCancelManyAndUndo(t *testing.T) {
	k := newKit(t)
	ids := k.offer(4)
	a, first := k.booked(0)
	b, _ := k.booked(0)
	c, third := k.booked(0)
	done := must[Change](t)(k.desk.CancelMany(t.Context(), CancelOrder{Day: tomorrow, Reason: "Kein Impfstoff", Reopen: true}))
	for _, patient := range []*Attempt{a, b, c} {
		if k.post(patient) != 1 || patient.State() != Cancelled {
			t.Fatal("not told")
		}
	}
	if len(done.Visits) != 3 || done.Visits[0].To != nil || k.status(ids[0]) != SlotOpen {
		t.Fatalf("%+v", done)
	}
	k.publish(k.clock.now().Add(-2 * k.rules.Cycle))
	if err := k.book(k.attempt(1)); err != nil { // ids[1], the second one's
		t.Fatal(err)
	}
	if err := k.ask(k.attempt(1)); err != nil { // ids[2], held
		t.Fatal(err)
	}
	back := must[Change](t)(k.desk.Undo(t.Context(), done.ID))
	if back.Visits[0].Problem != "" || back.Visits[1].Problem != ProblemTaken || back.Visits[2].Problem != ProblemTaken {
		t.Errorf("%+v", back.Visits)
	}
	k.post(a)
	k.post(b)
	if a.State() != Booked || b.State() != Cancelled || k.status(ids[0]) != SlotBooked {
		t.Errorf("%v %v", a.State(), b.State())
	}
	if !k.remembers() {
		t.Error("memory and disk do not agree")
	}
	again := must[Change](t)(k.desk.CancelMany(t.Context(), CancelOrder{Bookings: []BookingID{first.ID, third.ID}, Preview: true}))
	if len(again.Visits) != 2 || again.Visits[0].Problem != "" || again.Visits[1].Problem != ProblemCancelled {
		t.Errorf("%+v", again.Visits)
	}
	k.clock.add(20 * time.Hour)
	if _, err := k.desk.Verify(t.Context(), a.Visits()[0].Code.QR()); err != nil {
		t.Error(err)
	}
	if _, err := k.desk.Verify(t.Context(), c.Visits()[0].Code.QR()); !errors.Is(err, ErrNotValid) {
		t.Errorf("a cancelled code: %v", err)
	}
}

// What was changed since stays, and after ten minutes everything does.
func TestUndoTooLate(t *testing.T) {
	k := newKit(t)
	k.offer(3)
	a, first := k.booked(0)
	_, second := k.booked(0)
	moved := must[Change](t)(k.desk.Move(t.Context(), MoveOrder{Day: tomorrow, ToDay: date(2026, 10, 8)}))
	k.post(a)
	if err := k.order(a, ActionCancel); err != nil {
		t.Fatal(err)
	}
	back := must[Change](t)(k.desk.Undo(t.Context(), moved.ID))
	if back.Visits[0].Problem != ProblemChanged || back.Visits[1].Problem != "" {
		t.Errorf("%+v", back.Visits)
	}
	if must[Booking](t)(k.ledger.Booking(first.ID)).State != Cancelled {
		t.Error("the patient's own cancellation was overwritten")
	}
	late := must[Change](t)(k.desk.Move(t.Context(), MoveOrder{Visits: refOf(second, 0), ToDay: date(2026, 10, 9)}))
	k.clock.add(undoFor + time.Second)
	if _, err := k.desk.Undo(t.Context(), late.ID); !errors.Is(err, ErrNoChange) {
		t.Errorf("too late: %v", err)
	}
	must[int](t)(k.store.Sweep(context.Background(), k.clock.now()))
	if n := k.count(bucketJournal); n != 0 || len(must[[]Change](t)(k.ledger.Changes())) != 0 {
		t.Errorf("%d changes are kept", n)
	}
}
