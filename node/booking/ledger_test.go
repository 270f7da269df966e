package booking

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pieks/gossip"
)

func TestSlotsOfThePractice(t *testing.T) {
	k := newKit(t)
	ids := k.offer(4)
	state := func() (out []Status) {
		for _, a := range k.ledger.Appointments() {
			out = append(out, a.Status)
		}
		return out
	}
	ctx := t.Context()
	if err := k.ask(k.attempt(0)); err != nil {
		t.Fatal(err)
	}
	if got := must[[]AppointmentID](t)(k.ledger.Block(ctx, ids[:2])); !slices.Equal(got, ids[1:2]) {
		t.Errorf("blocked %v: a held appointment stays", got)
	}
	if got := must[[]AppointmentID](t)(k.ledger.Withdraw(ctx, ids[1:3])); len(got) != 2 {
		t.Errorf("withdrew %v", got)
	}
	if got := must[[]AppointmentID](t)(k.ledger.Unblock(ctx, ids)); len(got) != 0 {
		t.Errorf("unblocked %v", got)
	}
	want := []Status{SlotHeld, SlotWithdrawn, SlotWithdrawn, SlotOpen}
	if got := state(); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	k.reopen()
	if got := state(); !slices.Equal(got, want) {
		t.Errorf("after a restart: %v", got)
	}
	if slots := must[[]gossip.Slot](t)(k.ledger.Slots(k.epoch)); len(slots) != 2 {
		t.Errorf("the sheet shows %d slots, want the held and the open one", len(slots))
	}
	if _, err := k.ledger.Block(ctx, []AppointmentID{{1}}); !errors.Is(err, ErrNoAppointment) {
		t.Error(err)
	}
	blocked := k.attempt(1)
	must[[]AppointmentID](t)(k.ledger.Block(ctx, ids[3:]))
	if err := k.ask(blocked); !errors.Is(err, ErrTaken) {
		t.Errorf("a blocked slot: %v", err)
	}
	must[[]AppointmentID](t)(k.ledger.Unblock(ctx, ids[3:]))
	if err := k.ask(k.attempt(1)); err != nil {
		t.Errorf("unblocked: %v", err)
	}
	if k.changes == 0 {
		t.Error("nobody was told of the changes")
	}
}

