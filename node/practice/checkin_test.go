package practice

import (
	"context"
	"crypto/ed25519"
	"errors"
	"os"
	"testing"
	"time"

	libhost "github.com/libp2p/go-libp2p/core/host"

	"pieks/card"
	"pieks/card/egk"
	"pieks/node/booking"
	"pieks/node/checkin"
	"pieks/node/checkin/popp"
	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/node/host/hosttest"
	"pieks/node/network"
	"pieks/store"
)

// visitor is a patient's host that knows the desk's address, with a virtual card of the network.
type visitor struct {
	t    *testing.T
	n    *Node
	host libhost.Host
	card card.Channel
}

func newVisitor(t *testing.T, n *Node, seed byte, name, kvnr string) *visitor {
	t.Helper()
	pki := must(n.home.Network.Get().TestPatients(n.home.Now()))
	v := &visitor{t: t, n: n, host: hosttest.New(t, nil, hosttest.Loopback)}
	v.card = must(egk.NewVirtual(pki, egk.VirtualOptions{Seed: [32]byte{seed}, Name: name, KVNR: kvnr, Now: n.home.Now()}))
	d := n.openedDesk()
	v.host.Peerstore().AddAddrs(d.host.ID(), d.host.Addrs(), time.Hour)
	return v
}

// attempt begins a check-in by what a code says.
func (v *visitor) attempt(code string) *checkin.Attempt {
	v.t.Helper()
	q := must(popp.ParseQR([]byte(code)))
	s := signed(v.n)
	return must(checkin.NewAttempt(checkin.Target{Device: s.Device, Sealing: s.Sealing, TelematikID: q.TelematikID}, q.Workplace, nil, time.Hour, v.n.home.Now()))
}

func (v *visitor) present(a *checkin.Attempt) (*checkin.Outcome, error) {
	ctx := hosttest.Within(v.t)
	s, err := a.Begin(ctx, v.host)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var response []byte
	for {
		step, outcome, err := s.Next(ctx, response)
		if err != nil || outcome != nil {
			return outcome, err
		}
		response = must(v.card.Transmit(ctx, step.Command))
	}
}

func (v *visitor) letter(a *checkin.Attempt) []byte {
	v.t.Helper()
	d := egk.NewDialogue(a.Nonce(), egk.Options{})
	if err := egk.Run(context.Background(), v.card, d); err != nil {
		v.t.Fatal(err)
	}
	return must(a.Mail(d.Answers()))
}

// atNoon turns the clock to noon of tomorrow, so that today is the same day for the whole test.
func atNoon(clock *testnet.Clock) {
	now := booking.InZone(clock.Now())
	clock.Advance(booking.StartOfDay(now).AddDate(0, 0, 1).Add(12 * time.Hour).Sub(now))
}

