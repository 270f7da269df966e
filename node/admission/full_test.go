package admission

import (
	"errors"
	"testing"
	"time"

	"pieks/gossip"
	"pieks/node/host/hosttest"
)

// A relay whose volume is used up sends new patients to others. Those that are here stay, also when they connect again or change their
// region, and so do practices, new ones too.
func TestFullRelayTakesNoNewClients(t *testing.T) {
	r := newRelay(t, hosttest.Loopback, false)
	key := hosttest.Key(5)
	old := r.dial(t, key, hosttest.Loopback)
	if _, err := HelloClient(hosttest.Within(t), old, r.host.ID(), "506", nil); err != nil {
		t.Fatal(err)
	}
	r.set(func(r *testRelay) { r.full = true })
	newcomer := r.dial(t, nil, hosttest.Loopback)
	for range 2 {
		if _, err := HelloClient(hosttest.Within(t), newcomer, r.host.ID(), "506", nil); !errors.Is(err, ErrBusy) {
			t.Fatalf("a new client at a full relay: %v", err)
		}
	}
	if r.KindOf(newcomer.ID()) != Stranger || r.AllowedTopics(newcomer.ID())(gossip.CycleTopic("506")) {
		t.Error("who was refused is shown something")
	}
	_ = old.Close()
	r.clock.Advance(time.Hour)
	old = r.dial(t, key, hosttest.Loopback)
	for _, region := range []string{"506", "101"} {
		if _, err := HelloClient(hosttest.Within(t), old, r.host.ID(), region, nil); err != nil {
			t.Errorf("region %s for a client that was here before: %v", region, err)
		}
	}
	desk := hosttest.Key(6)
	if _, err := HelloDesk(hosttest.Within(t), r.dial(t, desk, hosttest.Loopback), r.host.ID(), testNet().enrolment(t, publicOf(desk))); err != nil {
		t.Errorf("a practice at a full relay: %v", err)
	}
	if c := r.Counts(); c.Full != 2 || c.Refused != 2 || c.Clients != 1 || c.Desks != 1 {
		t.Errorf("%+v", c)
	}
	r.set(func(r *testRelay) { r.full = false })
	if _, err := HelloClient(hosttest.Within(t), newcomer, r.host.ID(), "506", nil); err != nil {
		t.Errorf("in the next month: %v", err)
	}
}
