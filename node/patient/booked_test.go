package patient

import (
	"testing"
	"time"

	"pieks/node/booking"
	"pieks/node/control"
	"pieks/node/home/testnet"
)

// world is a patient's node and a practice with some appointments.
func world(t *testing.T, count int) (*Node, *praxis, *testnet.Net, *testnet.Clock) {
	t.Helper()
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := startNode(t, net, net.File, clock)
	return n, newPraxis(t, n, net, clock, count), net, clock
}

func shownNow(t *testing.T, n *Node, e *entry) control.Booking {
	t.Helper()
	list, err := n.listBookings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range list {
		if b.ID == e.attempt.ID().String() {
			return b
		}
	}
	t.Fatal("not in the list")
	return control.Booking{}
}

// A booking says for whom it is, since when, and where; nothing to explain, no why.
func TestABookingAsItsUserSeesIt(t *testing.T) {
	n, p, _, clock := world(t, 1)
	e, b := p.booked(0)
	if b.Why != "" || b.Reason != "" || b.Mailed || b.Leaving || !b.Moved.IsZero() || b.Instead != "" {
		t.Errorf("%+v", b)
	}
	want := control.Patient{Name: "Anna Probe", BirthDate: "1950-03-01"}
	if b.Patient == nil || *b.Patient != want || b.Practice == nil || b.Practice.Name != "Praxis Dr. Beispiel" {
		t.Errorf("%+v %+v", b.Patient, b.Practice)
	}
	if since := clock.Now().Sub(b.Created); since < 0 || since > time.Minute {
		t.Errorf("created %s", b.Created)
	}
	again, err := n.cancelBooking(t.Context(), control.CancelRequest{Booking: b.ID})
	if err != nil || again.State != "cancelled" || again.Why != "" || again.Leaving {
		t.Errorf("%+v %v", again, err)
	}
	if e.rec.Cancel || !e.rec.Left {
		t.Errorf("%+v", e.rec)
	}
}

