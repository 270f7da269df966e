package patient

import (
	"crypto/ed25519"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"go.uber.org/goleak"

	"pieks/gossip"
	"pieks/node/booking"
	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/node/host"
	"pieks/node/network"
	"pieks/store"
)

func startNode(t testing.TB, net *testnet.Net, file string, clock *testnet.Clock) *Node {
	t.Helper()
	cfg := Config{Home: net.Home("a"), Network: file, Secret: store.KeyFile(), Now: clock.Now}
	if file != "" {
		cfg.PLZ = "50667"
	}
	n, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	return n
}

// listed puts a sheet with one appointment into the node's list, as a cycle would, and gives its token.
func listed(t testing.TB, n *Node, net *testnet.Net, clock *testnet.Clock) string {
	t.Helper()
	sheet := net.Sheet("50670", clock.Now(), clock.Now().Add(12*time.Hour))
	checked, err := n.validator.Check(sheet.Raw, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.pool.Add(checked); err != nil {
		t.Fatal(err)
	}
	return gossip.TokenOf(sheet.Sheet.Pass.P, sheet.Sheet.Slots[0].ID).String()
}

// A patient without a relay searches what it knows, is told what else it can do, and leaves nothing running.
func TestPatientWithoutARelay(t *testing.T) {
	before := goleak.IgnoreCurrent()
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := startNode(t, net, net.File, clock)
	listed(t, n, net, clock)
	found, err := n.search(t.Context(), control.SearchRequest{RadiusKM: 20})
	if err != nil || len(found) != 1 || !found[0].Test {
		t.Errorf("%+v %v", found, err)
	}
	if _, err := n.syncNow(t.Context()); control.KindOf(err) != control.KindUnavailable {
		t.Errorf("sync: %v", err)
	}
	findings, err := n.doctor(t.Context())
	if last := findings[len(findings)-1]; err != nil || last.OK || last.Next == "" {
		t.Errorf("doctor: %+v %v", last, err)
	}
	for name, in := range map[string]control.SearchRequest{
		"far": {RadiusKM: 201}, "minus": {RadiusKM: -1}, "dose": {Dose: 256}, "vaccine": {Vaccine: "snakeoil"},
		"day": {Days: []string{"tomorrow"}}, "part": {Parts: []string{"midnight"}},
	} {
		if _, err := n.search(t.Context(), in); control.KindOf(err) != control.KindUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Start(t.Context(), Config{Home: net.Home("a"), Secret: store.KeyFile()}); !errors.Is(err, store.ErrInUse) {
		t.Errorf("second process: %v", err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	goleak.VerifyNone(t, before)
}

// An attempt is on the disk before anything of it is sent, with the consent when there is one; a restart goes on with it, and it ends by
// itself when nobody answers.
func TestAttemptsOutliveARestart(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := startNode(t, net, net.File, clock)
	e, err := n.bookings.begin(t.Context(), []string{listed(t, n, net, clock)}, "")
	if err != nil {
		t.Fatal(err)
	}
	kept, err := loadEntries(n.home.Store)
	if err != nil || len(kept) != 1 {
		t.Fatalf("%d attempts on the disk: %v", len(kept), err)
	}
	anna := booking.Patient{Name: "Anna Probe", BirthDate: "1950-03-01"}
	if err := n.consent(t.Context(), e, anna); err != nil {
		t.Fatal(err)
	}
	request, err := e.attempt.Request()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	n = startNode(t, net, "", clock)
	again, ok := n.bookings.get(e.attempt.ID())
	if !ok {
		t.Fatal("the attempt is lost")
	}
	again.mu.Lock()
	repeated, err := again.attempt.Request()
	if err != nil || string(repeated) != string(request) {
		t.Errorf("another request after the restart: %v", err)
	}
	if again.rec.Consent == nil || *again.rec.Consent != anna {
		t.Errorf("consent %+v", again.rec.Consent)
	}
	again.mu.Unlock()
	if !n.bookings.due(again) {
		t.Error("nothing goes on with it")
	}
	clock.Advance(13 * time.Hour)
	n.bookings.wake()
	testnet.Until(t, "the attempt ends with its sheet", func() bool { return again.state() == booking.Expired })
	if shown := n.shown(again); shown.State != "expired" || !strings.Contains(shown.Message, "search again") {
		t.Errorf("%+v", shown)
	}
}

// What came to nothing is forgotten a month later, on the disk and in memory, with name and birth date.
func TestRetention(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := startNode(t, net, net.File, clock)
	e, err := n.bookings.begin(t.Context(), []string{listed(t, n, net, clock)}, "")
	if err != nil {
		t.Fatal(err)
	}
	clock.Advance(13 * time.Hour)
	n.bookings.wake()
	testnet.Until(t, "it ends", func() bool { return e.state() == booking.Expired })
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{29 * 24 * time.Hour, 1}, {2 * 24 * time.Hour, 0}} {
		clock.Advance(c.after)
		if _, err := n.home.Store.Sweep(t.Context(), clock.Now()); err != nil {
			t.Fatal(err)
		}
		n.bookings.prune()
		kept, err := loadEntries(n.home.Store)
		if err != nil || len(kept) != c.want || len(n.bookings.all()) != c.want {
			t.Errorf("%d on the disk, %d in memory, want %d: %v", len(kept), len(n.bookings.all()), c.want, err)
		}
	}
}

// Requests that cannot be made get their own kind of error and leave nothing.
func TestBadBookings(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := startNode(t, net, net.File, clock)
	token, other := listed(t, n, net, clock), listed(t, n, net, clock)
	good := control.BookRequest{Name: "Anna Probe", BirthDate: "1950-03-01", Tokens: []string{token}}
	for name, c := range map[string]struct {
		change func(*control.BookRequest)
		want   control.Kind
	}{
		"no name":       {func(r *control.BookRequest) { r.Name = "" }, control.KindUsage},
		"birth date":    {func(r *control.BookRequest) { r.BirthDate = "1.3.1950" }, control.KindUsage},
		"no token":      {func(r *control.BookRequest) { r.Tokens = nil }, control.KindUsage},
		"token form":    {func(r *control.BookRequest) { r.Tokens = []string{"x"} }, control.KindUsage},
		"token gone":    {func(r *control.BookRequest) { r.Tokens = []string{strings.Repeat("0", 32)} }, control.KindNotFound},
		"two practices": {func(r *control.BookRequest) { r.Tokens = []string{token, other} }, control.KindUsage},
		"twice":         {func(r *control.BookRequest) { r.Tokens = []string{token, token} }, control.KindUsage},
		"no booking":    {func(r *control.BookRequest) { r.Booking = strings.Repeat("a", 26) }, ""},
	} {
		in := good
		c.change(&in)
		if _, err := n.book(t.Context(), in); err == nil || c.want != "" && control.KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if all := n.bookings.all(); len(all) != 0 {
		t.Errorf("%d attempts after refusals", len(all))
	}
	clock.Advance(13 * time.Hour)
	if _, err := n.book(t.Context(), good); !errors.Is(err, ErrTokenGone) {
		t.Errorf("expired token: %v", err)
	}
}

// With an expired network file nothing is asked for and what waits is not sent; what is known can be read.
func TestExpiredPatient(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{Good: 26 * time.Hour})
	n := startNode(t, net, net.File, clock)
	token := listed(t, n, net, clock)
	e, err := n.bookings.begin(t.Context(), []string{token}, "")
	if err != nil {
		t.Fatal(err)
	}
	clock.Advance(3 * time.Hour)
	if found, err := n.search(t.Context(), control.SearchRequest{RadiusKM: 20}); err != nil || len(found) != 1 {
		t.Errorf("search: %+v %v", found, err)
	}
	if _, err := n.request(t.Context(), control.RequestRequest{Tokens: []string{token}}); !errors.Is(err, network.ErrExpired) {
		t.Errorf("request: %v", err)
	}
	in := control.BookRequest{Name: "Anna Probe", BirthDate: "1950-03-01", Booking: e.attempt.ID().String()}
	if _, err := n.book(t.Context(), in); !errors.Is(err, network.ErrExpired) || control.KindOf(err) != control.KindUnavailable {
		t.Errorf("book: %v", err)
	}
	if q, err := n.bookings.next(t.Context(), e); q != nil || err != nil || n.bookings.due(e) {
		t.Errorf("a request would be sent: %v %v", q, err)
	}
	if list, err := n.listBookings(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("%d bookings: %v", len(list), err)
	}
	if s := n.Status(); !strings.Contains(s.ReadOnly, "has expired; get a newer one") {
		t.Errorf("read only: %q", s.ReadOnly)
	}
	renewed := net.Next(func(b *network.Bundle) {
		b.Issued, b.Expires = uint64(clock.Now().Unix()), uint64(clock.Now().Add(24*time.Hour).Unix())
	})
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	n = startNode(t, net, net.Sign(renewed), clock)
	if e, ok := n.bookings.get(e.attempt.ID()); !ok || !n.bookings.due(e) {
		t.Error("a newer file does not take up what waited")
	}
}

// A connection that one question opened stays as long as another one needs it.
func TestVisits(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := startNode(t, net, net.File, clock)
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	other, err := host.Practice(key, &host.Gate{}, []string{"/ip4/127.0.0.1/udp/0/quic-v1"}, false)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close(other)
	info := peer.AddrInfo{ID: other.ID(), Addrs: other.Addrs()}
	peers := []peer.AddrInfo{info}
	first, second := n.visit(peers), n.visit(peers)
	if err := host.Connect(t.Context(), n.host, info); err != nil {
		t.Fatal(err)
	}
	connected := func() bool { return len(n.host.Network().ConnsToPeer(info.ID)) > 0 }
	first()
	if !connected() {
		t.Error("closed under another question")
	}
	second()
	if connected() || len(n.visits) != 0 {
		t.Error("left open")
	}
}

// The app is there before the node answers commands.
func TestPatientIsShown(t *testing.T) {
	net := testnet.New(t, testnet.Config{})
	cfg := Config{Home: net.Home("a"), Network: net.File, Secret: store.KeyFile(), PLZ: "50667"}
	testnet.Shown(t, cfg.Home, func(show func() (func() error, error)) (io.Closer, error) {
		cfg.Show = func(*Node) (func() error, error) { return show() }
		return Start(t.Context(), cfg)
	})
}