func TestAddBounds(t *testing.T) {
	k := newKit(t)
	at := noon.Add(24 * time.Hour)
	good := Appointment{Start: at, End: at.Add(time.Minute), Vaccine: "v"}
	for name, c := range map[string]struct {
		change func(*Appointment)
		want   error
	}{
		"past":       {func(a *Appointment) { a.Start = noon.Add(-time.Hour) }, ErrPast},
		"now":        {func(a *Appointment) { a.Start = noon }, ErrPast},
		"ends first": {func(a *Appointment) { a.End = a.Start }, ErrBounds},
		"too long":   {func(a *Appointment) { a.End = a.Start.Add(9 * time.Hour) }, ErrBounds},
		"no vaccine": {func(a *Appointment) { a.Vaccine = "" }, ErrBounds},
	} {
		bad := good
		c.change(&bad)
		if _, err := k.ledger.Add(t.Context(), []Appointment{good, bad}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(k.ledger.Appointments()); n != 0 {
		t.Errorf("%d appointments of refused series", n)
	}
	if _, err := k.ledger.Add(t.Context(), slices.Repeat([]Appointment{good}, maxOpen)); err != nil {
		t.Fatal(err)
	}
	if _, err := k.ledger.Add(t.Context(), []Appointment{good}); !errors.Is(err, ErrTooMany) {
		t.Errorf("the 201st: %v", err)
	}
	if n := k.ledger.OpenCount(); n != maxOpen {
		t.Errorf("%d open", n)
	}
}

func TestEpochsShareNoSlotIDs(t *testing.T) {
	k := newKit(t)
	k.offer(3)
	old := k.attempt(0)
	first := must[[]gossip.Slot](t)(k.ledger.Slots(k.epoch))
	p := k.p
	k.begin(8, seeded("P8"))
	k.publish(noon.Add(-time.Hour))
	for _, s := range must[[]gossip.Slot](t)(k.ledger.Slots(8)) {
		if slices.ContainsFunc(first, func(f gossip.Slot) bool { return f.ID == s.ID }) {
			t.Error("a slot id came back in the next epoch")
		}
	}
	// The old epoch's front still answers while it lives, and both see one ledger.
	fresh := k.attempt(0)
	if err := k.book(fresh); err != nil {
		t.Fatal(err)
	}
	k.begin(7, p)
	if err := k.ask(old); !errors.Is(err, ErrTaken) {
		t.Errorf("the same appointment through the old epoch: %v", err)
	}
	if err := k.ledger.BeginEpoch(t.Context(), 7, [32]byte{1}); !errors.Is(err, ErrEpoch) {
		t.Errorf("another pseudonym in the same epoch: %v", err)
	}
	if got := k.ledger.Epochs(); !slices.Equal(got, []uint64{7, 8}) {
		t.Errorf("%v", got)
	}
}

// Rotation while a booking is under way loses none; afterwards nothing ties the old tokens to anything.
func TestEndOfAnEpoch(t *testing.T) {
	k := newKit(t)
	k.offer(3)
	done, under, late := k.attempt(0), k.attempt(1), k.attempt(2)
	if err := k.book(done); err != nil {
		t.Fatal(err)
	}
	if err := k.ask(under); err != nil {
		t.Fatal(err)
	}
	if err := k.ledger.EndEpoch(t.Context(), 7); !errors.Is(err, ErrHoldsLive) {
		t.Fatalf("an offer stands: %v", err)
	}
	if got := k.ledger.HoldsUntil(7); !got.Equal(noon.Add(k.rules.Hold)) {
		t.Errorf("holds until %v", got)
	}
	if _, err := under.Receipt(k.say(must[[]byte](t)(under.Confirm(erika, k.clock.now()))), k.clock.now()); err != nil {
		t.Fatal(err)
	}
	if err := k.store.Keys().Put(7, "front key of the role", []byte("secret")); err != nil {
		t.Fatal(err)
	}
	if err := k.ledger.EndEpoch(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	if err := k.ledger.EndEpoch(t.Context(), 7); err != nil {
		t.Errorf("a second time: %v", err)
	}
	if got := k.store.Keys().Epochs(); len(got) != 0 {
		t.Errorf("keys of %v are left", got)
	}
	if err := k.ask(late); !errors.Is(err, ErrTaken) {
		t.Errorf("a request to the ended epoch: %v", err)
	}
	if n := k.count(bucketHolds) + k.count(bucketVisible); n != 0 {
		t.Errorf("%d records of the epoch are left", n)
	}
	if _, err := k.ledger.Slots(7); !errors.Is(err, ErrEpoch) {
		t.Error(err)
	}
	// Bookings and their codes live on.
	for _, a := range []*Attempt{done, under} {
		order := must[[]byte](t)(a.Order(ActionStatus, k.clock.now()))
		if _, err := a.Receipt(must[[]byte](t)(k.desk.Handle(t.Context(), Origin{}, order)), k.clock.now()); err != nil || a.State() != Booked {
			t.Errorf("%v %v", err, a.State())
		}
		if _, err := k.ledger.Verify(t.Context(), a.Visits()[0].Code.QR()); err != nil {
			t.Error(err)
		}
	}
}

// A crash between the deletion of an epoch's records and of its keys, and the other way round.
func TestEpochEndedHalfway(t *testing.T) {
	k := newKit(t)
	k.offer(1)
	if err := k.ask(k.attempt(0)); err != nil {
		t.Fatal(err)
	}
	if err := k.store.Keys().Erase(7); err != nil {
		t.Fatal(err)
	}
	k.reopen()
	if n := k.count(bucketHolds); n != 0 {
		t.Errorf("%d holds without their epoch are left", n)
	}
	k.publish(noon.Add(-time.Hour))
	if err := k.book(k.attempt(0)); err != nil {
		t.Errorf("the slot is not free: %v", err)
	}
}

func TestSweepForgets(t *testing.T) {
	k := newKit(t)
	k.offer(2)
	if err := k.ask(k.attempt(0)); err != nil {
		t.Fatal(err)
	}
	if err := k.book(k.attempt(1)); err != nil {
		t.Fatal(err)
	}
	sweep := func() {
		t.Helper()
		if err := k.ledger.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		must[int](t)(k.store.Sweep(t.Context(), k.clock.now()))
	}
	k.clock.add(k.rules.Hold + holdGrace)
	sweep()
	if n := k.count(bucketHolds); n != 2 {
		t.Errorf("%d holds within the grace", n)
	}
	k.clock.add(time.Second)
	sweep()
	if n := k.count(bucketHolds); n != 1 {
		t.Errorf("%d holds, want the booked one", n)
	}
	k.clock.add(29 * 24 * time.Hour)
	sweep()
	if k.count(bucketBookings) != 1 || len(k.ledger.Appointments()) != 2 {
		t.Error("a booking or its appointment went too early")
	}
	k.clock.add(4 * 24 * time.Hour)
	sweep()
	for _, b := range []struct {
		name string
		n    int
	}{{"bookings", k.count(bucketBookings)}, {"keys", k.count(bucketKeys)}, {"codes", k.count(bucketCodes)}, {"appointments", k.count(bucketAppointments)}, {"in memory", len(k.ledger.Appointments())}} {
		if b.n != 0 {
			t.Errorf("%d %s are left", b.n, b.name)
		}
	}
}

// The practice blocks while a patient asks: whoever got an offer can book it, and what is blocked was not offered.
func TestBlockAgainstHold(t *testing.T) {
	k := newKit(t)
	ids := k.offer(150)
	for n := range ids {
		a := k.attempt(n) // none is booked before the end, so the n-th slot stays the n-th
		done := make(chan error)
		go func() {
			_, err := k.ledger.Block(t.Context(), ids[n:n+1])
			done <- err
		}()
		offered := k.ask(a)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if blocked := k.ledger.Appointments()[n].Status == SlotBlocked; blocked == (offered == nil) {
			t.Fatalf("slot %d: blocked %v, offer %v", n, blocked, offered)
		} else if blocked {
			must[[]AppointmentID](t)(k.ledger.Unblock(t.Context(), ids[n:n+1]))
		}
	}
}