// The practice moves a visit, cancels, and takes that back within the time of an undo: each notice is taken, also after a restart, and codes stay.
func TestNoticesOfAPractice(t *testing.T) {
	n, p, net, clock := world(t, 1)
	e, b := p.booked(0)
	code := b.Visits[0].Digits
	later := b.Visits[0].Start.Add(26 * time.Hour)
	p.notice(e, func(r *booking.Receipt) {
		r.Visits[0].Start, r.Visits[0].End = uint64(later.Unix()), uint64(later.Add(10*time.Minute).Unix())
	})
	b = shownNow(t, n, e)
	if b.State != "booked" || !b.Visits[0].Start.Equal(later) || b.Visits[0].Digits != code || b.Moved.IsZero() || b.Why != "" {
		t.Errorf("moved: %+v", b)
	}
	if b.Visits[0].Before.IsZero() || b.Visits[0].Before.Equal(later) || b.Licence == "" {
		t.Errorf("moved from %v, licence %q", b.Visits[0].Before, b.Licence)
	}
	moved := b.Moved
	clock.Advance(time.Minute)
	p.notice(e, func(r *booking.Receipt) {
		r.State, r.Visits[0].State, r.Reason = booking.Cancelled, booking.Cancelled, "Der Impfstoff ist nicht gekommen."
	})
	b = shownNow(t, n, e)
	if b.State != "cancelled" || b.Why != control.WhyCancelledByPractice || b.Reason != "Der Impfstoff ist nicht gekommen." || b.Moved != moved {
		t.Errorf("cancelled: %+v", b)
	}
	if len(n.bookings.letterboxes()) != 1 {
		t.Error("nobody listens whether it is taken back")
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	n = startNode(t, net, "", clock)
	p.known(n)
	e, _ = n.bookings.get(e.attempt.ID())
	if len(n.bookings.letterboxes()) != 1 {
		t.Error("nobody listens after the restart")
	}
	clock.Advance(9 * time.Minute)
	p.notice(e, func(r *booking.Receipt) { r.State, r.Visits[0].State, r.Reason = booking.Booked, booking.Booked, "" })
	b = shownNow(t, n, e)
	if b.State != "booked" || b.Why != "" || b.Reason != "" || b.Message != "Booked." || b.Visits[0].State != "booked" || b.Visits[0].Digits != code {
		t.Errorf("taken back: %+v", b)
	}
	kept, err := loadEntries(n.home.Store)
	if err != nil || kept[e.attempt.ID()].state() != booking.Booked {
		t.Errorf("on disk: %v", err)
	}
	p.notice(e, func(r *booking.Receipt) { r.State, r.Visits[0].State = booking.Cancelled, booking.Cancelled })
	clock.Advance(listenAfter)
	if len(n.bookings.letterboxes()) != 0 {
		t.Error("the mailbox is watched for ever")
	}
}

// What its user cancelled stays so, though the practice takes a cancellation of its own back that crossed it.
func TestCrossingCancellations(t *testing.T) {
	n, p, _, _ := world(t, 1)
	e, _ := p.booked(0)
	if err := n.bookings.leave(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	p.notice(e, func(r *booking.Receipt) { r.State, r.Visits[0].State = booking.Cancelled, booking.Cancelled })
	if b := shownNow(t, n, e); b.State != "cancelled" || b.Leaving {
		t.Errorf("%+v", b)
	}
	p.notice(e, func(r *booking.Receipt) { r.State, r.Visits[0].State = booking.Booked, booking.Booked })
	e.mu.Lock()
	cancel := e.rec.Cancel
	e.mu.Unlock()
	if !cancel && e.state() == booking.Booked {
		t.Error("the practice brought it back")
	}
}

// A letter that anybody could have written changes nothing of what is over.
func TestJunkAfterTheEnd(t *testing.T) {
	n, p, _, _ := world(t, 1)
	e, _ := p.booked(0)
	p.notice(e, func(r *booking.Receipt) { r.State, r.Visits[0].State = booking.Cancelled, booking.Cancelled })
	before := shownNow(t, n, e)
	p.mail(e, []byte("junk"))
	p.mail(e, booking.Refuse(booking.ReasonTaken, time.Time{}))
	if after := shownNow(t, n, e); after.State != before.State || after.Why != before.Why || after.Message != before.Message {
		t.Errorf("%+v became %+v", before, after)
	}
}

// Each refusal has its code.
func TestWhy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{booking.ErrTaken, control.WhyTaken}, {&booking.RefusedError{Reason: booking.ReasonExpired}, control.WhyExpired},
		{&booking.RefusedError{Reason: booking.ReasonLimit}, control.WhyLimit}, {booking.ErrArea, control.WhyArea}, {booking.ErrOffer, control.WhyForged},
		{booking.ErrLicence, control.WhyLicence}, {booking.ErrVersion, control.WhyRefused}, {nil, control.WhyRefused},
	} {
		if got := whyOf(c.err); got != c.want {
			t.Errorf("%v: %s", c.err, got)
		}
	}
	n, p, net, clock := world(t, 2)
	first, _ := p.offered(0)
	o, err := n.request(t.Context(), control.RequestRequest{Tokens: []string{p.token(0)}})
	if err != nil || o.State != "taken" || o.Why != control.WhyTaken || o.Message == "" {
		t.Errorf("taken: %+v %v", o, err)
	}
	p.away()
	o, err = n.request(shortly(t), control.RequestRequest{Tokens: []string{p.token(1)}})
	if err != nil || o.State != "pending" || o.Why != control.WhyUnreached {
		t.Errorf("away: %+v %v", o, err)
	}
	if b := shownNow(t, n, first); b.State != "offered" || b.Why != "" {
		t.Errorf("%+v", b)
	}
	clock.Advance(time.Until(time.Unix(int64(net.Bundle.Expires), 0)) + time.Hour)
	if b := shownNow(t, n, first); b.State == "offered" && b.Why != control.WhyNetwork {
		t.Errorf("%+v", b)
	}
}
