package relay

import (
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"pieks/node/admission"
	"pieks/node/control"
	"pieks/node/home"
	"pieks/node/home/testnet"
	"pieks/node/host"
	"pieks/node/host/hosttest"
	"pieks/store"
)

func openStore(t testing.TB, dir string) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), store.Options{Dir: dir, Secret: store.KeyFile(), Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return st
}

func mustTraffic(t testing.TB, st *store.Store, quota uint64, now time.Time) *traffic {
	t.Helper()
	tr, err := openTraffic(st, quota, slog.New(slog.DiscardHandler), now)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// The month is UTC's, ends when it ends, and counts on over restarts.
func TestMonths(t *testing.T) {
	berlin := time.FixedZone("CET", 3600)
	for _, c := range []struct {
		at         time.Time
		name, ends string
	}{
		{time.Date(2026, 11, 30, 23, 59, 59, 0, time.UTC), "2026-11", "2026-12-01"},
		{time.Date(2026, 12, 1, 0, 30, 0, 0, berlin), "2026-11", "2026-12-01"},
		{time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), "2026-12", "2027-01-01"},
		{time.Date(2028, 2, 29, 12, 0, 0, 0, time.UTC), "2028-02", "2028-03-01"},
		{time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC), "2027-01", "2027-02-01"},
	} {
		if got := monthOf(c.at); got != c.name {
			t.Errorf("%s is in %s", c.at, got)
		}
		if got := monthEnd(c.at).Format(time.RFC3339); got != c.ends+"T00:00:00Z" {
			t.Errorf("%s resets at %s", c.at, got)
		}
	}
}

// What is on the disk is at most a minute old, and all of it after a stop.
func TestVolumeIsKept(t *testing.T) {
	dir := t.TempDir()
	st := openStore(t, dir)
	tr := mustTraffic(t, st, 5000, start0)
	kept := func() uint64 {
		m, err := loadMonth(st)
		if err != nil {
			t.Fatal(err)
		}
		return m.Bytes
	}
	for i := range 60 {
		tr.note(start0.Add(time.Duration(i)*time.Second), sums{bytes: uint64(10 * i)})
	}
	if got := kept(); got != 0 {
		t.Errorf("%d within the first minute", got)
	}
	tr.note(start0.Add(saveEvery), sums{bytes: 600})
	if got := kept(); got != 600 {
		t.Errorf("%d after a minute", got)
	}
	// It is killed 59 seconds later: those are lost, and a new process counts its own bytes from zero.
	tr.note(start0.Add(saveEvery+59*time.Second), sums{bytes: 1000})
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	st = openStore(t, dir)
	tr = mustTraffic(t, st, 5000, start0.Add(2*saveEvery))
	tr.note(start0.Add(2*saveEvery), sums{bytes: 4399})
	if got := tr.show(start0.Add(2*saveEvery), 4399); got.MonthBytes != 4999 || got.Full || got.TotalBytes != 4399 || got.QuotaBytes != 5000 {
		t.Errorf("%+v", got)
	}
	tr.note(start0.Add(2*saveEvery), sums{bytes: 4400})
	if got := tr.show(start0, 0); !got.Full || !tr.full(start0) {
		t.Errorf("at the quota: %+v", got)
	}
	// The month ends while nobody looks.
	december := time.Date(2026, 12, 1, 0, 0, 1, 0, time.UTC)
	if got := tr.show(december, 0); got.Full || tr.full(december) || got.Month != "2026-12" || got.MonthBytes != 0 {
		t.Errorf("in the next month: %+v", got)
	}
	tr.note(december, sums{bytes: 4410})
	if got := kept(); got != 10 {
		t.Errorf("%d kept of the next month", got)
	}
}

// Without a quota no volume is too much.
func TestNoQuota(t *testing.T) {
	if (month{Name: "2026-11", Bytes: 1 << 60}).full(0) {
		t.Error("full without a quota")
	}
}

// A store that cannot be written makes the relay say so, until it can.
func TestUnwritableStore(t *testing.T) {
	dir := t.TempDir()
	st := openStore(t, dir)
	tr := mustTraffic(t, st, 0, start0)
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	tr.note(start0.Add(saveEvery), sums{bytes: 5})
	if !errors.Is(tr.unwritable(), store.ErrClosed) {
		t.Errorf("%v", tr.unwritable())
	}
	tr.store = openStore(t, dir)
	tr.note(start0.Add(saveEvery+time.Second), sums{bytes: 5})
	if tr.unwritable() == nil {
		t.Error("tried again within a minute")
	}
	tr.note(start0.Add(2*saveEvery), sums{bytes: 5})
	if tr.unwritable() != nil {
		t.Errorf("%v", tr.unwritable())
	}
}

