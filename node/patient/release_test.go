package patient

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pieks/node/booking"
	"pieks/node/control"
	"pieks/node/home/testnet"
)

func erika(offer string) control.BookRequest {
	return control.BookRequest{Booking: offer, Name: "Erika Kanarie", BirthDate: "1950-03-01"}
}

// What is given back is free for others at once, stays given back, and the practice hears no name.
func TestGiveBack(t *testing.T) {
	n, p, _, _ := world(t, 1)
	e, o := p.offered(0)
	taken, err := n.request(t.Context(), control.RequestRequest{Tokens: []string{p.token(0)}})
	if err != nil || taken.State != "taken" {
		t.Fatalf("held, and yet %+v %v", taken, err)
	}
	for range 2 {
		b, err := n.cancelBooking(t.Context(), control.CancelRequest{Booking: o.Booking})
		if err != nil || b.State != "cancelled" || b.Why != control.WhyReleased || b.Leaving {
			t.Errorf("%+v %v", b, err)
		}
	}
	if b, err := n.book(t.Context(), erika(o.Booking)); err != nil || b.State != "cancelled" || b.Patient != nil {
		t.Errorf("booked after all: %+v %v", b, err)
	}
	p.offered(0) // free again
	if e.state() != booking.Cancelled || len(p.bookings()) != 0 {
		t.Error("it came back")
	}
}

// What waits for a practice that is away is given up here; an offer that comes by mail later is declined, and the appointment is free again.
func TestGiveUpWaiting(t *testing.T) {
	n, p, _, _ := world(t, 1)
	e, err := n.bookings.begin(t.Context(), []string{p.token(0)}, "")
	if err != nil {
		t.Fatal(err)
	}
	talk, err := booking.Dial(t.Context(), n.host, p.hosts[0].ID()) // the request goes its way
	if err != nil {
		t.Fatal(err)
	}
	request, err := e.attempt.Request()
	if err != nil {
		t.Fatal(err)
	}
	offer, err := talk.Ask(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	_ = talk.Close()
	if b, err := n.cancelBooking(t.Context(), control.CancelRequest{Booking: e.attempt.ID().String()}); err != nil || b.State != "cancelled" {
		t.Fatalf("%+v %v", b, err)
	}
	p.mail(e, offer)
	if s := shownNow(t, n, e); s.State != "cancelled" || s.Why != control.WhyReleased {
		t.Errorf("%+v", s)
	}
	p.offered(0)
}

// Whoever typed longer than the hold lasted is told so, and the practice hears no name: whether it held on to it by its own clock, or cannot be asked.
func TestTypedTooLong(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration
		away  bool
	}{
		"within the skew of clocks":           {11 * time.Minute, false},
		"within the skew, and nobody answers": {11 * time.Minute, true},
		"long over":                           {25 * time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, p, _, clock := world(t, 1)
			e, o := p.offered(0)
			if c.away {
				p.away()
			}
			clock.Advance(c.after)
			b, err := n.book(t.Context(), erika(o.Booking))
			if err != nil || b.State != "expired" || b.Why != control.WhyExpired || !strings.Contains(b.Message, "search again") {
				t.Errorf("%+v %v", b, err)
			}
			if len(p.bookings()) != 0 || e.mailed() != 0 {
				t.Error("something was sent")
			}
			e.mu.Lock()
			_, err = e.attempt.Order(booking.ActionStatus, clock.Now()) // which only follows a confirm
			e.mu.Unlock()
			if !errors.Is(err, booking.ErrStep) {
				t.Errorf("a confirm with who it is for has left: %v", err)
			}
		})
	}
}

// A practice whose clock is behind holds it still: then it is booked, though this node's clock says that the hold is over.
func TestHoldByThePracticesClock(t *testing.T) {
	clock, behind := &testnet.Clock{}, &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := startNode(t, net, net.File, clock)
	p := newPraxis(t, n, net, behind, 1)
	_, o := p.offered(0)
	clock.Advance(net.Bundle.Rules.Hold + time.Minute)
	b, err := n.book(t.Context(), erika(o.Booking))
	if err != nil || b.State != "booked" || len(p.bookings()) != 1 {
		t.Errorf("%+v %v", b, err)
	}
}
