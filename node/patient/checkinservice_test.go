package patient

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"net"
	"testing"
	"time"

	"pieks/card/egk"
	"pieks/node/checkin/healthid"
	"pieks/node/checkin/healthid/testidp"
	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/client"
	"pieks/node/checkin/popp/service"
	"pieks/node/checkin/popp/zeta"
	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/store"
)

// town is a double of a PoPP service with one pharmacy, and a node that goes by it. It trusts the cards of the test network.
type town struct {
	*service.Service
	n     *Node
	idp   *testidp.Running
	pairs *egk.PairList
	net   *testnet.Net
	clock *testnet.Clock
	cfg   CheckinConfig

	pharmacy *client.Practice // its own program
}

func newTown(t *testing.T) *town {
	t.Helper()
	w := &town{net: testnet.New(t, testnet.Config{Good: 28 * 24 * time.Hour}), clock: &testnet.Clock{}, pairs: &egk.PairList{}}
	var err error
	w.idp, err = testidp.Start(testidp.Config{Now: w.clock.Now})
	check(t, err)
	t.Cleanup(w.idp.Close)
	insurers := healthid.Config{List: w.idp.List(), ClientID: "popp", Now: w.clock.Now}
	login, err := healthid.New(insurers)
	check(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	trust, err := w.net.Bundle.PatientCards()
	check(t, err)
	trust.Pairs = w.pairs
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	url := "http://" + listener.Addr().String()
	w.Service, err = service.New(service.Config{
		Issuer: url, Trust: trust, Login: service.HealthID(login), Now: w.clock.Now, GiveUp: 48 * time.Hour,
		Practices: []service.Practice{{TelematikID: pharmacy, Profession: "1.2.276.0.76.4.54", Key: &key.PublicKey}},
		Directory: func(context.Context, string) ([]byte, error) { return []byte(pharmacyBundle), nil },
	})
	check(t, err)
	server := w.Server()
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-served })
	guard, err := zeta.New(zeta.Config{Scope: "token:generate", Subject: service.Subject(pharmacy, key, w.clock.Now), Now: w.clock.Now})
	check(t, err)
	w.pharmacy, err = client.NewPractice(client.Config{FQDN: url, ZETA: guard})
	check(t, err)
	w.cfg = CheckinConfig{Service: ServiceConfig{URL: url}, HealthID: insurers}
	w.start(t)
	return w
}

func (w *town) start(t *testing.T) {
	t.Helper()
	var err error
	w.n, err = Start(t.Context(), Config{Home: w.net.Home("a"), Network: w.net.File, Secret: store.KeyFile(), Now: w.clock.Now, Checkin: w.cfg})
	check(t, err)
	t.Cleanup(func() { _ = w.n.Close() })
}

// list has the insurer tell the service of the virtual card.
func (w *town) list(t *testing.T) {
	t.Helper()
	virtual, err := w.n.checkins.virtualPatient(control.CheckinVirtual{})
	check(t, err)
	check(t, w.pairs.Add(sha256.Sum256(virtual.EndEntity), sha256.Sum256(virtual.X509)))
}

