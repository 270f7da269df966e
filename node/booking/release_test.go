package booking

import (
	"errors"
	"testing"
)

// A hold that is given back is free for the next one at once, costs its source nothing, and cannot be booked any more.
func TestRelease(t *testing.T) {
	k := newKit(t)
	k.offer(1)
	a := k.attempt(0)
	if _, err := a.ReleaseShown(); !errors.Is(err, ErrStep) {
		t.Errorf("before it was given up: %v", err)
	}
	if err := k.ask(a); err != nil {
		t.Fatal(err)
	}
	offer := k.say(must[[]byte](t)(a.Request()))
	other := k.attempt(0)
	if err := k.ask(other); !errors.Is(err, ErrTaken) {
		t.Fatalf("held, and another one gets %v", err)
	}
	if !a.GiveUp() || a.State() != Cancelled || a.GiveUp() {
		t.Fatalf("%s", a.State())
	}
	shown := must[[]byte](t)(a.ReleaseShown())
	again := must[[]byte](t)(a.Release(offer))
	for range 2 {
		if refused := RefusalIn(k.say(shown)); refused == nil {
			t.Error("a release was answered as a booking")
		}
		shown = again
	}
	if _, err := a.Request(); !errors.Is(err, ErrStep) {
		t.Errorf("it can still be asked for: %v", err)
	}
	if _, err := a.Confirm(erika, k.clock.now()); !errors.Is(err, ErrStep) {
		t.Errorf("it can still be confirmed: %v", err)
	}
	late := k.attempt(0)
	if err := k.book(late); err != nil {
		t.Errorf("not free again: %v", err)
	}
	if late.GiveUp() || late.Lapse() || late.Refuse() || late.State() != Booked {
		t.Error("a booking was given up")
	}
	k.reopen()
	all, err := k.ledger.Bookings()
	if err != nil || len(all) != 1 || all[0].Key != late.Key() {
		t.Errorf("%+v %v", all, err)
	}
}

// Only what is under way lapses or is refused here.
func TestEndsOfAnAttempt(t *testing.T) {
	k := newKit(t)
	k.offer(2)
	pending, offered := k.attempt(0), k.attempt(1)
	if err := k.ask(offered); err != nil {
		t.Fatal(err)
	}
	if pending.Lapse() || !pending.Refuse() || pending.State() != Refused {
		t.Errorf("pending: %s", pending.State())
	}
	if offered.Refuse() || !offered.Lapse() || offered.State() != Expired || !errors.Is(offered.Err(), ErrExpired) {
		t.Errorf("offered: %s", offered.State())
	}
	for _, a := range []*Attempt{pending, offered} {
		read, err := UnmarshalAttempt(must[[]byte](t)(a.Marshal()))
		if err != nil || read.State() != a.State() {
			t.Errorf("%s: %v", a.State(), err)
		}
	}
}
