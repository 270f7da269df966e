package practice

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pieks/node/booking"
	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/node/network"
	"pieks/store"
)

func start(t testing.TB, net *testnet.Net, file string, clock *testnet.Clock) *Node {
	t.Helper()
	n, err := Start(t.Context(), Config{Home: net.Home("p"), Network: file, Secret: store.KeyFile(), Details: cologne, Listen: loopback, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	return n
}

func stop(t testing.TB, n *Node) {
	t.Helper()
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
}

func aMorning(day time.Time) control.SlotsAdd {
	return control.SlotsAdd{Day: day.Format(time.DateOnly), From: "09:00", To: "10:00", Every: "10m", Vaccine: "comirnaty"}
}

// A practice that reaches no relay works on its own appointments, keeps them over a restart, and ends without leaving anything behind.
func TestPracticeWithoutRelays(t *testing.T) {
	before := goleak.IgnoreCurrent()
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := start(t, net, net.File, clock)
	made, err := n.addSlots(t.Context(), aMorning(clock.Now().AddDate(0, 0, 3)))
	if err != nil || made.Changed != 6 || made.Open != 6 {
		t.Fatalf("%+v %v", made, err)
	}
	if _, err := n.ledger.Withdraw(t.Context(), []booking.AppointmentID{n.ledger.Appointments()[0].ID}); err != nil {
		t.Fatal(err)
	}
	device := n.Status().PeerIDs[0]
	if _, err := Start(t.Context(), Config{Home: net.Home("p"), Secret: store.KeyFile(), Listen: loopback}); !errors.Is(err, store.ErrInUse) {
		t.Errorf("second process: %v", err)
	}
	stop(t, n)
	n = start(t, net, "", clock)
	list, err := n.listSlots(t.Context())
	if err != nil || len(list) != 6 || n.ledger.OpenCount() != 5 {
		t.Errorf("%d appointments, %d open: %v", len(list), n.ledger.OpenCount(), err)
	}
	if got := n.Status().PeerIDs[0]; got != device {
		t.Errorf("the desk was %s and is %s", device, got)
	}
	for _, f := range must(n.doctor(t.Context())) {
		if !f.OK && f.Next == "" {
			t.Errorf("%s is not well, and nothing is said to do about it", f.Check)
		}
	}
	stop(t, n)
	goleak.VerifyNone(t, before)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Bad input gets a sentence of its kind and changes nothing.
func TestBadSlots(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := start(t, net, net.File, clock)
	day := clock.Now().AddDate(0, 0, 3)
	for name, change := range map[string]func(*control.SlotsAdd){
		"vaccine":    func(s *control.SlotsAdd) { s.Vaccine = "snakeoil" },
		"dose":       func(s *control.SlotsAdd) { s.Dose = 9 },
		"minus dose": func(s *control.SlotsAdd) { s.Dose = -1 },
		"past":       func(s *control.SlotsAdd) { s.Day = "2020-01-01" },
		"far":        func(s *control.SlotsAdd) { s.Day = clock.Now().AddDate(0, 0, 120).Format(time.DateOnly) },
		"no date":    func(s *control.SlotsAdd) { s.Day = "tomorrow" },
		"201":        func(s *control.SlotsAdd) { s.From, s.To, s.Every = "06:00", "22:00", "4m" },
	} {
		in := aMorning(day)
		change(&in)
		if _, err := n.addSlots(t.Context(), in); control.KindOf(err) != control.KindUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, in := range map[string]string{"nobody": `{}`, "unknown": `{"ids":["x"]}`, "no day": `{"day":"x"}`, "empty day": `{"day":"2030-01-01"}`} {
		if _, err := n.Handlers()[control.MethodSlotsWithdraw](t.Context(), []byte(in)); control.KindOf(err) != control.KindUsage {
			t.Errorf("withdraw %s: %v", name, err)
		}
	}
	if _, err := n.cancelBooking(t.Context(), control.CancelRequest{Booking: "x"}); control.KindOf(err) == control.KindFailed {
		t.Errorf("cancel nothing: %v", err)
	}
	if got := n.ledger.OpenCount(); got != 0 {
		t.Errorf("%d appointments after refusals", got)
	}
}

// With an expired network file a practice adds nothing and buys nothing, and still lists and changes what it has; a newer file ends that.
func TestExpiredPractice(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{Good: 48 * time.Hour})
	n := start(t, net, net.File, clock)
	in := aMorning(clock.Now().AddDate(0, 0, 5))
	if _, err := n.addSlots(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if missing, urgent := n.missing(); len(missing) == 0 || !urgent {
		t.Errorf("nothing to buy: %v", missing)
	}
	clock.Advance(25 * time.Hour)
	in.From, in.To = "11:00", "12:00"
	if _, err := n.addSlots(t.Context(), in); !errors.Is(err, network.ErrExpired) || control.KindOf(err) != control.KindUnavailable {
		t.Errorf("added: %v", err)
	}
	if s := n.Status(); !strings.Contains(s.ReadOnly, "has expired; get a newer one") {
		t.Errorf("read only: %q", s.ReadOnly)
	}
	if missing, _ := n.missing(); len(missing) != 0 {
		t.Errorf("still buys %v", missing)
	}
	if list, err := n.listSlots(t.Context()); err != nil || len(list) != 6 {
		t.Errorf("%d listed: %v", len(list), err)
	}
	if _, err := n.ledger.Block(t.Context(), []booking.AppointmentID{n.ledger.Appointments()[0].ID}); err != nil {
		t.Errorf("block: %v", err)
	}
	stop(t, n)
	renewed := net.Next(func(b *network.Bundle) {
		b.Issued, b.Expires = uint64(clock.Now().Unix()), uint64(clock.Now().Add(time.Hour).Unix())
	})
	n = start(t, net, net.Sign(renewed), clock)
	if _, err := n.addSlots(t.Context(), in); err != nil {
		t.Errorf("with a newer file: %v", err)
	}
}

// The app is there before the node answers commands.
func TestPracticeIsShown(t *testing.T) {
	net := testnet.New(t, testnet.Config{})
	cfg := Config{Home: net.Home("p"), Network: net.File, Secret: store.KeyFile(), Details: cologne, Listen: loopback}
	testnet.Shown(t, cfg.Home, func(show func() (func() error, error)) (io.Closer, error) {
		cfg.Show = func(*Node) (func() error, error) { return show() }
		return Start(t.Context(), cfg)
	})
}
