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

// TestPKIOf is the PKI of a test network: its CVC root follows from the key of its card CA, which its bundle carries.
func TestPKIOf(ca *card.TestCA, now time.Time) (*TestPKI, error) { return nil, errSketch }

// Trust is what trusts its cards.
func (p *TestPKI) Trust() Trust { return Trust{} }

// VirtualOptions of a virtual eGK. The zero value is a good card with gematik's published test identity X110540756.
type VirtualOptions struct {
	Seed [32]byte // of its keys and serial number
	Name string
	KVNR string
	IK   string
	Now  time.Time // valid from the day before, for two years; zero: the first of 2026
}

// NewVirtual makes a card with contacts that proves itself; pace.Contactless makes one without of it.
func NewVirtual(p *TestPKI, o VirtualOptions) (card.Channel, error) { return nil, errSketch }
