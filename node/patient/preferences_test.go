package patient

import (
	"errors"
	"testing"
	"time"

	"pieks/gossip/place"
	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/store"
)

func openStore(t testing.TB, dir string) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), store.Options{Dir: dir, Role: role, Secret: store.KeyFile(), Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return st
}

func TestPreferencesInTime(t *testing.T) {
	at := time.Unix(1e9, 0)
	for _, c := range []struct {
		name string
		p    preferences
		want string
	}{
		{"none pending", preferences{PLZ: "50667"}, "50667"},
		{"a second early", preferences{PLZ: "50667", Next: "80331", Effective: 1e9 + 1}, "50667"},
		{"at its cycle", preferences{PLZ: "50667", Next: "80331", Effective: 1e9}, "80331"},
		{"no relay has heard of it", preferences{PLZ: "50667", Next: "80331"}, "50667"},
	} {
		if got := c.p.at(at); got.PLZ != c.want || (got.Next == "") != (got.PLZ == "80331" || c.p.Next == "") {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

// A first postcode counts at once, a later one waits for a relay, and a pending one survives starts with and without the old postcode.
func TestPreferencesOverStarts(t *testing.T) {
	dir := t.TempDir()
	now := time.Unix(1e9, 0)
	start := func(plz string, radius uint32) (preferences, error) {
		st := openStore(t, dir)
		defer st.Close()
		return startPreferences(t.Context(), st, plz, radius, now)
	}
	if got, err := start("", 0); err != nil || got != (preferences{}) {
		t.Errorf("no postcode: %+v %v", got, err)
	}
	pending := preferences{PLZ: "50667", Next: "80331", RadiusKM: 30}
	for _, step := range []struct {
		name   string
		plz    string
		radius uint32
		want   preferences
	}{
		{"first", "50667", 0, preferences{PLZ: "50667"}},
		{"none given", "", 0, preferences{PLZ: "50667"}},
		{"the same", "50667", 30, preferences{PLZ: "50667", RadiusKM: 30}},
		{"another", "80331", 0, pending},
		{"the same again", "80331", 0, pending},
		{"the old one, as in a service file", "50667", 0, pending},
		{"none", "", 0, pending},
		{"a third takes the second's place", "10115", 0, preferences{PLZ: "50667", Next: "10115", RadiusKM: 30}},
	} {
		if got, err := start(step.plz, step.radius); err != nil || got != step.want {
			t.Errorf("%s: %+v %v", step.name, got, err)
		}
	}
	for plz, want := range map[string]error{"5066": place.ErrPLZForm, "00000": place.ErrPLZUnknown, "99999": place.ErrPLZUnknown, "٥٠٦٦٧": place.ErrPLZForm} {
		if _, err := start(plz, 99); !errors.Is(err, want) {
			t.Errorf("%s: %v", plz, err)
		}
	}
	if got, err := start("", 0); err != nil || got.Next != "10115" || got.RadiusKM != 30 {
		t.Errorf("after refusals %+v %v", got, err)
	}
	st := openStore(t, dir)
	if err := savePreferences(t.Context(), st, preferences{PLZ: "50667", Next: "10115", Effective: uint64(now.Unix()) + 60}); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	if got, err := start("", 0); err != nil || got != (preferences{PLZ: "10115"}) {
		t.Errorf("at its time %+v %v", got, err)
	}
}

// A node that reaches no relay notes a new postcode, keeps it over a restart, and says what comes of it.
func TestPostcodeWithoutARelay(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := startNode(t, net, net.File, clock)
	for _, plz := range []string{"5066", "00000", "99999", "٥٠٦٦٧", ""} {
		if err := askPLZ(t, n, plz); control.KindOf(err) != control.KindUsage {
			t.Errorf("%q: %v", plz, err)
		}
	}
	for _, plz := range []string{"80331", "10115"} {
		if err := askPLZ(t, n, plz); control.KindOf(err) != control.KindUnavailable {
			t.Errorf("%s: %v", plz, err)
		}
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	n = startNode(t, net, "", clock)
	if p := n.preferences(); p.PLZ != "50667" || p.Next != "10115" || p.Effective != 0 {
		t.Errorf("after a restart %+v", p)
	}
}

func askPLZ(t testing.TB, n *Node, plz string) error {
	t.Helper()
	_, err := n.changePLZ(t.Context(), control.PLZRequest{PLZ: plz})
	return err
}

// A node without a postcode asks nobody for anything. The first one said counts at once; what is no postcode is refused by a code.
func TestFirstPostcode(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n, err := Start(t.Context(), Config{Home: net.Home("a"), Network: net.File, Secret: store.KeyFile(), Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	p, err := n.showPreferences(t.Context())
	if err != nil || p != (control.Preferences{RadiusKM: defaultRadiusKM}) {
		t.Errorf("at first %+v %v", p, err)
	}
	if s := n.Status(); !s.Offline.IsZero() || n.relay.Load() != nil {
		t.Errorf("offline since %s, relay %v", s.Offline, n.relay.Load())
	}
	if _, err := n.search(t.Context(), control.SearchRequest{}); control.CodeOf(err) != control.CodeNoPLZ || !errors.Is(err, ErrNoPLZ) {
		t.Errorf("search: %v", err)
	}
	for plz, code := range map[string]string{
		"1234": control.CodePLZForm, "": control.CodePLZForm, " 50667": control.CodePLZForm, "00000": control.CodePLZUnknown, "99999": control.CodePLZUnknown,
	} {
		if err := askPLZ(t, n, plz); control.CodeOf(err) != code || control.KindOf(err) != control.KindUsage {
			t.Errorf("%q: %v", plz, err)
		}
	}
	if s := n.Status(); !s.Offline.IsZero() {
		t.Error("a refused postcode has it look for a relay")
	}
	result, err := n.changePLZ(t.Context(), control.PLZRequest{PLZ: "01067"})
	if err != nil || result.Effective.After(clock.Now()) {
		t.Errorf("%+v %v", result, err)
	}
	want := control.Preferences{PLZ: "01067", Place: "Dresden Innere Altstadt", RadiusKM: defaultRadiusKM}
	if p, err := n.showPreferences(t.Context()); err != nil || p != want {
		t.Errorf("%+v %v", p, err)
	}
	testnet.Until(t, "a relay is tried", func() bool { return n.relay.Load() != nil })
	if s := n.Status(); s.Offline.IsZero() {
		t.Error("no relay is reached, and it does not say so")
	}
	if kept, err := loadPreferences(n.home.Store); err != nil || kept.PLZ != "01067" {
		t.Errorf("on disk %+v %v", kept, err)
	}
}

// The radius is kept; the postcode in the same message is not read.
func TestRadius(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := startNode(t, net, net.File, clock)
	for _, km := range []int{0, -1, 201} {
		if _, err := n.setPreferences(t.Context(), control.Preferences{RadiusKM: km}); control.CodeOf(err) != control.CodeRadius {
			t.Errorf("%d km: %v", km, err)
		}
	}
	for _, km := range []int{1, 200} {
		p, err := n.setPreferences(t.Context(), control.Preferences{RadiusKM: km, PLZ: "80331", NextPLZ: "80331"})
		if err != nil || p.RadiusKM != km || p.PLZ != "50667" || p.NextPLZ != "" {
			t.Errorf("%d km: %+v %v", km, p, err)
		}
		if kept, err := loadPreferences(n.home.Store); err != nil || kept.RadiusKM != uint32(km) || kept.PLZ != "50667" {
			t.Errorf("on disk %+v %v", kept, err)
		}
	}
}
