package practice

import (
	"crypto/ed25519"
	"errors"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pieks/card"
	"pieks/gossip"
	"pieks/node/admission"
	"pieks/node/checkin/directory"
	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/node/host"
	"pieks/node/network"
	"pieks/store"
)

// When a listing is signed, taken back, or left.
func TestNextListing(t *testing.T) {
	_, key, _ := ed25519.GenerateKey(nil)
	at := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	d := directory.Draft{Enrolment: []byte("card"), Alias: "Am Dom", Hours: []directory.Hours{{Weekday: 1, From: 1, To: 2}}, Relays: []string{"a", "b"}}
	there := must(directory.Sign(key, 1, d, at))
	gone := must(directory.Withdraw(key, 2, at))
	with := func(change func(*directory.Draft)) directory.Draft {
		c := d
		change(&c)
		return c
	}
	for _, test := range []struct {
		name    string
		last    *directory.Listing
		stands  bool
		d       directory.Draft
		after   time.Duration
		settled bool
		want    nextStep
	}{
		{"nobody asked", nil, false, d, 0, true, leaveListing},
		{"asked for", nil, true, d, 0, false, signListing},
		{"asked for, at no relay", nil, true, with(func(d *directory.Draft) { d.Relays = nil }), 0, true, leaveListing},
		{"there", &there, true, d, time.Hour, true, leaveListing},
		{"no longer wanted", &there, false, d, time.Hour, true, withdrawListing},
		{"no longer wanted, and over", &there, false, d, directory.Life, true, leaveListing},
		{"gone", &gone, false, d, time.Hour, true, leaveListing},
		{"back", &gone, true, d, time.Hour, false, signListing},
		{"not yet old", &there, true, d, directory.RenewAfter - time.Second, true, leaveListing},
		{"old", &there, true, d, directory.RenewAfter, true, signListing},
		{"over", &there, true, d, directory.Life + time.Hour, true, signListing},
		{"clock was set back", &there, true, d, -time.Hour, true, signListing},
		{"another card", &there, true, with(func(d *directory.Draft) { d.Enrolment = []byte("new") }), 1, false, signListing},
		{"another name", &there, true, with(func(d *directory.Draft) { d.Alias = "" }), 1, false, signListing},
		{"other hours", &there, true, with(func(d *directory.Draft) { d.Hours = nil }), 1, false, signListing},
		{"a relay more", &there, true, with(func(d *directory.Draft) { d.Relays = []string{"a", "b", "c"} }), 1, false, leaveListing},
		{"a relay more, for a while", &there, true, with(func(d *directory.Draft) { d.Relays = []string{"a", "b", "c"} }), 1, true, signListing},
		{"other relays", &there, true, with(func(d *directory.Draft) { d.Relays = []string{"c"} }), 1, false, signListing},
		{"at no relay now", &there, true, with(func(d *directory.Draft) { d.Relays = nil }), 1, true, leaveListing},
	} {
		if got := nextListing(test.last, test.stands, test.d, at.Add(test.after), test.settled); got != test.want {
			t.Errorf("%s: %d, not %d", test.name, got, test.want)
		}
	}
}

// Each listing has a higher number than the last one, whatever the clock does, and one that is made after a restore than those before.
func TestNextNumber(t *testing.T) {
	_, key, _ := ed25519.GenerateKey(nil)
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(rapid.Int64Range(0, 7e9).Draw(t, "now"), 0)
		if n := nextNumber(nil, now); n == 0 || n < uint64(now.UnixMilli()) {
			t.Fatal(n)
		}
		last, err := directory.Withdraw(key, rapid.Uint64Range(1, 1<<60).Draw(t, "number"), now)
		if err != nil {
			t.Fatal(err)
		}
		if n := nextNumber(&last, now); n <= last.Number() {
			t.Fatalf("%d after %d", n, last.Number())
		}
	})
}

