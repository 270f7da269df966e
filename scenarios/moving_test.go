package scenarios

import (
	"strings"
	"testing"
	"time"

	"pieks/gossip"
	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/node/network"
	"pieks/node/patient"
	"pieks/node/practice"
	"pieks/node/relay"
	"pieks/store"
)

// town is a relay, a practice in Cologne and a patient there, in this process and by a clock that the test moves.
type town struct {
	*testnet.Net
	t     *testing.T
	clock *testnet.Clock
	nodes map[string]interface{ Close() error }
}

func newTown(t *testing.T, good time.Duration) *town {
	t.Helper()
	rules := gossip.DefaultRules()
	rules.Cycle = time.Second
	w := &town{testnet.New(t, testnet.Config{Good: good, Rules: rules}), t, &testnet.Clock{}, map[string]interface{ Close() error }{}}
	if err := relay.Prepare(t.Context(), w.Home("relay"), w.Relays[0], store.KeyFile()); err != nil {
		t.Fatal(err)
	}
	w.start("relay", w.File)
	w.start("practice", w.File)
	w.start("patient", w.File)
	return w
}

func (w *town) start(name, file string) {
	w.t.Helper()
	var err error
	var node interface{ Close() error }
	switch name {
	case "relay":
		node, err = relay.Start(w.t.Context(), relay.Config{Home: w.Home(name), Network: file, Secret: store.KeyFile(), Now: w.clock.Now, Log: logger()})
	case "practice":
		node, err = practice.Start(w.t.Context(), practice.Config{
			Home: w.Home(name), Network: file, Secret: store.KeyFile(), Now: w.clock.Now, Listen: loopback, Log: logger(),
			Details: practice.Details{Name: "Praxis Dr. Beispiel", Street: "Domstr. 1", PLZ: "50667"},
		})
	default:
		cfg := patient.Config{Home: w.Home(name), Network: file, Secret: store.KeyFile(), Now: w.clock.Now, Log: logger()}
		if file != "" {
			cfg.PLZ = "50670"
		}
		node, err = patient.Start(w.t.Context(), cfg)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.nodes[name] = node
	w.t.Cleanup(func() { _ = node.Close() })
}

func (w *town) stop(name string) {
	w.t.Helper()
	if err := w.nodes[name].Close(); err != nil {
		w.t.Error(err)
	}
}

func (w *town) call(name, method string, in, out any) error {
	w.t.Helper()
	client, err := control.Dial(w.Home(name))
	if err != nil {
		w.t.Fatal(err)
	}
	return client.Call(w.t.Context(), method, in, out)
}

func (w *town) must(name, method string, in, out any) {
	w.t.Helper()
	if err := w.call(name, method, in, out); err != nil {
		w.t.Fatalf("%s %s: %v", name, method, err)
	}
}

func (w *town) offer(from, to string) error {
	day := w.clock.Now().AddDate(0, 0, 5).Format(time.DateOnly)
	return w.call("practice", control.MethodSlotsAdd, control.SlotsAdd{Day: day, From: from, To: to, Every: "10m", Vaccine: "comirnaty"}, nil)
}

// tokens are what the patient sees within 20 km.
func (w *town) tokens() (list []control.Token) {
	w.must("patient", control.MethodSearch, control.SearchRequest{RadiusKM: 20}, &list)
	return list
}

func anna() control.BookRequest {
	return control.BookRequest{Name: "Anna Probe", BirthDate: "1950-03-01"}
}

// bookedTown is a town whose practice offers six appointments, of which the patient has booked the first.
func bookedTown(t *testing.T, good time.Duration) (*town, control.Booking) {
	t.Helper()
	w := newTown(t, good)
	if err := w.offer("09:00", "10:00"); err != nil {
		t.Fatal(err)
	}
	testnet.Until(t, "six appointments are seen", func() bool { return len(w.tokens()) == 6 })
	in := anna()
	in.Tokens = []string{w.tokens()[0].ID}
	var booked control.Booking
	w.must("patient", control.MethodBook, in, &booked)
	if booked.State != "booked" {
		t.Fatalf("%+v", booked)
	}
	return w, booked
}

// TestExpiredNetworkIsReadOnly: once the network file has expired nothing new is offered, asked for or booked at any node, also after restarts, and each
// says so; what was booked stays listed and can be verified and cancelled. A newer file, given to the relay alone, ends that for all.
func TestExpiredNetworkIsReadOnly(t *testing.T) {
	t.Parallel()
	w, booked := bookedTown(t, 26*time.Hour)
	var open control.Booking
	testnet.Until(t, "five are left", func() bool { return len(w.tokens()) == 5 })
	var offer control.Offer
	w.must("patient", control.MethodRequest, control.RequestRequest{Tokens: []string{w.tokens()[0].ID}}, &offer)
	if offer.State != "offered" {
		t.Fatalf("%+v", offer)
	}
	w.clock.Advance(3 * time.Hour)
	for range 2 {
		w.readOnly(booked)
		confirm := anna()
		confirm.Booking = offer.Booking
		if err := w.call("patient", control.MethodBook, confirm, &open); err == nil && open.State == "booked" {
			t.Errorf("an offer was booked after the end: %+v", open)
		}
		for _, name := range []string{"patient", "practice"} { // the second time around after a restart
			w.stop(name)
			w.start(name, w.File)
		}
	}
	var result control.VerifyResult
	w.must("practice", control.MethodVerify, control.VerifyRequest{Code: booked.Visits[0].Digits}, &result)
	if !result.OK {
		t.Errorf("verify: %+v", result)
	}
	w.stop("relay")
	w.start("relay", w.Sign(w.Next(func(b *network.Bundle) {
		b.Issued, b.Expires = uint64(w.clock.Now().Unix()), uint64(w.clock.Now().Add(24*time.Hour).Unix())
	})))
	for _, name := range []string{"practice", "patient"} {
		testnet.Until(t, name+" has heard of the newer file", func() bool {
			var s control.Status
			w.must(name, control.MethodStatus, nil, &s)
			return s.ReadOnly == ""
		})
	}
	if err := w.offer("14:00", "15:00"); err != nil {
		t.Errorf("offer again: %v", err)
	}
	testnet.Until(t, "they are seen", func() bool { return len(w.tokens()) > 6 })
}

// readOnly checks that nothing new comes about and that what there is stays.
func (w *town) readOnly(booked control.Booking) {
	w.t.Helper()
	for name := range w.nodes {
		var s control.Status
		w.must(name, control.MethodStatus, nil, &s)
		if !strings.Contains(s.ReadOnly, "has expired; get a newer one") {
			w.t.Errorf("%s says %q", name, s.ReadOnly)
		}
	}
	if err := w.offer("11:00", "12:00"); err == nil || !strings.Contains(err.Error(), "has expired") {
		w.t.Errorf("appointments were added: %v", err)
	}
	if seen := w.tokens(); len(seen) > 0 {
		err := w.call("patient", control.MethodRequest, control.RequestRequest{Tokens: []string{seen[0].ID}}, nil)
		if err == nil || !strings.Contains(err.Error(), "has expired") {
			w.t.Errorf("requested: %v", err)
		}
	}
	for _, name := range []string{"patient", "practice"} {
		var all []control.Booking
		w.must(name, control.MethodBookings, nil, &all)
		found := 0
		for _, b := range all {
			if b.State == "booked" && b.Visits[0].Start.Equal(booked.Visits[0].Start) {
				found++
			} else if b.State == "booked" {
				w.t.Errorf("%s has a new booking: %+v", name, b)
			}
		}
		if found != 1 {
			w.t.Errorf("%s lists the booking %d times", name, found)
		}
	}
}

// TestMovingAway: a new postcode counts from a later cycle, also when the node is restarted in between, and not before; the one that was
// asked for last counts.
func TestMovingAway(t *testing.T) {
	t.Parallel()
	w := newTown(t, 48*time.Hour)
	if err := w.offer("09:00", "10:00"); err != nil {
		t.Fatal(err)
	}
	testnet.Until(t, "six appointments are seen", func() bool { return len(w.tokens()) == 6 })
	var first, second control.PLZResult
	w.must("patient", control.MethodPLZ, control.PLZRequest{PLZ: "10115"}, &first)
	w.must("patient", control.MethodPLZ, control.PLZRequest{PLZ: "80331"}, &second)
	if !first.Effective.After(w.clock.Now().Add(-2*time.Second)) || second.Effective.Before(first.Effective) {
		t.Errorf("in force at %s, then %s", first.Effective, second.Effective)
	}
	if plz := w.clock.Now(); plz.Before(second.Effective) && len(w.tokens()) == 0 {
		t.Error("in force before its cycle")
	}
	w.stop("patient")
	w.start("patient", "")
	testnet.Until(t, "nothing of Cologne is near any more", func() bool { return len(w.tokens()) == 0 })
	testnet.Until(t, "a relay is asked to move back", func() bool {
		return w.call("patient", control.MethodPLZ, control.PLZRequest{PLZ: "50670"}, &second) == nil
	})
	if !second.Effective.After(w.clock.Now()) {
		t.Errorf("a second move counts at once: %s", second.Effective)
	}
	testnet.Until(t, "back in Cologne all is seen", func() bool { return len(w.tokens()) == 6 })
}
