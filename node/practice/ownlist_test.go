package practice

import (
	"testing"
	"time"

	"pieks/gossip"
	"pieks/node/booking"
	"pieks/node/home/testnet"
	"pieks/node/network"
	"pieks/node/ownlist"
)

// ownSlots is how many appointments the practice's own list has.
func (n *Node) ownSlots(t testing.TB) int {
	t.Helper()
	slots, _, err := n.ledger.OwnList()
	if err != nil {
		t.Fatal(err)
	}
	return len(slots)
}

// Appointments that cannot be published are in the practice's own list once no relay was reached for longer than a cycle, not sooner.
func TestOwnListWithoutRelays(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := start(t, net, net.File, clock)
	if _, err := n.addSlots(t.Context(), aMorning(clock.Now().AddDate(0, 0, 3))); err != nil {
		t.Fatal(err)
	}
	testnet.Until(t, "the list has begun", func() bool { _, _, err := n.ledger.OwnList(); return err == nil })
	clock.Advance(9 * time.Minute)
	if err := n.step(t.Context()); err != nil || n.ownSlots(t) != 0 {
		t.Fatalf("%d appointments are listed before a cycle is over: %v", n.ownSlots(t), err)
	}
	clock.Advance(2 * time.Minute)
	n.wake()
	testnet.Until(t, "all are listed", func() bool { return n.ownSlots(t) == 6 })
	stop(t, n)
	n = start(t, net, "", clock)
	if got := n.ownSlots(t); got != 6 {
		t.Errorf("%d are listed after a restart", got)
	}
}

// While nothing may be offered requests for the list wait in the box, and are not answered on streams; orders are.
func TestOwnListReadOnly(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{Good: 26 * time.Hour})
	n := start(t, net, net.File, clock)
	poster, err := n.poster(t.Context())
	if err != nil || !poster.Test || poster.Details.Name != cologne.Name {
		t.Fatalf("%+v %v", poster, err)
	}
	code, err := ownlist.ParseCode(poster.QR)
	if err != nil || code.Device != [32]byte(n.identity.publicDevice()) || len(code.Hints) != 0 {
		t.Fatalf("%+v %v", code, err)
	}
	d := n.openedDesk()
	serves := func() bool {
		for _, p := range d.host.Mux().Protocols() {
			if p == booking.ID {
				return true
			}
		}
		return false
	}
	testnet.Until(t, "the desk takes requests", serves)
	list := booking.OwnList{Device: code.Device, Expires: clock.Now().Add(time.Hour), Slots: []booking.Listed{{
		Start: uint64(clock.Now().Unix()) + 3600, End: uint64(clock.Now().Unix()) + 4200, Vaccine: "comirnaty"}}}
	a, err := booking.NewOwnAttempt(list, []gossip.SlotID{{}}, nil, clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	request, err := a.Request()
	if err != nil {
		t.Fatal(err)
	}
	mailed, err := d.handleMail(t.Context(), request)
	if refused := booking.RefusalIn(mailed.Message); err != nil || refused == nil || refused.Reason != booking.ReasonTaken {
		t.Errorf("a request for what is not there: %v %v", refused, err)
	}
	clock.Advance(3 * time.Hour)
	n.wake()
	testnet.Until(t, "the desk takes no requests", func() bool { return !serves() })
	if mailed, err = d.handleMail(t.Context(), request); err != nil || mailed.RetryAt.IsZero() {
		t.Errorf("a request when the network file has expired: %+v %v", mailed, err)
	}
	renewed := net.Next(func(b *network.Bundle) {
		b.Issued, b.Expires = uint64(clock.Now().Unix()), uint64(clock.Now().Add(24*time.Hour).Unix())
	})
	stop(t, n)
	n = start(t, net, net.Sign(renewed), clock)
	d = n.openedDesk()
	testnet.Until(t, "the desk takes requests again", serves)
}
