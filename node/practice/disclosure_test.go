package practice

import (
	"errors"
	"testing"
	"time"

	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/card"
	"pieks/gossip"
	"pieks/node/admission"
	"pieks/node/control"
	"pieks/node/disclosure"
	"pieks/node/home/testnet"
	"pieks/node/host"
	"pieks/store"
)

// serveDisclosures is the first relay of the network, as far as a disclosure needs it, and a patient's host that is connected to it.
func serveDisclosures(t *testing.T, net *testnet.Net, clock *testnet.Clock) (relay peer.ID, patient libhost.Host) {
	t.Helper()
	st, err := store.Open(t.Context(), store.Options{Dir: t.TempDir(), Role: "relay", Secret: store.KeyFile(), Create: true, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	policy := policyOf(t, net)
	roots := func() card.Roots { return net.Bundle.CardRoots() }
	guests := admission.New(admission.Config{Policy: func() *gossip.Policy { return policy }, Roots: roots, Now: clock.Now})
	var addrs []string
	for _, r := range net.Bundle.Relays {
		if r.Peer == net.Relays[0].Peer {
			addrs = r.Addrs
		}
	}
	h, err := host.Relay(net.Relays[0].Identity, &host.Gate{}, addrs, guests, &host.Meter{})
	if err != nil {
		t.Fatal(err)
	}
	server, err := disclosure.Serve(disclosure.Config{
		Host: h, Store: st, Key: net.Relays[0].Identity, Roots: roots, Now: clock.Now,
		Professional: func(id peer.ID) bool { return guests.KindOf(id) == admission.Desk },
	})
	if err != nil {
		t.Fatal(err)
	}
	guests.Serve(h)
	if patient, err = host.Patient(&host.Gate{}, false); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(host.Close(patient), guests.Close(), server.Close(), host.Close(h), st.Close()); err != nil {
			t.Error(err)
		}
	})
	if err := host.Connect(t.Context(), patient, peer.AddrInfo{ID: h.ID(), Addrs: h.Addrs()}); err != nil {
		t.Fatal(err)
	}
	return h.ID(), patient
}

// A professional looks a code up, the card signs what the node says, and the patient finds its signature at the relay.
func TestSignForADisclosure(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	relay, patient := serveDisclosures(t, net, clock)
	n := start(t, net, net.File, clock)
	consent, _, err := disclosure.Begin(t.Context(), patient, relay, []byte("what was found"))
	if err != nil {
		t.Fatal(err)
	}
	qr, err := disclosure.QR(relay, consent.Code, consent.Commitment())
	if err != nil {
		t.Fatal(err)
	}
	for form, code := range map[string]string{"digits": consent.Code.Digits(), "words": consent.Code.Words(), "qr": qr} {
		draft, err := n.lookUp(t.Context(), control.DiscloseCode{Code: code})
		if err != nil {
			t.Fatalf("%s: %v", form, err)
		}
		if draft.Scanned != (form == "qr") || !draft.Virtual || draft.Until.Sub(clock.Now()) > disclosure.Lifetime {
			t.Errorf("%s: %+v", form, draft)
		}
		signed, err := n.deliverSigned(t.Context(), control.DiscloseSigned{ID: draft.ID, Virtual: true})
		if err != nil || signed.State != "signed" || signed.By == "" {
			t.Fatalf("%s: %+v %v", form, signed, err)
		}
		cms, err := disclosure.Collect(t.Context(), patient, relay, consent)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := consent.Check(cms, relay, net.Bundle.CardRoots(), clock.Now()); err != nil {
			t.Errorf("%s: the patient does not take it: %v", form, err)
		}
	}
	if list := must(n.signedDisclosures(t.Context())); len(list) != 3 {
		t.Errorf("%+v", list)
	}
}

// What the relay has put under a reference is held against the QR code before anything can be signed.
func TestSwappedUnderAQRCode(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	relay, patient := serveDisclosures(t, net, clock)
	n := start(t, net, net.File, clock)
	swapped, _, err := disclosure.Begin(t.Context(), patient, relay, []byte("what an attacker wants signed"))
	if err != nil {
		t.Fatal(err)
	}
	victim, err := disclosure.NewConsent([]byte("what the patient consented to"))
	if err != nil {
		t.Fatal(err)
	}
	qr, err := disclosure.QR(relay, swapped.Code, victim.Commitment())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.lookUp(t.Context(), control.DiscloseCode{Code: qr}); !errors.Is(err, disclosure.ErrSwapped) || control.KindOf(err) != control.KindConflict {
		t.Errorf("%v", err)
	}
	if len(n.drafts.all) != 0 {
		t.Error("there is something to sign")
	}
}

func TestCodesThatCannotBeSigned(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	relay, patient := serveDisclosures(t, net, clock)
	n := start(t, net, net.File, clock)
	consent, until, err := disclosure.Begin(t.Context(), patient, relay, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		code string
		want control.Kind
	}{
		"nothing": {"", control.KindUsage}, "typo": {"123456-7890-9", control.KindUsage}, "words": {"eins zwei", control.KindUsage},
		"nobody's": {(consent.Code ^ 1<<20).Digits(), control.KindNotFound},
	} {
		if _, err := n.lookUp(t.Context(), control.DiscloseCode{Code: test.code}); control.KindOf(err) != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	draft, err := n.lookUp(t.Context(), control.DiscloseCode{Code: consent.Code.Digits()})
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]control.DiscloseSigned{
		"another draft": {ID: "0123456789abcdef", Virtual: true}, "noise": {ID: draft.ID, CMS: make([]byte, 900)}, "nothing": {ID: draft.ID},
	} {
		if _, err := n.deliverSigned(t.Context(), in); err == nil {
			t.Errorf("%s is delivered", name)
		}
	}
	clock.Advance(until.Sub(clock.Now()) + time.Second)
	if _, err := n.deliverSigned(t.Context(), control.DiscloseSigned{ID: draft.ID, Virtual: true}); !errors.Is(err, disclosure.ErrExpired) {
		t.Errorf("one second too late: %v", err)
	}
	if _, err := n.lookUp(t.Context(), control.DiscloseCode{Code: consent.Code.Digits()}); !errors.Is(err, disclosure.ErrUnknown) {
		t.Errorf("looked up too late: %v", err)
	}
}