func TestApartSince(t *testing.T) {
	later := start0.Add(time.Minute)
	for _, c := range []struct {
		name            string
		before          time.Time
		others, reached int
		want            time.Time
	}{
		{"alone in the network", time.Time{}, 0, 0, time.Time{}},
		{"one of two", time.Time{}, 2, 1, time.Time{}},
		{"just lost", time.Time{}, 2, 0, later},
		{"still", start0, 2, 0, start0},
		{"found again", start0, 2, 1, time.Time{}},
		{"the others have left the network", start0, 0, 0, time.Time{}},
		{"the clock was set back", later.Add(time.Hour), 2, 0, later},
	} {
		if got := apartSince(c.before, later, c.others, c.reached); !got.Equal(c.want) {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

// traffic asks the running relay by its control method.
func trafficOf(t testing.TB, n *Node) control.Traffic {
	t.Helper()
	answer, err := n.Handlers()[control.MethodTraffic](t.Context(), json.RawMessage("null"))
	if err != nil {
		t.Fatal(err)
	}
	return answer.(control.Traffic)
}

// A running relay counts, wakes who watches it, and at its quota sends patients to another relay and says so.
func TestRelayAtItsQuota(t *testing.T) {
	net1 := testnet.New(t, testnet.Config{})
	dir := prepare(t, net1, 0)
	n := mustStart(t, dir, net1.File, nil)
	if n.Home() == nil || n.Home().Dir != dir {
		t.Error("the home is another")
	}
	patient := func() (err error) {
		h, err := host.Patient(&host.Gate{}, false)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = host.Close(h) })
		info, _ := home.AddrInfo(net1.Bundle.Relays[0])
		if err := host.Connect(hosttest.Within(t), h, info); err != nil {
			t.Fatal(err)
		}
		_, err = admission.HelloClient(hosttest.Within(t), h, n.host.ID(), "506", nil)
		return err
	}
	if err := patient(); err != nil {
		t.Fatal(err)
	}
	testnet.Until(t, "bytes are counted", func() bool { return trafficOf(t, n).MonthBytes > 0 })
	got := trafficOf(t, n)
	if got.TotalBytes < got.MonthBytes || len(got.Rates) != 5 || got.Full || got.QuotaBytes != 0 || got.Regions == nil || got.Month != monthOf(time.Now()) {
		t.Errorf("%+v", got)
	}
	for range 2 {
		select {
		case <-n.Changes().Next():
		case <-hosttest.Within(t).Done():
			t.Fatal("nobody was woken")
		}
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	n, err := Start(t.Context(), Config{Home: dir, Secret: store.KeyFile(), MonthlyBytes: got.MonthBytes})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if after := trafficOf(t, n); !after.Full || after.MonthBytes < got.MonthBytes || after.QuotaBytes != got.MonthBytes {
		t.Errorf("after a restart: %+v", after)
	}
	if err := patient(); !errors.Is(err, admission.ErrBusy) {
		t.Errorf("a new patient: %v", err)
	}
	if limits := n.Status().Limits; !slices.Contains(limits, control.Limit{Name: "monthly volume", Count: 1}) {
		t.Errorf("%+v", limits)
	}
	found, err := n.doctor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(found, func(f control.Finding) bool { return f.Check == "monthly volume" })
	if i < 0 || found[i].OK || found[i].Next == "" {
		t.Errorf("%+v", found)
	}
}

// Alone in its network a relay is never offline; with another that is away it says since when.
func TestOfflineSince(t *testing.T) {
	alone := testnet.New(t, testnet.Config{})
	n := mustStart(t, prepare(t, alone, 0), alone.File, nil)
	n.look()
	if s := n.Status(); !s.Offline.IsZero() {
		t.Errorf("alone, offline since %s", s.Offline)
	}
	two := testnet.New(t, testnet.Config{Relays: 2})
	a, b := two.Home("a"), two.Home("b")
	for i, dir := range []string{a, b} {
		if err := Prepare(t.Context(), dir, two.Relays[i], store.KeyFile()); err != nil {
			t.Fatal(err)
		}
	}
	first := mustStart(t, a, two.File, nil)
	testnet.Until(t, "it misses the other", func() bool { return !first.Status().Offline.IsZero() })
	since := first.Status().Offline
	if first.look(); !first.Status().Offline.Equal(since) {
		t.Errorf("offline since %s, before that since %s", first.Status().Offline, since)
	}
	mustStart(t, b, two.File, nil)
	testnet.Until(t, "it has found the other", func() bool { return first.Status().Offline.IsZero() })
}
