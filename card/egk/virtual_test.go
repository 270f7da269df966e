package egk

import (
	"bytes"
	"testing"
	"time"

	"pieks/card"
)

// TestVirtual is the whole way with a card that is good in every respect.
func TestVirtual(t *testing.T) {
	p := testPatient(t)
	for _, o := range []Options{{}, {WithoutGDO: true}} {
		a := answersOf(t, p, o)
		if o.WithoutGDO != (a.GDO == nil) {
			t.Fatal("EF.GDO")
		}
		who, err := a.Verify(testNonce, testPKI.Trust(), testNow)
		if err != nil {
			t.Fatal(err)
		}
		if who.KVNR != "X110540756" || who.IK != "109500969" || who.Name != "Erika Mustermann TEST-ONLY" || who.Pair != Unknown ||
			!bytes.Equal(who.ICCSN, p.GDO[2:]) || !who.NotBefore.Equal(testNow.AddDate(0, 0, -1)) || !who.NotAfter.Equal(testNow.AddDate(2, 0, -1)) {
			t.Fatalf("%+v", who)
		}
	}
}

// TestVirtualOfNetwork: a card made by kind, as "pieks card virtual --kind egk" makes it, is trusted by the PKI of its CA, made on another day.
func TestVirtualOfNetwork(t *testing.T) {
	for name, ca := range map[string]*card.TestCA{"own": nil, "network's": testPKI.CA} {
		v, ca, err := card.NewVirtualOf(card.EGK, card.VirtualOptions{CA: ca, Now: testNow})
		if err != nil {
			t.Fatal(name, err)
		}
		d := NewDialogue(testNonce, Options{})
		if _, err := drive(t, v, d); err != nil {
			t.Fatal(name, err)
		}
		later := testNow.AddDate(1, 2, 0)
		pki, err := TestPKIOf(ca, later)
		if err != nil {
			t.Fatal(name, err)
		}
		for _, at := range []time.Time{later, later.AddDate(0, 1, 0)} {
			if who, err := d.Answers().Verify(testNonce, pki.Trust(), at); err != nil || who.KVNR != "X110540756" {
				t.Fatal(name, err)
			}
		}
	}
}
