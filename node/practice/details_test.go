package practice

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pieks/card"
	"pieks/gossip/place"
	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/store"
)

// signed is what the practice's card has signed about it.
func signed(n *Node) card.Statement {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.identity.licence.Statement
}

// A practice starts without details and says why it shows nothing. In a test network the details enrol it at once.
func TestDetailsSetLater(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	begin := func() *Node {
		n := must(Start(t.Context(), Config{Home: net.Home("p"), Network: net.File, Secret: store.KeyFile(), Listen: loopback, Now: clock.Now}))
		t.Cleanup(func() { _ = n.Close() })
		return n
	}
	n := begin()
	if s := n.Status(); s.ReadOnlyWhy != "details" || !errors.Is(n.usable(), ErrNoDetails) {
		t.Fatalf("%q %q", s.ReadOnlyWhy, s.ReadOnly)
	}
	if e := must(n.showEnrolment(t.Context())); e.State != "none" || e.Why != "details" {
		t.Errorf("%+v", e)
	}
	if _, err := n.beginEnrolment(t.Context(), control.EnrolmentBegin{}); !errors.Is(err, ErrNoDetails) {
		t.Errorf("a card is asked to sign nothing: %v", err)
	}
	if _, err := n.addSlots(t.Context(), aMorning(clock.Now().AddDate(0, 0, 3))); err != nil {
		t.Errorf("appointments can be prepared: %v", err)
	}
	changed := n.Changes().Next()
	in := control.Details{Name: "Praxis Dr. Beispiel", Street: "Markt 1", PLZ: "01067", Phone: "0351 1", Hours: []control.Hours{
		{Weekday: 5, From: "08:00", To: "12:00"}, {Weekday: 1, From: "14:00", To: "18:00"}, {Weekday: 1, From: "08:00", To: "12:00"}}}
	set, err := n.setDetails(t.Context(), in)
	if err != nil || set.PLZ != "01067" || set.Place == "" {
		t.Fatalf("%+v %v", set, err)
	}
	select {
	case <-changed:
	default:
		t.Error("nobody was woken")
	}
	if err := n.usable(); err != nil || n.Status().ReadOnlyWhy != "" || signed(n).PLZ != "01067" {
		t.Errorf("not enrolled: %v", err)
	}
	stop(t, n)
	n = begin()
	again := must(n.showDetails(t.Context()))
	want := []control.Hours{{Weekday: 1, From: "08:00", To: "12:00"}, {Weekday: 1, From: "14:00", To: "18:00"}, {Weekday: 5, From: "08:00", To: "12:00"}}
	if again.PLZ != "01067" || !slices.Equal(again.Hours, want) || n.usable() != nil {
		t.Errorf("after a restart %+v %v", again, n.usable())
	}
	// Other hours alone need no card.
	before := n.enrolment()
	again.Hours = nil
	if _, err := n.setDetails(t.Context(), again); err != nil || string(n.enrolment()) != string(before) {
		t.Errorf("hours were signed: %v", err)
	}
}

// Where cards are real, changed details want the card again.
func TestDetailsChangedInARealNetwork(t *testing.T) {
	c, ca := inserted(t, card.SMCB, card.VirtualOptions{})
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{Real: true, Roots: [][]byte{ca}})
	n := start(t, net, net.File, clock)
	cms := must(sign(t, n, c))
	if _, err := n.finishEnrolment(t.Context(), control.EnrolmentFinish{CMS: cms}); err != nil {
		t.Fatal(err)
	}
	in := must(n.showDetails(t.Context()))
	in.Street = "Ringstr. 2"
	if _, err := n.setDetails(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if e := must(n.showEnrolment(t.Context())); e.Why != "changed" {
		t.Errorf("%+v", e)
	}
	if s := n.Status(); !errors.Is(n.usable(), ErrOtherDetails) || s.ReadOnlyWhy != "enrolment" {
		t.Errorf("%q", s.ReadOnlyWhy)
	}
}

// What cannot be is refused and changes nothing.
func TestBadDetailsSet(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := start(t, net, net.File, clock)
	good := must(n.showDetails(t.Context()))
	span := func(day int, from, to string) control.Hours {
		return control.Hours{Weekday: day, From: from, To: to}
	}
	for name, c := range map[string]struct {
		change func(*control.Details)
		want   error
		code   string
	}{
		"no name":      {func(d *control.Details) { d.Name = " " }, ErrDetails, control.CodeDetails},
		"four digits":  {func(d *control.Details) { d.PLZ = "1067" }, place.ErrPLZForm, control.CodePLZForm},
		"no such":      {func(d *control.Details) { d.PLZ = "00000" }, place.ErrPLZUnknown, control.CodePLZUnknown},
		"long name":    {func(d *control.Details) { d.Name = strings.Repeat("x", 97) }, card.ErrStatement, control.CodeDetailName},
		"long phone":   {func(d *control.Details) { d.Phone = strings.Repeat("1", 33) }, card.ErrStatement, control.CodeDetailPhone},
		"hidden":       {func(d *control.Details) { d.Directions = "a\u202eb" }, card.ErrStatement, control.CodeDetailDirections},
		"control char": {func(d *control.Details) { d.Street = "x\x1b" }, card.ErrStatement, control.CodeDetailStreet},
		"weekday 0":    {func(d *control.Details) { d.Hours = []control.Hours{span(0, "08:00", "09:00")} }, ErrHours, control.CodeHours},
		"weekday 8":    {func(d *control.Details) { d.Hours = []control.Hours{span(8, "08:00", "09:00")} }, ErrHours, control.CodeHours},
		"backwards":    {func(d *control.Details) { d.Hours = []control.Hours{span(1, "09:00", "08:00")} }, ErrHours, control.CodeHours},
		"no clock":     {func(d *control.Details) { d.Hours = []control.Hours{span(1, "9", "10:00")} }, ErrHours, control.CodeHours},
		"overlap": {func(d *control.Details) {
			d.Hours = []control.Hours{span(1, "08:00", "10:00"), span(1, "09:59", "11:00")}
		}, ErrHours, control.CodeHours},
		"five spans": {func(d *control.Details) {
			d.Hours = []control.Hours{span(1, "01:00", "02:00"), span(1, "02:00", "03:00"), span(1, "04:00", "05:00"), span(1, "06:00", "07:00"), span(1, "08:00", "09:00")}
		}, ErrHours, control.CodeHours},
	} {
		in := good
		c.change(&in)
		if _, err := n.setDetails(t.Context(), in); !errors.Is(err, c.want) || control.KindOf(err) != control.KindUsage || control.CodeOf(err) != c.code {
			t.Errorf("%s: %v, code %q", name, err, control.CodeOf(err))
		}
	}
	if now := must(n.showDetails(t.Context())); now.Name != good.Name || now.PLZ != good.PLZ || len(now.Hours) != 0 {
		t.Errorf("%+v", now)
	}
}

// The catalogue is sorted by name.
func TestVaccines(t *testing.T) {
	net := testnet.New(t, testnet.Config{})
	n := start(t, net, net.File, &testnet.Clock{})
	list := must(n.home.Vaccines(t.Context()))
	if len(list) == 0 || !slices.IsSortedFunc(list, func(a, b control.Vaccine) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	}) {
		t.Errorf("%+v", list)
	}
	i := slices.IndexFunc(list, func(v control.Vaccine) bool { return v.Code == "comirnaty" })
	if i < 0 || list[i].VialDoses != 6 || list[i].MinInterval != 21 || list[i].MaxInterval != 84 {
		t.Errorf("%+v", list)
	}
}
