package patient

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pieks/gossip"
	"pieks/node/control"
	"pieks/node/home/testnet"
)

// listSheet puts a sheet into the node's list, as a cycle would.
func listSheet(t testing.TB, n *Node, sheet *gossip.Signed) {
	t.Helper()
	checked, err := n.validator.Check(sheet.Raw, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.pool.Add(checked); err != nil {
		t.Fatal(err)
	}
}

// A second dose is sought at the practice of the first, within the vaccine's interval, whatever the radius; the first is found as ever.
func TestSecondDose(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := startNode(t, net, net.File, clock)
	today := gossip.DayOf(clock.Now())
	slot := func(id byte, in uint32, vaccine string, dose uint8) gossip.Slot {
		return gossip.Slot{ID: gossip.SlotID{id}, Day: today + in, Vaccine: vaccine, Dose: dose}
	}
	const first = 3
	sheet := net.SheetOf("50670", clock.Now(), clock.Now().Add(12*time.Hour),
		slot(1, first, "comirnaty", 1), slot(2, first+20, "comirnaty", 2), slot(3, first+21, "comirnaty", 2), slot(4, first+84, "comirnaty", 0),
		slot(5, first+85, "comirnaty", 2), slot(6, first+30, "comirnaty", 1), slot(7, first+30, "spikevax", 2), slot(8, first, "influenza", 1),
		slot(9, first, "comirnaty", 0))
	other := net.SheetOf("50670", clock.Now(), clock.Now().Add(12*time.Hour), slot(3, first+30, "comirnaty", 2))
	listSheet(t, n, sheet)
	listSheet(t, n, other)
	token := func(id byte) string { return gossip.TokenOf(sheet.Sheet.Pass.P, gossip.SlotID{id}).String() }
	for name, c := range map[string]struct {
		in   control.SearchRequest
		want []byte
	}{
		"both ends of the interval":  {control.SearchRequest{After: token(1)}, []byte{3, 4}},
		"any dose as the first":      {control.SearchRequest{After: token(9)}, []byte{3, 4}},
		"further than the radius":    {control.SearchRequest{After: token(1), RadiusKM: 0.5}, []byte{3, 4}},
		"on a day":                   {control.SearchRequest{After: token(1), Days: []string{gossip.DateOf(today + first + 21).Format(time.DateOnly)}}, []byte{3}},
		"what is asked for is fixed": {control.SearchRequest{After: token(1), Vaccine: "spikevax", Dose: 1}, []byte{3, 4}},
	} {
		found, err := n.search(t.Context(), c.in)
		if err != nil || len(found) != len(c.want) {
			t.Errorf("%s: %+v %v", name, found, err)
			continue
		}
		for i, id := range c.want {
			if found[i].ID != token(id) {
				t.Errorf("%s: %+v", name, found[i])
			}
		}
		if _, err := n.bookings.begin(t.Context(), []string{c.in.After, found[0].ID}, ""); err != nil {
			t.Errorf("%s: what was found cannot be asked for: %v", name, err)
		}
	}
	for _, c := range []struct{ name, after, code string }{
		{"one dose", token(8), control.CodeSingleDose}, {"a second dose", token(3), control.CodeSingleDose},
		{"gone", strings.Repeat("0", 32), control.CodeTokenGone}, {"no token", "x", ""},
	} {
		if _, err := n.search(t.Context(), control.SearchRequest{After: c.after}); err == nil || control.CodeOf(err) != c.code {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	found, err := n.search(t.Context(), control.SearchRequest{Vaccine: "comirnaty", Dose: 1})
	firsts := []string{token(1), token(9), token(6), token(4)}
	if err != nil || len(found) != len(firsts) || slices.ContainsFunc(found, func(f control.Token) bool { return !slices.Contains(firsts, f.ID) }) {
		t.Errorf("first doses: %+v %v", found, err)
	}
}

// The list is as old as the oldest of its regions; one that is only to come says nothing.
func TestListing(t *testing.T) {
	var l listing
	at := func(s int64) time.Time { return time.Unix(s, 0) }
	l.renew(at(1))
	if !l.at().IsZero() {
		t.Error("of no region")
	}
	l.show([]string{"50", "51"})
	if !l.at().IsZero() {
		t.Error("before anything was heard")
	}
	l.renew(at(10), "50")
	l.renew(at(20), "51")
	if got := l.at(); !got.Equal(at(10)) {
		t.Error(got)
	}
	l.show([]string{"51", "52"})
	if got := l.at(); !got.Equal(at(20)) {
		t.Error(got)
	}
	l.renew(at(30))
	if got := l.at(); !got.Equal(at(30)) {
		t.Error(got)
	}
}