// A code is made, somebody checks in by it, and reception sees who it is, with their appointment of today and a token that holds.
func TestCheckIn(t *testing.T) {
	clock := &testnet.Clock{}
	atNoon(clock)
	net := testnet.New(t, testnet.Config{})
	n := start(t, net, net.File, clock)
	for _, workplace := range []string{"REZEPTION-2", "REZEPTION-1", "REZEPTION-2", ""} {
		must(n.checkinCode(t.Context(), control.CheckinCodeOf{Workplace: workplace}))
	}
	if list := must(n.listWorkplaces(t.Context())); len(list) != 2 || list[0] != "REZEPTION-1" || list[1] != "REZEPTION-2" {
		t.Errorf("%q", list)
	}
	code := must(n.checkinCode(t.Context(), control.CheckinCodeOf{Workplace: "REZEPTION-1"}))
	if !code.Test || code.Listed || code.Workplace != "REZEPTION-1" || code.Details.Name != cologne.Name {
		t.Errorf("%+v", code)
	}
	must(n.setListing(t.Context(), control.Listing{Listed: true}))
	if again := must(n.checkinCode(t.Context(), control.CheckinCodeOf{Workplace: "REZEPTION-1"})); !again.Listed || again.Text != code.Text {
		t.Errorf("%+v", again)
	}
	later := control.SlotsAdd{Day: clock.Now().Format(time.DateOnly), From: "15:00", To: "15:20", Every: "10m", Vaccine: "comirnaty"}
	slots := must(n.addSlots(t.Context(), later))
	booked := must(n.bookByPhone(t.Context(), control.Phone{Appointments: slots.IDs[:1], Name: "Müller, Erika", BirthDate: "1950-03-01"}))

	v := newVisitor(t, n, 1, "Erika Mueller", "X110540756")
	changed := n.Changes().Next()
	a := v.attempt(code.Text)
	o, err := v.present(a)
	if err != nil || o.State != popp.Success {
		t.Fatalf("%+v %v", o, err)
	}
	select {
	case <-changed:
	default:
		t.Error("pages were not woken")
	}
	list := must(n.listArrivals(t.Context(), control.ArrivalsQuery{}))
	if len(list) != 1 || list[0].ID != a.ID() || list[0].Workplace != "REZEPTION-1" || list[0].KVNR != "X110540756" || list[0].Kind != "presence" ||
		list[0].Pair != "unknown" || list[0].Late || len(list[0].Bookings) != 1 || list[0].Bookings[0].ID != booked.ID {
		t.Fatalf("%+v", list)
	}
	for _, q := range []control.ArrivalsQuery{{Workplace: "REZEPTION-2"}, {Since: clock.Now().Add(time.Minute)}} {
		if other := must(n.listArrivals(t.Context(), q)); len(other) != 0 {
			t.Errorf("%+v: %+v", q, other)
		}
	}
	seen := must(n.seeArrival(t.Context(), control.ArrivalName{ID: a.ID()}))
	if seen.Seen.IsZero() {
		t.Errorf("%+v", seen)
	}
	if called := must(n.seeArrival(t.Context(), control.ArrivalName{ID: a.ID(), Undo: true})); !called.Seen.IsZero() {
		t.Errorf("taken back, and still called: %+v", called)
	}
	must(n.seeArrival(t.Context(), control.ArrivalName{ID: a.ID()}))
	n.verifyToken(t, a.ID())

	// The same after a restart, and somebody else by mail, who was here while the practice was not.
	stop(t, n)
	n = start(t, net, "", clock)
	w := newVisitor(t, n, 2, "Max Beispiel", "X110639491")
	b := w.attempt(must(n.checkinCode(t.Context(), control.CheckinCodeOf{})).Text)
	clock.Advance(10 * time.Minute)
	m, err := n.openedDesk().handleMail(t.Context(), w.letter(b))
	if err != nil || m.Message == nil || m.Box != [32]byte(b.Box().Public().(ed25519.PublicKey)) {
		t.Fatalf("%+v %v", m, err)
	}
	if o, err := b.Take(m.Message); err != nil || o.State != popp.Success {
		t.Errorf("%+v %v", o, err)
	}
	list = must(n.listArrivals(t.Context(), control.ArrivalsQuery{}))
	if len(list) != 2 || list[0].ID != b.ID() || !list[0].Late || list[0].Bookings != nil || list[1].Seen.IsZero() {
		t.Errorf("%+v", list)
	}
	n.verifyToken(t, b.ID())
}

// verifyToken checks a token as the practice's other programs do, who know the network's roots.
func (n *Node) verifyToken(t *testing.T, id string) {
	t.Helper()
	token := must(n.arrivalToken(t.Context(), control.ArrivalName{ID: id}))
	keys := must(popp.ParseKeySet(must(n.presenceKeys(t.Context()))))
	got, err := popp.Verify(token.Token, keys, popp.Rules{At: n.home.Now(), Actor: popp.TelematikID(n.licence().TelematikID)})
	if err != nil || got.Presence.ID != id || token.Kind != string(popp.KindPresence) {
		t.Fatalf("%+v %v", got, err)
	}
	if _, err := popp.CheckEnrolment(got, keys, n.home.Network.Get().CardRoots(), n.home.Now()); err != nil {
		t.Error(err)
	}
}

// While nothing may be offered nobody checks in: streams are told so, letters wait.
func TestCheckInClosed(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := start(t, net, net.File, clock)
	v := newVisitor(t, n, 1, "Erika Muster", "X110540756")
	code := must(n.checkinCode(t.Context(), control.CheckinCodeOf{}))
	a := v.attempt(code.Text)
	letter := v.letter(a)
	device := signed(n).Device
	next := net.Next(func(b *network.Bundle) { b.Revoked = [][32]byte{device} })
	if _, err := n.home.Network.Offer(must(os.ReadFile(net.Sign(next)))); err != nil {
		t.Fatal(err)
	}
	if _, err := v.present(a); !errors.Is(err, checkin.ErrClosed) {
		t.Errorf("%v", err)
	}
	if m, err := n.openedDesk().handleMail(t.Context(), letter); err != nil || m.Message != nil || !m.RetryAt.After(clock.Now()) {
		t.Errorf("%+v %v", m, err)
	}
	if _, err := n.checkinCode(t.Context(), control.CheckinCodeOf{}); control.KindOf(err) != control.KindConflict {
		t.Errorf("%v", err)
	}
}

