package egk

import (
	"time"

	"pieks/card"
	"pieks/card/cvc"
)

// TestPKI certifies virtual cards of insured persons: an X.509 CA and a CVC root with its Sub-CA.
type TestPKI struct {
	CA  *card.TestCA
	CVC *cvc.TestPKI
}

// TestPKIOf is the PKI of a test network: its CVC root follows from the key of its card CA, which its bundle carries. Roots of different days differ
// in their validity alone.
func TestPKIOf(ca *card.TestCA, now time.Time) (*TestPKI, error) {
	certifier, err := ca.CVC(now)
	if err != nil {
		return nil, err
	}
	return &TestPKI{CA: ca, CVC: certifier}, nil
}

// Trust is what trusts its cards.
func (p *TestPKI) Trust() Trust {
	t := Trust{Roots: card.Roots{CAs: [][]byte{p.CA.Certificate()}}}
	if root, err := cvc.Parse(p.CVC.Root()); err == nil {
		t.CVC = append(t.CVC, root)
	}
	return t
}

// VirtualOptions of a virtual eGK. The zero value is a good card with gematik's published test identity X110540756.
type VirtualOptions struct {
	Seed [32]byte // of its keys and serial number
	Name string
	KVNR string
	IK   string
	Now  time.Time // valid from the day before, for two years; zero: the first of 2026
}

const (
	usualName = "Erika Mustermann"
	usualKVNR = "X110540756" // popp.md 7.1
	usualIK   = "109500969"
)

// NewVirtual makes a card with contacts that proves itself; pace.Contactless makes one without of it.
func NewVirtual(p *TestPKI, o VirtualOptions) (*card.Virtual, error) {
	patient, err := NewPatient(p, o)
	if err != nil {
		return nil, err
	}
	return card.VirtualPatient(patient)
}

// NewPatient makes what NewVirtual's card carries, for who wants to change it.
func NewPatient(p *TestPKI, o VirtualOptions) (card.Patient, error) {
	now := o.Now.UTC()
	if now.IsZero() {
		now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	from := now.Truncate(time.Second).AddDate(0, 0, -1)
	return card.NewPatient(p.CA, p.CVC, card.Holder{
		Name: orElse(o.Name, usualName), TelematikID: orElse(o.KVNR, usualKVNR), Insurer: orElse(o.IK, usualIK),
		NotBefore: from, NotAfter: from.AddDate(2, 0, 0),
	}, o.Seed)
}

func orElse(given, usual string) string {
	if given == "" {
		return usual
	}
	return given
}
