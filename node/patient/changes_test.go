package patient

import (
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/node/booking"
	"pieks/node/home/testnet"
)

// woken wants that what is done wakes those who asked before.
func woken(t testing.TB, n *Node, what string, do func()) {
	t.Helper()
	next := n.Changes().Next()
	do()
	select {
	case <-next:
	case <-time.After(testnet.Within):
		t.Errorf("%s: nobody was told", what)
	}
}

// wokenAtOnce is woken for what is told before it returns.
func wokenAtOnce(t testing.TB, n *Node, what string, do func()) {
	t.Helper()
	next := n.Changes().Next()
	do()
	select {
	case <-next:
	default:
		t.Errorf("%s: nobody was told", what)
	}
}

// Who shows a node is told of what looks different, and not of what was written down once more without a change.
func TestChanges(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := startNode(t, net, net.File, clock)
	if n.Home().Store == nil || n.Home() != n.home {
		t.Error("not the home")
	}
	var token string
	woken(t, n, "a new appointment", func() { token = listed(t, n, net, clock) })
	var e *entry
	wokenAtOnce(t, n, "a booking that begins", func() {
		var err error
		if e, err = n.bookings.begin(t.Context(), []string{token}, ""); err != nil {
			t.Fatal(err)
		}
	})
	wokenAtOnce(t, n, "whom it is for", func() {
		if err := n.consent(t.Context(), e, booking.Patient{Name: "Anna Probe", BirthDate: "1950-03-01"}); err != nil {
			t.Fatal(err)
		}
	})
	wokenAtOnce(t, n, "another postcode", func() {
		if err := n.change(t.Context(), func(p *preferences) { p.Next = "80331" }); err != nil {
			t.Fatal(err)
		}
	})
	wokenAtOnce(t, n, "a relay", func() { n.setRelay(&peer.AddrInfo{}) })
	wokenAtOnce(t, n, "a relay that is lost", func() { n.setRelay(nil) })
	woken(t, n, "the end of what was listed", func() { clock.Advance(13 * time.Hour) })
	testnet.Until(t, "the attempt ends", func() bool { n.bookings.wake(); return e.state() == booking.Expired })
	next := n.Changes().Next()
	e.mu.Lock()
	err := n.bookings.save(t.Context(), e)
	e.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-next:
		t.Error("told of nothing new")
	default:
	}
}
