package booking

import (
	"errors"
	"testing"
	"time"

	"pieks/gossip/wire"
)

// attend shows the code of a booking at the desk and hands the notice that follows to the patient.
func (k *kit) attend(t *testing.T, a *Attempt) {
	t.Helper()
	if _, err := k.desk.Verify(t.Context(), a.Visits()[0].Code.Words()); err != nil {
		t.Fatal(err)
	}
	for _, out := range must[[]Outgoing](t)(k.ledger.Outbox()) {
		if out.Box == a.Key() {
			if _, err := a.Take(out.Message, k.check(), k.clock.now()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Whoever comes on one day gets one key, whoever comes on another day another one, and nobody has one before.
func TestWaitingRoom(t *testing.T) {
	k := newKit(t)
	k.offer(4)
	var all []*Attempt
	for i := range 4 {
		all = append(all, k.attempt(i))
	}
	for _, a := range all {
		if err := k.book(a); err != nil {
			t.Fatal(err)
		}
		if a.Visits()[0].Room != nil {
			t.Error("a key before the visit")
		}
	}
	k.attend(t, all[0])
	k.reopen()
	k.attend(t, all[1])
	first, second := all[0].Visits()[0].Room, all[1].Visits()[0].Room
	if first == nil || second == nil || *first != *second || *first == (RoomKey{}) {
		t.Fatalf("on one day: %v %v", first, second)
	}
	k.clock.add(24 * time.Hour)
	if _, err := k.store.Sweep(t.Context(), k.clock.now()); err != nil {
		t.Fatal(err)
	}
	if n := k.count(bucketRooms); n != 0 {
		t.Errorf("%d rooms of yesterday", n)
	}
	// A desk that does not say so still writes the key down for who asks.
	if _, err := k.ledger.Verify(t.Context(), all[2].Visits()[0].Code.Digits()); err != nil {
		t.Fatal(err)
	}
	if err := k.order(all[2], ActionStatus); err != nil {
		t.Fatal(err)
	}
	if third := all[2].Visits()[0].Room; third == nil || *third == *first {
		t.Errorf("on the next day: %v", third)
	}
	if all[3].Visits()[0].Room != nil {
		t.Error("a key without a visit")
	}
}

// A practice can tell a key only of a visit that was attended, and only a whole one.
func TestRoomsOutOfBounds(t *testing.T) {
	k := newKit(t)
	k.offer(1)
	a := k.attempt(0)
	if err := k.book(a); err != nil {
		t.Fatal(err)
	}
	v := must[Offer](t)(func() (Offer, error) { o, _ := a.offer(); return o, nil }()).Visits[0]
	for name, visit := range map[string]ReceiptVisit{
		"not attended": {State: Booked, Room: make([]byte, 32)},
		"short":        {State: Attended, Room: make([]byte, 31)},
		"long":         {State: Attended, Room: make([]byte, 33)},
	} {
		visit.Start, visit.End, visit.Vaccine, visit.Dose = v.Start, v.End, v.Vaccine, v.Dose
		r := Receipt{Version: 1, Key: a.Key(), Booking: BookingID{1}, State: visit.State, Revision: 9, Device: public(k.practice.Device), Relays: []string{},
			Visits: []ReceiptVisit{visit}}
		msg := must[[]byte](t)(Encode(KindNotice, must[[]byte](t)(wire.SignObject(TypeNotice, k.practice.Device, r))))
		if _, err := a.Take(msg, k.check(), k.clock.now()); !errors.Is(err, ErrReceipt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
