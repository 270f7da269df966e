package network

import (
	"bytes"
	"errors"
	"testing"

	"pieks/card/cvc"
	"pieks/card/egk"
)

// cvcRoot is a root of CV certificates of a test PKI.
func cvcRoot(t testing.TB, seed byte) []byte {
	t.Helper()
	pki, err := cvc.NewTestPKI([32]byte{seed}, noon)
	if err != nil {
		t.Fatal(err)
	}
	return pki.Root()
}

// A test network trusts the virtual cards of its own CA, and what its file names besides; a card of another CA's is nobody's.
func TestPatientCards(t *testing.T) {
	made := fixtureOf(t)
	b := made.Bundle.Next()
	b.CVCRoots = [][]byte{cvcRoot(t, 9)}
	trust, err := b.PatientCards()
	if err != nil || len(trust.CVC) != 2 || !bytes.Equal(trust.CVC[0].Raw, b.CVCRoots[0]) {
		t.Fatalf("%d roots, %v", len(trust.CVC), err)
	}
	for name, c := range map[string]struct {
		seed byte
		good bool
	}{"of this network": {0, true}, "of another": {8, false}} {
		pki, err := b.TestPatients(noon)
		if !c.good {
			pki, err = egk.TestPKIOf(testCA(t, c.seed), noon)
		}
		if err != nil {
			t.Fatal(err)
		}
		ch, err := egk.NewVirtual(pki, egk.VirtualOptions{Now: noon})
		if err != nil {
			t.Fatal(err)
		}
		d := egk.NewDialogue(egk.Nonce{1}, egk.Options{})
		if err := egk.Run(t.Context(), ch, d); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Answers().Verify(egk.Nonce{1}, trust, noon); (err == nil) != c.good {
			t.Errorf("a card %s: %v", name, err)
		}
	}
	b.Test = nil
	if _, err := b.TestPatients(noon); !errors.Is(err, ErrNoTest) {
		t.Errorf("cards are made in a real network: %v", err)
	}
	if trust, err := b.PatientCards(); err != nil || len(trust.CVC) != 1 {
		t.Errorf("a real network: %d roots, %v", len(trust.CVC), err)
	}
}