// An institution that is not in the mesh, through the service: card and GesundheitsID, at once and later.
func TestCheckinThroughAService(t *testing.T) {
	w := newTown(t)
	w.list(t)
	w.SetOnline(pharmacy, true)
	target, err := w.n.checkins.scan(t.Context(), control.CheckinScan{Text: `{"tid":"` + pharmacy + `","typ":"popp-checkin","wpid":"HV-1"}`})
	check(t, err)
	if len(target.Institutions) != 1 {
		t.Fatalf("%+v", target)
	}
	if i := target.Institutions[0]; i.Origin != "vzd" || i.Mesh || i.Place != "Frankfurt am Main" {
		t.Fatalf("%+v", i)
	}
	begin := control.CheckinBegin{TelematikID: pharmacy, Workplace: "HV-1"}
	s := agreed(t, w.n, begin)
	done := tapped(t, w.n, s.ID)
	if done.State != control.CheckinStateSuccess || done.Via != viaService || !popp.IsUUID(done.Record) || done.Message != "" {
		t.Errorf("%+v", done)
	}
	s = agreed(t, w.n, begin)
	if done, err = loggedIn(t, w.n, s.ID, w.idp.Issuer, 0); err != nil || done.State != control.CheckinStateSuccess || done.Proof != control.ProofHealthID {
		t.Errorf("%+v %v", done, err)
	}

	w.SetOnline(pharmacy, false)
	s = agreed(t, w.n, begin)
	if done = tapped(t, w.n, s.ID); done.State != control.CheckinStatePending || done.Message == "" {
		t.Errorf("%+v", done)
	}
	check(t, w.n.Close())
	w.start(t)
	testnet.Until(t, "it asks the service again", func() bool {
		e, err := w.n.checkins.find(s.ID)
		return err == nil && e.tryTurn() && func() bool { defer e.endTurn(); return !e.asked.IsZero() }()
	})
	check(t, w.pharmacy.Init(t.Context()))
	got, err := w.pharmacy.Pull(t.Context(), pharmacy)
	if err != nil || len(got) != 3 || got[2].Workplace != "HV-1" {
		t.Errorf("%d tokens: %v", len(got), err)
	}
	w.clock.Advance(askPendingAgain)
	now, err := w.n.checkins.status(t.Context(), control.CheckinName{ID: s.ID})
	if err != nil || now.State != control.CheckinStateSuccess {
		t.Errorf("%+v %v", now, err)
	}

	// The service gives up in its own time (T28).
	w.SetOnline(pharmacy, false)
	s = agreed(t, w.n, begin)
	tapped(t, w.n, s.ID)
	w.clock.Advance(49 * time.Hour)
	if now, err = w.n.checkins.status(t.Context(), control.CheckinName{ID: s.ID}); err != nil || now.State != control.CheckinStateCanceled || now.Message == "" {
		t.Errorf("%+v %v", now, err)
	}
}

// What the service says against a card ends the check-in; what it says against the dialogue does not.
func TestServiceRefuses(t *testing.T) {
	w := newTown(t)
	w.SetOnline(pharmacy, true)
	begin := control.CheckinBegin{TelematikID: pharmacy}
	s := agreed(t, w.n, begin)
	if done := tapped(t, w.n, s.ID); done.State != control.CheckinStateCanceled || done.Why != control.CodeCardUnproven {
		t.Errorf("a card that nobody listed: %+v", done)
	}
	w.list(t)
	s = agreed(t, w.n, begin)
	_, err := dialogueWith(t.Context(), w.n, s.ID, func(step int, response []byte) []byte {
		if step == 4 {
			return []byte{0x69, 0x82}
		}
		return response
	})
	if control.CodeOf(err) != control.CodeCardRefused {
		t.Errorf("%v", err)
	}
	if done := tapped(t, w.n, s.ID); done.State != control.CheckinStateSuccess {
		t.Errorf("%+v", done)
	}
	s = agreed(t, w.n, begin)
	if _, err := loggedIn(t, w.n, s.ID, w.idp.Issuer, -1); control.CodeOf(err) != control.CodeLogin {
		t.Errorf("declined: %v", err)
	}
}

// A service that is not there, or wants something else, is said to be so, and the check-in stays.
func TestNoService(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	url, requests := listener(t)
	n, err := Start(t.Context(), Config{
		Home: net.Home("a"), Network: net.File, Secret: store.KeyFile(), Now: clock.Now,
		Checkin: CheckinConfig{Service: ServiceConfig{URL: url, Compat: client.OpenAPI}, Directory: "https://directory.example", Transport: &asked{t: t}},
	})
	check(t, err)
	t.Cleanup(func() { _ = n.Close() })
	s := agreed(t, n, control.CheckinBegin{TelematikID: pharmacy})
	if _, err := n.checkins.card(t.Context(), control.CheckinAnswer{ID: s.ID}); control.CodeOf(err) != control.CodeCheckinService || requests.Load() == 0 {
		t.Errorf("%v after %d requests", err, requests.Load())
	}
	now, err := n.checkins.status(t.Context(), control.CheckinName{ID: s.ID})
	if err != nil || now.State != control.CheckinStateProof || now.Why != control.CodeCheckinService {
		t.Errorf("%+v %v", now, err)
	}
	check(t, n.Close())
	without, err := Start(t.Context(), Config{
		Home: net.Home("b"), Network: net.File, Secret: store.KeyFile(), Now: clock.Now,
		Checkin: CheckinConfig{Directory: "https://directory.example", Transport: &asked{t: t}},
	})
	check(t, err)
	t.Cleanup(func() { _ = without.Close() })
	if _, err := without.checkins.begin(t.Context(), control.CheckinBegin{TelematikID: pharmacy}); control.CodeOf(err) != control.CodeCheckinService {
		t.Errorf("%v", err)
	}
}
