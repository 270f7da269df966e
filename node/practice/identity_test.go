package practice

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"pieks/card"
	"pieks/gossip/place"
	"pieks/node/control"
	"pieks/node/home"
	"pieks/node/home/testnet"
	"pieks/node/network"
	"pieks/store"
)

var cologne = Details{Name: "Praxis Dr. Beispiel", Street: "Domstr. 1", PLZ: "50667", Phone: "0221 1234"}

func openHome(t testing.TB, dir, file string, clock *testnet.Clock) *home.Home {
	t.Helper()
	h, err := home.Open(t.Context(), home.Config{Dir: dir, Role: role, Network: file, Secret: store.KeyFile(), Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

func reopen(t testing.TB, h *home.Home, clock *testnet.Clock) *home.Home {
	t.Helper()
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	return openHome(t, h.Dir, "", clock)
}

func identityOf(t testing.TB, h *home.Home, given Details) *identity {
	t.Helper()
	id, err := loadIdentity(t.Context(), h, given)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// What is given replaces what is stored, what is not given stays, and the place follows the postcode.
func TestDetailsAreMerged(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	h := openHome(t, net.Home("p"), net.File, clock)
	first := identityOf(t, h, cologne)
	if first.details.Place != "Köln" || first.licence.Statement.Name != cologne.Name {
		t.Errorf("%+v", first.details)
	}
	h = reopen(t, h, clock)
	second := identityOf(t, h, Details{PLZ: "90402", Directions: " Hinterhof "})
	want := first.details
	want.PLZ, want.Place, want.Directions = "90402", "Nürnberg", "Hinterhof"
	if second.details != want {
		t.Errorf("%+v", second.details)
	}
	third := identityOf(t, reopen(t, h, clock), Details{})
	if third.details != want {
		t.Errorf("after a restart %+v", third.details)
	}
}

// Bad details get a sentence and change nothing.
func TestBadDetailsChangeNothing(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	h := openHome(t, net.Home("p"), net.File, clock)
	for name, d := range map[string]Details{
		"no postcode": {Name: "A", Street: "B"}, "only blanks": {Name: "  ", Street: "B", PLZ: "50667"},
	} {
		if _, err := loadIdentity(t.Context(), h, d); !errors.Is(err, ErrDetails) {
			t.Errorf("%s: %v", name, err)
		}
	}
	before := identityOf(t, h, cologne)
	for name, d := range map[string]Details{
		"short postcode": {PLZ: "5066"}, "no such postcode": {PLZ: "00000"}, "not given out": {PLZ: "99999"}, "Arabic digits": {PLZ: "٥٠٦٦٧"},
		"long name": {Name: strings.Repeat("x", 97)}, "control character": {Street: "Dom\x1bstr. 1"}, "long phone": {Phone: strings.Repeat("1", 33)},
		"long directions": {Directions: strings.Repeat("x", 241)},
	} {
		_, err := loadIdentity(t.Context(), h, d)
		if err == nil {
			t.Errorf("%s was taken", name)
		} else if !errors.Is(err, place.ErrPLZForm) && !errors.Is(err, place.ErrPLZUnknown) && !errors.Is(err, card.ErrStatement) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := identityOf(t, reopen(t, h, clock), Details{}); after.details != before.details || !bytes.Equal(after.cms, before.cms) {
		t.Errorf("%+v", after.details)
	}
}

// In a test network changed details and an end in sight are signed anew; else the enrolment stays the one it is. Device and Telematik-ID
// stay in any case.
func TestEnrolsAgainWhenItMust(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{Good: 30 * 24 * time.Hour})
	h := openHome(t, net.Home("p"), net.File, clock)
	first := identityOf(t, h, cologne)
	h = reopen(t, h, clock)
	if same := identityOf(t, h, cologne); !bytes.Equal(same.cms, first.cms) {
		t.Error("enrolled again for nothing")
	}
	moved := identityOf(t, h, Details{Street: "Ringstr. 2"})
	if bytes.Equal(moved.cms, first.cms) || moved.licence.Statement.Street != "Ringstr. 2" {
		t.Error("not enrolled with the new street")
	}
	if !bytes.Equal(moved.device, first.device) || moved.licence.TelematikID != first.licence.TelematikID {
		t.Error("another device or card")
	}
	end := moved.licence.NotAfter
	clock.Advance(end.Sub(clock.Now()) - renewBefore + time.Hour)
	renewed := *moved
	if err := renewed.renew(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	if !renewed.licence.NotAfter.After(end) {
		t.Errorf("not renewed: until %s", renewed.licence.NotAfter)
	}
}

// Where the card CA is real a virtual card does not count: the practice runs, and says that it wants its card.
func TestRealNetworkNeedsACard(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{Real: true})
	n := start(t, net, net.File, clock)
	if s := n.Status(); !strings.Contains(s.ReadOnly, "insert the practice card") || !s.Enrolled.IsZero() {
		t.Errorf("%q %s", s.ReadOnly, s.Enrolled)
	}
	if e := must(n.showEnrolment(t.Context())); e.State != "none" || e.Reason == "" || len(e.Device) != 64 {
		t.Errorf("%+v", e)
	}
	if missing, _ := n.missing(); len(missing) != 0 {
		t.Errorf("buys passes without a card: %v", missing)
	}
	if relays := n.deskRelays(); len(relays) != 0 {
		t.Errorf("would be at %v", relays)
	}
	if _, err := n.addSlots(t.Context(), aMorning(clock.Now().AddDate(0, 0, 3))); err != nil {
		t.Errorf("appointments can be prepared: %v", err)
	}
}

// A device that the network has revoked enrols itself no more: the card still signs, but nobody takes it.
func TestRevokedDevice(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := start(t, net, net.File, clock)
	if err := n.usable(); err != nil {
		t.Fatal(err)
	}
	device := [32]byte(n.identity.publicDevice())
	revoked := net.Next(func(b *network.Bundle) { b.Revoked = [][32]byte{device} })
	if _, err := n.home.Network.Offer(must(os.ReadFile(net.Sign(revoked)))); err != nil {
		t.Fatal(err)
	}
	if err := n.usable(); !errors.Is(err, card.ErrRevoked) {
		t.Errorf("right after the network file: %v", err)
	}
	stop(t, n)
	n = start(t, net, "", clock)
	if err := n.usable(); !errors.Is(err, card.ErrRevoked) {
		t.Errorf("after a restart: %v", err)
	}
	if _, err := n.beginEnrolment(t.Context(), control.EnrolmentBegin{}); !errors.Is(err, card.ErrRevoked) {
		t.Errorf("enrols again: %v", err)
	}
}
