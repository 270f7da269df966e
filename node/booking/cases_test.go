package booking

import (
	"bytes"
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"
)

func TestFourMessages(t *testing.T) {
	k := newKit(t)
	k.offer(3)
	a := k.attempt(1)
	if a.State() != Pending || a.Deadline().IsZero() {
		t.Error("a new attempt is pending until its sheet ends")
	}
	view, err := a.Offer(k.say(must[[]byte](t)(a.Request())), k.check(), k.clock.now())
	if err != nil {
		t.Fatal(err)
	}
	if got := view.Visits[0].Start.Format("2006-01-02 15:04 MST"); got != "2026-10-06 09:10 CEST" {
		t.Errorf("offered for %s", got)
	}
	if view.Licence.Statement.Name != "Praxis Dr. Beispiel" || !view.Until.Equal(k.clock.now().Add(k.rules.Hold)) || a.State() != Offered {
		t.Errorf("%+v, %v", view, a.State())
	}
	confirm := must[[]byte](t)(a.Confirm(erika, k.clock.now()))
	r := must[Receipt](t)(a.Receipt(k.say(confirm), k.clock.now()))
	if a.State() != Booked || r.Revision != 1 || r.State != Booked {
		t.Errorf("%v %+v", a.State(), r)
	}
	bookings := must[[]Booking](t)(k.ledger.Bookings())
	if len(bookings) != 1 || bookings[0].Patient != erika || bookings[0].ID != r.Booking || bookings[0].Key != a.Key() {
		t.Fatalf("%+v", bookings)
	}
	code := a.Visits()[0].Code
	for _, text := range []string{code.Digits(), code.Words(), code.QR()} {
		v, err := k.ledger.Verify(t.Context(), text)
		if text == code.Digits() && (err != nil || v.Booking.ID != r.Booking) {
			t.Errorf("%v %+v", err, v)
		}
		if text != code.Digits() && (err != ErrUsed || !v.Used.Equal(k.clock.now())) {
			t.Errorf("second redemption: %v %+v", err, v)
		}
	}
	if got := k.ledger.Appointments()[1].Status; got != SlotAttended {
		t.Errorf("appointment is %v", got)
	}
}

func TestTwoDosesBothOrNone(t *testing.T) {
	k := newKit(t)
	k.offer(3)
	one := k.attempt(1)
	both := k.attempt(0, 1)
	other := k.attempt(2, 1)
	if err := k.book(both); err != nil {
		t.Fatal(err)
	}
	visits := both.Visits()
	if len(visits) != 2 || visits[0].Code.Digits() == visits[1].Code.Digits() {
		t.Fatalf("%+v", visits)
	}
	for _, a := range []*Attempt{one, other} {
		if err := k.ask(a); !errors.Is(err, ErrTaken) || a.State() != Taken {
			t.Errorf("%v %v", err, a.State())
		}
	}
	if got := k.ledger.Appointments()[2].Status; got != SlotOpen {
		t.Errorf("half of a refused pair is %v", got)
	}
	for i, v := range visits {
		got, err := k.ledger.Verify(t.Context(), v.Code.Words())
		if err != nil || got.Visit != i {
			t.Errorf("visit %d: %v %+v", i, err, got)
		}
	}
	if _, err := NewAttempt(k.sheet(), nil, nil, noon); err != ErrSlots {
		t.Error(err)
	}
}

