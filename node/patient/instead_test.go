package patient

import (
	"testing"
	"time"

	"pieks/node/booking"
	"pieks/node/control"
	"pieks/node/home/testnet"
)

func instead(p *praxis, i int, id string) control.BookRequest {
	return control.BookRequest{Tokens: []string{p.token(i)}, Instead: id, Name: "Anna Probe", BirthDate: "1950-03-01"}
}

// The old booking goes once the new one is booked, and not while it is only offered.
func TestInstead(t *testing.T) {
	n, p, _, _ := world(t, 2)
	old, b := p.booked(0)
	o, err := n.request(t.Context(), control.RequestRequest{Tokens: []string{p.token(1)}, Instead: b.ID})
	if err != nil || o.State != "offered" {
		t.Fatalf("%+v %v", o, err)
	}
	if s := shownNow(t, n, old); s.State != "booked" || s.Leaving {
		t.Fatalf("gone with the offer: %+v", s)
	}
	fresh, err := n.book(t.Context(), control.BookRequest{Booking: o.Booking, Name: "Anna Probe", BirthDate: "1950-03-01"})
	if err != nil || fresh.State != "booked" || fresh.Instead != b.ID {
		t.Fatalf("%+v %v", fresh, err)
	}
	testnet.Until(t, "the old one is cancelled", func() bool { return old.state() == booking.Cancelled })
	states := map[booking.State]int{}
	for _, b := range p.bookings() {
		states[b.State]++
	}
	if states[booking.Booked] != 1 || states[booking.Cancelled] != 1 {
		t.Errorf("at the practice %v", states)
	}
	for name, id := range map[string]string{"cancelled": b.ID, "unknown": "00000000000000000000000000000000"} {
		if _, err := n.book(t.Context(), instead(p, 0, id)); err == nil {
			t.Errorf("%s: exchanged", name)
		}
	}
}

// When the new one comes to nothing the old one stands.
func TestInsteadOfNothing(t *testing.T) {
	t.Parallel()
	n, p, net, clock := world(t, 2)
	old, b := p.booked(0)
	o, err := n.request(t.Context(), control.RequestRequest{Tokens: []string{p.token(1)}, Instead: b.ID})
	if err != nil {
		t.Fatal(err)
	}
	e, _ := n.find(o.Booking)
	for _, cancelled := range []bool{false, true} { // its user went back while the confirmation was on its way
		mere := &entry{attempt: old.attempt, rec: record{Instead: e.rec.Instead, Cancel: cancelled}}
		if mere.replaces() == cancelled {
			t.Errorf("cancelled %t, and the old one goes: %t", cancelled, !cancelled)
		}
	}
	if _, err := n.cancelBooking(t.Context(), control.CancelRequest{Booking: o.Booking}); err != nil {
		t.Fatal(err)
	}
	other := newPraxis(t, n, net, clock, 1)
	other.away()
	pending, err := n.request(shortly(t), control.RequestRequest{Tokens: []string{other.token(0)}, Instead: b.ID})
	if err != nil || pending.State != "pending" {
		t.Fatalf("%+v %v", pending, err)
	}
	clock.Advance(13 * time.Hour)
	e, _ = n.find(pending.Booking)
	testnet.Until(t, "the wait ends", func() bool { n.bookings.wake(); return e.state() == booking.Expired })
	if s := shownNow(t, n, old); s.State != "booked" || s.Leaving || len(p.bookings()) != 1 {
		t.Errorf("%+v", s)
	}
}

// The new practice has booked, the old one cannot be told for a while, and the node is started anew in between: at last the old one goes.
func TestInsteadOverARestart(t *testing.T) {
	t.Parallel()
	n, p, net, clock := world(t, 1)
	old, b := p.booked(0)
	p.away()
	other := newPraxis(t, n, net, clock, 1)
	fresh, err := n.book(t.Context(), instead(other, 0, b.ID))
	if err != nil || fresh.State != "booked" {
		t.Fatalf("%+v %v", fresh, err)
	}
	testnet.Until(t, "the old one is to go", func() bool { return shownNow(t, n, old).Leaving })
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	n = startNode(t, net, "", clock)
	old, _ = n.bookings.get(old.attempt.ID())
	if !shownNow(t, n, old).Leaving {
		t.Error("forgotten by the restart")
	}
	p.known(n)
	other.known(n)
	testnet.Until(t, "the old one is cancelled", func() bool { n.bookings.wake(); return old.state() == booking.Cancelled })
	if all := p.bookings(); len(all) != 1 || all[0].State != booking.Cancelled {
		t.Errorf("at the old practice %+v", all)
	}
	if all := other.bookings(); len(all) != 1 || all[0].State != booking.Booked {
		t.Errorf("at the new practice %+v", all)
	}
}

// A crash between the booking of the new one and the order to the old one is made good by the next round.
func TestInsteadAfterACrash(t *testing.T) {
	n, p, net, clock := world(t, 2)
	old, b := p.booked(0)
	e, fresh := p.booked(1)
	e.mu.Lock()
	e.rec.Instead = b.ID // as begin leaves it
	err := n.bookings.save(t.Context(), e)
	e.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	n = startNode(t, net, "", clock)
	p.known(n)
	old, _ = n.bookings.get(old.attempt.ID())
	testnet.Until(t, "the old one is cancelled", func() bool { return old.state() == booking.Cancelled })
	if e, err := n.find(fresh.ID); err != nil || e.state() != booking.Booked {
		t.Errorf("the new one: %v", err)
	}
}