// What cannot be listed is refused with a code, and what was wished stays over a restart.
func TestSetListing(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := start(t, net, net.File, clock)
	for name, alias := range map[string]string{"long": string(make([]byte, 97)), "lines": "a\nb", "turned": "a\u202eb"} {
		_, err := n.setListing(t.Context(), control.Listing{Listed: true, Alias: alias})
		if control.CodeOf(err) != control.CodeListing || control.KindOf(err) != control.KindUsage || !errors.Is(err, directory.ErrAlias) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if l, err := n.showListing(t.Context()); err != nil || l != (control.Listing{}) {
		t.Errorf("%+v %v", l, err)
	}
	if l, err := n.setListing(t.Context(), control.Listing{Listed: true, Alias: " Am Dom "}); err != nil || l != (control.Listing{Listed: true, Alias: "Am Dom"}) {
		t.Errorf("%+v %v", l, err)
	}
	stop(t, n)
	n = start(t, net, "", clock)
	if l, err := n.showListing(t.Context()); err != nil || !l.Listed || l.Alias != "Am Dom" || l.Kept != 0 {
		t.Errorf("after a restart: %+v %v", l, err)
	}
}

// serveDirectory is the first relay of the network, as far as the directory needs it, and who may be there.
func serveDirectory(t *testing.T, net *testnet.Net, clock *testnet.Clock) *directory.Server {
	t.Helper()
	st, err := store.Open(t.Context(), store.Options{Dir: t.TempDir(), Role: "relay", Secret: store.KeyFile(), Create: true, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	policy := policyOf(t, net)
	roots := func() card.Roots { return net.Bundle.CardRoots() }
	guests := admission.New(admission.Config{Policy: func() *gossip.Policy { return policy }, Roots: roots, Now: clock.Now})
	h, err := host.Relay(net.Relays[0].Identity, &host.Gate{}, net.Bundle.Relays[0].Addrs, guests, &host.Meter{})
	if err != nil {
		t.Fatal(err)
	}
	server, err := directory.Serve(directory.Config{Host: h, Store: st, Roots: roots, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	guests.Serve(h)
	t.Cleanup(func() {
		if err := errors.Join(guests.Close(), server.Close(), host.Close(h), st.Close()); err != nil {
			t.Error(err)
		}
	})
	return server
}

// A practice whose card has not signed cannot be listed, nor one that signed with a person's card.
func TestListingNeedsAnInstitution(t *testing.T) {
	clock := &testnet.Clock{}
	person, ca := inserted(t, card.HBA, card.VirtualOptions{Now: clock.Now()})
	net := testnet.New(t, testnet.Config{Real: true, Roots: [][]byte{ca}})
	n := start(t, net, net.File, clock)
	if _, err := n.setListing(t.Context(), control.Listing{Listed: true}); control.CodeOf(err) != control.CodeListing || !errors.Is(err, ErrLicence) {
		t.Errorf("not enrolled: %v", err)
	}
	cms, err := sign(t, n, person)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.finishEnrolment(t.Context(), control.EnrolmentFinish{CMS: cms}); err != nil {
		t.Fatal(err)
	}
	if _, err := n.setListing(t.Context(), control.Listing{Listed: true}); control.CodeOf(err) != control.CodeListing || !errors.Is(err, directory.ErrKind) {
		t.Errorf("a person's card: %v", err)
	}
	if l, err := n.setListing(t.Context(), control.Listing{}); err != nil || l != (control.Listing{}) {
		t.Errorf("not to be listed is always possible: %+v %v", l, err)
	}
}

// A listing is renewed before it is over, says what is new, and is taken back when the practice is enrolled no longer.
func TestListingIsKept(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{Good: 28 * 24 * time.Hour})
	relay := serveDirectory(t, net, clock)
	n := start(t, net, net.File, clock)
	if _, err := n.setListing(t.Context(), control.Listing{Listed: true}); err != nil {
		t.Fatal(err)
	}
	until := func(what string, done func(control.Listing) bool) {
		t.Helper()
		testnet.Until(t, what, func() bool { return done(must(n.showListing(t.Context()))) })
	}
	until("the relay has it", func(l control.Listing) bool { return l.Kept == 1 })
	first := must(n.showListing(t.Context())).Until
	if got := relay.Counts(); got != (directory.Counts{Listed: 1}) {
		t.Errorf("%+v", got)
	}
	clock.Advance(directory.RenewAfter)
	n.listing.wake()
	until("it is renewed", func(l control.Listing) bool {
		return l.Kept == 1 && l.Until.After(first.Add(directory.RenewAfter-time.Minute))
	})
	moved := must(n.showDetails(t.Context()))
	moved.Name = "Praxis am neuen Ort"
	moved.Hours = []control.Hours{{Weekday: 2, From: "09:00", To: "12:00"}}
	if _, err := n.setDetails(t.Context(), moved); err != nil {
		t.Fatal(err)
	}
	says := func() directory.Listing {
		n.listing.mu.Lock()
		defer n.listing.mu.Unlock()
		return *n.listing.last
	}
	n.listing.wake()
	until("it says the new hours with the new card", func(l control.Listing) bool {
		return l.Kept == 1 && says().Says(must(n.draft("", nil))) && len(says().Hours) == 1
	})
	revoked := net.Sign(net.Next(func(b *network.Bundle) { b.Revoked = [][32]byte{[32]byte(n.identity.publicDevice())} }))
	if _, err := n.home.Network.Offer(must(os.ReadFile(revoked))); err != nil {
		t.Fatal(err)
	}
	n.listing.wake()
	testnet.Until(t, "it is taken back", func() bool { return relay.Counts() == directory.Counts{Withdrawn: 1} })
	if l := must(n.showListing(t.Context())); !l.Until.IsZero() || l.Kept != 0 {
		t.Errorf("%+v", l)
	}
}

// A practice that was restored from a backup, and does not know its last listing, gets past it.
func TestListingAfterARestore(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	relay := serveDirectory(t, net, clock)
	n := start(t, net, net.File, clock)
	d := n.openedDesk()
	testnet.Until(t, "the desk is at the relay", func() bool { return len(d.relays()) == 1 })
	lost := must(directory.Sign(n.identity.device, uint64(clock.Now().Add(time.Minute).UnixMilli()), must(n.draft("", d.relays())), clock.Now()))
	if err := directory.Put(t.Context(), d.host, d.circuits.Reserved()[0], lost); err != nil {
		t.Fatal(err)
	}
	if _, err := n.setListing(t.Context(), control.Listing{Listed: true, Alias: "Am Dom"}); err != nil {
		t.Fatal(err)
	}
	number := func() uint64 {
		n.listing.mu.Lock()
		defer n.listing.mu.Unlock()
		if n.listing.last == nil {
			return 0
		}
		return n.listing.last.Number()
	}
	testnet.Until(t, "one is signed", func() bool { return number() > 0 })
	if number() >= lost.Number() {
		t.Fatal("it is newer than the lost one")
	}
	clock.Advance(2 * time.Minute)
	n.listing.wake()
	testnet.Until(t, "after the refusal another one is signed", func() bool { return number() > lost.Number() })
	clock.Advance(listAgain)
	n.listing.wake()
	testnet.Until(t, "the relay has it", func() bool { return must(n.showListing(t.Context())).Kept == 1 })
	if got := relay.Counts(); got != (directory.Counts{Listed: 1}) {
		t.Errorf("%+v", got)
	}
}