// A card that was revoked in the network file is not taken from then on.
func TestRevokedPatientCard(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := start(t, net, net.File, clock)
	v := newVisitor(t, n, 1, "Erika Muster", "X110540756")
	code := must(n.checkinCode(t.Context(), control.CheckinCodeOf{}))
	if o, err := v.present(v.attempt(code.Text)); err != nil || o.State != popp.Success {
		t.Fatalf("%+v %v", o, err)
	}
	d := egk.NewDialogue(egk.Nonce{}, egk.Options{})
	if err := egk.Run(t.Context(), v.card, d); err != nil {
		t.Fatal(err)
	}
	who := must(d.Answers().Verify(egk.Nonce{}, must(n.home.Network.Get().PatientCards()), clock.Now()))
	next := net.Next(func(b *network.Bundle) { b.RevokedCards = [][32]byte{who.X509} })
	if _, err := n.home.Network.Offer(must(os.ReadFile(net.Sign(next)))); err != nil {
		t.Fatal(err)
	}
	o, err := v.present(v.attempt(code.Text))
	if err != nil || o.State != popp.Canceled || o.Reason != control.CodeCardBlocked {
		t.Errorf("%+v %v", o, err)
	}
}

func TestCheckInMethodsRefuse(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := start(t, net, net.File, clock)
	for name, c := range map[string]struct {
		call func() error
		kind control.Kind
		code string
	}{
		"no id": {func() error { _, err := n.seeArrival(t.Context(), control.ArrivalName{ID: "x"}); return err }, control.KindUsage, control.CodeNoCheckin},
		"no arrival": {func() error {
			_, err := n.seeArrival(t.Context(), control.ArrivalName{ID: checkin.NewID().String()})
			return err
		}, control.KindNotFound, control.CodeNoCheckin},
		"no token": {func() error {
			_, err := n.arrivalToken(t.Context(), control.ArrivalName{ID: checkin.NewID().String()})
			return err
		}, control.KindNotFound, control.CodeNoCheckin},
		"no workplace": {func() error {
			_, err := n.checkinCode(t.Context(), control.CheckinCodeOf{Workplace: "a/b"})
			return err
		}, control.KindUsage, control.CodeWorkplace},
	} {
		if err := c.call(); control.KindOf(err) != c.kind || control.CodeOf(err) != c.code {
			t.Errorf("%s: %v %q", name, err, control.CodeOf(err))
		}
	}
	for range maxWorkplaces {
		must(n.checkinCode(t.Context(), control.CheckinCodeOf{Workplace: checkin.NewID().String()}))
	}
	if _, err := n.checkinCode(t.Context(), control.CheckinCodeOf{Workplace: "one more"}); control.CodeOf(err) != control.CodeWorkplace {
		t.Errorf("%v", err)
	}
	if list := must(n.listWorkplaces(t.Context())); len(list) != maxWorkplaces {
		t.Errorf("%d workplaces", len(list))
	}
}

func TestFoldName(t *testing.T) {
	for _, c := range [][2]string{
		{"Erika Müller", "Mueller, Erika"}, {"ERIKA MÜLLER", "erika müller"}, {"Karl-Heinz Groß", "Heinz Karl Gross"},
		{"Erika Mustermann TEST-ONLY", "Erika Mustermann"}, {"Hermann Graf SebastianTEST-ONLY", "Graf Sebastian Hermann"},
	} {
		if foldName(c[0]) != foldName(c[1]) {
			t.Errorf("%q is %q, %q is %q", c[0], foldName(c[0]), c[1], foldName(c[1]))
		}
	}
	if foldName("Erika Müller") == foldName("Erika Muster") {
		t.Error("two names are one")
	}
}

// A GesundheitsID that is half set up keeps the practice from starting; one that is set up asks nobody before somebody logs in.
func TestLoginSettings(t *testing.T) {
	net := testnet.New(t, testnet.Config{})
	cfg := Config{Home: net.Home("p"), Network: net.File, Secret: store.KeyFile(), Details: cologne, Listen: loopback}
	cfg.HealthID.Providers = []control.Insurer{{ID: "https://idp.example", Name: "Kasse"}} // without a client id
	if n, err := Start(t.Context(), cfg); err == nil {
		_ = n.Close()
		t.Error("it started")
	}
	cfg.HealthID.ClientID = "practice"
	n, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	stop(t, n)
}