// Case 18.
func TestHundredPatientsOneSlot(t *testing.T) {
	k := newKit(t)
	k.offer(1)
	attempts := make([]*Attempt, 100)
	for i := range attempts {
		attempts[i] = k.attempt(0)
	}
	var mu sync.Mutex
	results := map[State]int{}
	var wg sync.WaitGroup
	for _, a := range attempts {
		wg.Go(func() {
			err := k.book(a)
			mu.Lock()
			defer mu.Unlock()
			results[a.State()]++
			if err != nil && !errors.Is(err, ErrTaken) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if !reflect.DeepEqual(results, map[State]int{Booked: 1, Taken: 99}) {
		t.Errorf("%v", results)
	}
	if n := len(must[[]Booking](t)(k.ledger.Bookings())); n != 1 {
		t.Errorf("%d bookings", n)
	}
}

// Case 19.
func TestWrongNonceVoidsTheHold(t *testing.T) {
	k := newKit(t)
	k.offer(1)
	a := k.attempt(0)
	if err := k.ask(a); err != nil {
		t.Fatal(err)
	}
	a.d.Nonce[0] ^= 1
	_, err := a.Receipt(k.say(must[[]byte](t)(a.Confirm(erika, k.clock.now()))), k.clock.now())
	if !errors.Is(err, ErrCommit) || a.State() != Refused || !errors.Is(a.Err(), ErrCommit) {
		t.Errorf("%v %v", err, a.State())
	}
	a.d.Nonce[0] ^= 1
	a.d.State = Confirmed
	a.d.Confirm = nil
	a.d.State = Offered
	if _, err := a.Receipt(k.say(must[[]byte](t)(a.Confirm(erika, k.clock.now()))), k.clock.now()); !errors.Is(err, ErrExpired) {
		t.Errorf("the right nonce after a wrong one: %v", err)
	}
	k.reopen()
	if err := k.book(k.attempt(0)); err != nil {
		t.Errorf("the slot is not free again: %v", err)
	}
}

// Case 20: whoever sits between asks with an own key and hands the answer on.
// rewrap changes an offer and signs it again by the given keys.
// Cases 21 and 22, and every other way in which an offer can be wrong: nothing personal leaves.
// Case 23.
// A clock that goes back does not bring back a hold whose slot another patient has.
// Case 24, before and after the confirm, at once and after a restart.
func TestRepeatsGetTheSameAnswer(t *testing.T) {
	k := newKit(t)
	k.offer(2)
	a := k.attempt(0)
	request := must[[]byte](t)(a.Request())
	offer := k.say(request)
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if !bytes.Equal(k.say(request), offer) {
				t.Error("another offer")
			}
		})
	}
	wg.Wait()
	must[OfferView](t)(a.Offer(offer, k.check(), k.clock.now()))
	confirm := must[[]byte](t)(a.Confirm(erika, k.clock.now()))
	receipts := make([][]byte, 20)
	for i := range receipts {
		wg.Go(func() { receipts[i] = k.say(confirm) })
	}
	wg.Wait()
	k.reopen()
	k.clock.add(time.Hour)
	receipts = append(receipts, k.say(confirm))
	for _, r := range receipts {
		if !bytes.Equal(r, receipts[0]) || RefusalIn(r) != nil {
			t.Fatal("another receipt")
		}
	}
	if !bytes.Equal(k.say(request), offer) {
		t.Error("another offer after the restart")
	}
	if _, err := a.Receipt(receipts[0], k.clock.now()); err != nil {
		t.Error(err)
	}
	if n := len(must[[]Booking](t)(k.ledger.Bookings())); n != 1 {
		t.Errorf("%d bookings", n)
	}
	// The same key asks for something else.
	b := k.attempt(0) // the second appointment: the first is booked
	b.d.Seed, b.key = a.d.Seed, a.key
	if err := k.ask(b); !errors.Is(err, ErrReused) {
		t.Errorf("%v", err)
	}
}

// Case 26 and 27: one answer for unknown, expired, cancelled and used up; delays that grow; a dead reference.
// Case 30 and the limits of a source.
// Holds that lapse count also when nobody sweeps in between.
// Should memory and disk ever differ, the disk decides, at the hold and at the confirm.
func TestTheDiskDecides(t *testing.T) {
	k := newKit(t)
	ids := k.offer(2)
	set := func(id AppointmentID, s Status) {
		t.Helper()
		i := &item{id: id, record: k.ledger.items[id].record}
		i.record.Status = s
		if err := k.ledger.writeItems(t.Context(), []*item{i}); err != nil {
			t.Fatal(err)
		}
	}
	set(ids[0], SlotBooked)
	if err := k.ask(k.attempt(0)); !errors.Is(err, ErrTaken) {
		t.Errorf("a hold on what is booked: %v", err)
	}
	a := k.attempt(1)
	if err := k.ask(a); err != nil {
		t.Fatal(err)
	}
	set(ids[1], SlotBooked)
	if _, err := a.Receipt(k.say(must[[]byte](t)(a.Confirm(erika, noon))), noon); !errors.Is(err, ErrExpired) || a.State() != Expired {
		t.Errorf("a confirm of what is booked: %v %v", err, a.State())
	}
	if n := k.count(bucketBookings); n != 0 {
		t.Errorf("%d bookings", n)
	}
}
