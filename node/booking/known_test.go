package booking

import (
	"context"
	"reflect"
	"testing"
	"time"

	"pieks/gossip/wire"
	"pieks/store"
)

// onDisk are the bookings as the store has them.
func (k *kit) onDisk() map[BookingID]bookingRecord {
	k.t.Helper()
	all := map[BookingID]bookingRecord{}
	err := k.store.View(func(tx *store.Tx) error {
		return tx.Each(bucketBookings, func(key, value []byte) error {
			var record bookingRecord
			err := wire.Unmarshal(value, &record)
			all[BookingID(key)] = record
			return err
		})
	})
	if err != nil {
		k.t.Fatal(err)
	}
	return all
}

// remembers says whether memory and disk agree about bookings and appointments.
func (k *kit) remembers() bool {
	k.t.Helper()
	if !reflect.DeepEqual(k.onDisk(), k.ledger.known.bookings) {
		return false
	}
	items := map[AppointmentID]appointmentRecord{}
	err := k.store.View(func(tx *store.Tx) error {
		return tx.Each(bucketAppointments, func(key, value []byte) error {
			var record appointmentRecord
			err := wire.Unmarshal(value, &record)
			items[AppointmentID(key)] = record
			return err
		})
	})
	if err != nil {
		k.t.Fatal(err)
	}
	if len(items) != len(k.ledger.items) {
		return false
	}
	for id, i := range k.ledger.items {
		if items[id] != i.record {
			return false
		}
	}
	return true
}

// A day shows who has which appointment, what patients can see of the others, and nothing that was withdrawn.
func TestBetween(t *testing.T) {
	k := newKit(t)
	ids := k.add(5)
	day := k.clock.now().AddDate(0, 0, 1)
	from := StartOfDay(day)
	see := func() map[AppointmentID]Occupied {
		m := map[AppointmentID]Occupied{}
		for _, o := range k.ledger.Between(from, from.AddDate(0, 0, 1)) {
			m[o.ID] = o
		}
		return m
	}
	if see()[ids[0]].Listed {
		t.Error("listed before a sheet had it")
	}
	k.publish(k.clock.now().Add(-2 * k.rules.Cycle))
	a := k.attempt(0, 1)
	if err := k.book(a); err != nil {
		t.Fatal(err)
	}
	must[[]AppointmentID](t)(k.ledger.Withdraw(t.Context(), ids[4:]))
	must[[]AppointmentID](t)(k.ledger.Block(t.Context(), ids[3:4]))
	got := see()
	r, _ := a.Receipted()
	for n := range 2 {
		if o := got[ids[n]]; o.Booking == nil || o.Booking.ID != r.Booking || o.Visit != n || o.Status != SlotBooked || o.Listed {
			t.Errorf("%d: %+v", n, o)
		}
	}
	if o := got[ids[2]]; o.Booking != nil || !o.Listed || o.Status != SlotOpen {
		t.Errorf("%+v", o)
	}
	if o := got[ids[3]]; o.Listed || o.Status != SlotBlocked {
		t.Errorf("%+v", o)
	}
	if len(got) != 4 || len(k.ledger.Between(from.AddDate(0, 0, 1), from.AddDate(0, 0, 2))) != 0 {
		t.Errorf("%d appointments", len(got))
	}
	if err := k.order(a, ActionCancel); err != nil {
		t.Fatal(err)
	}
	if o := see()[ids[0]]; o.Booking != nil || o.Status != SlotOpen || o.Listed {
		t.Errorf("cancelled: %+v", o)
	}
	if !k.remembers() {
		t.Error("memory and disk do not agree")
	}
	k.reopen()
	if !k.remembers() || len(see()) != 4 {
		t.Error("after a restart they do not agree")
	}
}

// A patient may cancel before the practice has taken its own booking into memory: the later state stays.
func TestFasterChange(t *testing.T) {
	k := newKit(t)
	id := BookingID{1}
	k.ledger.took(id, bookingRecord{Revision: 2})
	k.ledger.known.made(id, bookingRecord{Revision: 1})
	if got := k.ledger.known.bookings[id].Revision; got != 2 {
		t.Errorf("revision %d", got)
	}
}

// What is not kept any longer is not in memory either.
func TestForgottenBookings(t *testing.T) {
	k := newKit(t)
	k.offer(1)
	if err := k.book(k.attempt(0)); err != nil {
		t.Fatal(err)
	}
	k.clock.add(keepBookings + 48*time.Hour)
	if err := k.ledger.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := k.store.Sweep(context.Background(), k.clock.now()); err != nil {
		t.Fatal(err)
	}
	if len(k.ledger.known.bookings) != 0 || len(k.onDisk()) != 0 || k.count(bucketCodes) != 0 {
		t.Errorf("%d in memory, %d on disk, %d codes", len(k.ledger.known.bookings), len(k.onDisk()), k.count(bucketCodes))
	}
}
