package practice

import (
	"crypto/sha256"
	"errors"
	"slices"
	"testing"
	"time"

	"pieks/card"
	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/store"
)

// inserted is a virtual card, and the CA that a network has to trust for it.
func inserted(t *testing.T, kind card.Kind, o card.VirtualOptions) (card.Card, []byte) {
	t.Helper()
	virtual, ca, err := card.NewVirtualOf(kind, o)
	if err != nil {
		t.Fatal(err)
	}
	c, err := card.Open(t.Context(), virtual)
	if err != nil {
		t.Fatal(err)
	}
	return c, ca.Certificate()
}

// sign is what pieks card enrol does: it shows the card to the node, has it sign, and brings back what it signed.
func sign(t *testing.T, n *Node, c card.Card) (cms []byte, err error) {
	t.Helper()
	begun, err := n.beginEnrolment(t.Context(), control.EnrolmentBegin{Certificate: must(c.Certificate(t.Context()))})
	if err != nil {
		return nil, err
	}
	s, err := card.ParseContent(begun.Content)
	if err != nil {
		return nil, err
	}
	return card.Enrol(t.Context(), c, card.VirtualPIN, s, n.home.Now())
}

// A practice waits for its card, offers once the card has signed, is reminded two weeks before the end, renews, and stops when it does not.
func TestEnrolmentByCard(t *testing.T) {
	for _, kind := range []card.Kind{card.SMCB, card.HBA, card.PIV} {
		t.Run(string(kind), func(t *testing.T) {
			c, ca := inserted(t, kind, card.VirtualOptions{})
			clock := &testnet.Clock{}
			net := testnet.New(t, testnet.Config{Real: true, Roots: [][]byte{ca}, Good: 30 * 24 * time.Hour})
			n := start(t, net, net.File, clock)
			if err := n.usable(); !errors.Is(err, ErrLicence) {
				t.Fatalf("before: %v", err)
			}
			cms, err := sign(t, n, c)
			if err != nil {
				t.Fatal(err)
			}
			e, err := n.finishEnrolment(t.Context(), control.EnrolmentFinish{CMS: cms})
			if err != nil || e.State != "enrolled" || e.TelematikID == "" || n.usable() != nil {
				t.Fatalf("%+v %v", e, err)
			}
			if missing, urgent := n.missing(); len(missing) == 0 || !urgent {
				t.Error("buys no passes")
			}
			if len(n.deskRelays()) == 0 {
				t.Error("goes to no relay")
			}
			stop(t, n)
			n = start(t, net, "", clock)
			if err := n.usable(); err != nil {
				t.Fatalf("after a restart: %v", err)
			}
			clock.Advance(enrolmentLife - renewBefore)
			if e := must(n.showEnrolment(t.Context())); e.State != "due" {
				t.Errorf("two weeks before the end: %+v", e)
			}
			clock.Advance(renewBefore)
			if e := must(n.showEnrolment(t.Context())); e.State != "none" || e.Reason != card.ErrStatementExpired.Error() {
				t.Errorf("after the end: %+v", e)
			}
		})
	}
}

// Renewing in time moves the end; what was signed for something else, or by a card of somebody else, changes nothing.
func TestEnrolmentsThatAreNotTaken(t *testing.T) {
	c, ca := inserted(t, card.SMCB, card.VirtualOptions{})
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{Real: true, Roots: [][]byte{ca}, Good: 30 * 24 * time.Hour})
	n := start(t, net, net.File, clock)
	first, err := sign(t, n, c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.finishEnrolment(t.Context(), control.EnrolmentFinish{CMS: first}); err != nil {
		t.Fatal(err)
	}
	before := must(n.showEnrolment(t.Context()))
	patient, patientCA := inserted(t, card.EGK, card.VirtualOptions{})
	foreign, _ := inserted(t, card.SMCB, card.VirtualOptions{CASeed: [32]byte{9}})
	nurse, _ := inserted(t, card.SMCB, card.VirtualOptions{Profession: "1.2.276.0.76.4.234"})
	for name, test := range map[string]struct {
		card card.Card
		want error
	}{
		"a patient's card": {patient, card.ErrPatientCard}, "another CA's": {foreign, card.ErrUntrusted}, "another profession's": {nurse, card.ErrProfession},
	} {
		_, err := n.beginEnrolment(t.Context(), control.EnrolmentBegin{Certificate: must(test.card.Certificate(t.Context()))})
		if !errors.Is(err, test.want) && !(name == "another CA's" && errors.Is(err, card.ErrCertificateSignature)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if slices.Equal(patientCA, ca) {
		t.Fatal("patients' cards have the practices' CA")
	}
	other := n.identity.statement(clock.Now().Add(-enrolmentLead))
	other.Device = [32]byte(sha256.Sum256([]byte("another computer")))
	elsewhere := must(card.Enrol(t.Context(), c, card.VirtualPIN, other, clock.Now()))
	clock.Advance(time.Hour)
	for name, cms := range map[string][]byte{"old": first, "of another computer": elsewhere, "nothing": nil, "noise": make([]byte, 900)} {
		if _, err := n.finishEnrolment(t.Context(), control.EnrolmentFinish{CMS: cms}); control.KindOf(err) != control.KindConflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := must(n.showEnrolment(t.Context())); after != before {
		t.Errorf("%+v\n%+v", before, after)
	}
	again, err := sign(t, n, c)
	if err != nil {
		t.Fatal(err)
	}
	renewed, err := n.finishEnrolment(t.Context(), control.EnrolmentFinish{CMS: again})
	if err != nil || !renewed.NotAfter.After(before.NotAfter) {
		t.Errorf("%+v %v", renewed, err)
	}
}

// A home without the network's other nodes keeps its enrolment when the details stay, and wants the card when they change.
func TestChangedDetailsWantTheCard(t *testing.T) {
	c, ca := inserted(t, card.SMCB, card.VirtualOptions{})
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{Real: true, Roots: [][]byte{ca}})
	n := start(t, net, net.File, clock)
	if _, err := n.finishEnrolment(t.Context(), control.EnrolmentFinish{CMS: must(sign(t, n, c))}); err != nil {
		t.Fatal(err)
	}
	stop(t, n)
	moved := cologne
	moved.Street = "Ringstr. 2"
	n, err := Start(t.Context(), Config{Home: net.Home("p"), Secret: store.KeyFile(), Details: moved, Listen: loopback, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if err := n.usable(); !errors.Is(err, ErrOtherDetails) {
		t.Errorf("%v", err)
	}
}
