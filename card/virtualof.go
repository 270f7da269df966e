package card

import (
	"fmt"
	"time"
)

// VirtualOptions are what a virtual card of any kind may be given. The zero value makes a good card.
type VirtualOptions struct {
	Seed        [32]byte  // of the card's key; the same seed and options make the same card
	CASeed      [32]byte  // of the key of the CA that certifies it; the same CA for all cards with the same
	CA          *TestCA   // certifies it instead, whatever its name and curve
	Curve       string    // CurveP256 or CurveBrainpool; empty: what real cards of the kind have
	Name        string    // of the holder
	TelematikID string    // or UZI number, or KVNR
	Profession  string    // OID
	PIN         PIN       // empty: VirtualPIN
	Now         time.Time // the certificate is valid from the day before, for two years; zero: the first of 2026
}

// virtualDefaults are the names and numbers of holders that were given none.
var virtualDefaults = map[Kind]Holder{
	HBA:  {Curve: CurveBrainpool, Name: "Dr. Petra Beispiel", TelematikID: "1-HBA-Testkarte-883110000123456"},
	SMCB: {Curve: CurveBrainpool, Name: "Praxis Dr. Beispiel", TelematikID: "1-SMC-B-Testkarte-883110000123456"},
	PIV:  {Curve: CurveP256, Name: "Dr. Petra Beispiel", TelematikID: "1-PIV-Testkarte-883110000123456"},
	UZI:  {Curve: CurveP256, Name: "Dr. Piet Voorbeeld", TelematikID: "900012345"},
	EGK:  {Curve: CurveBrainpool, Name: "Erika Mustermann", TelematikID: "X110540756"},
}

// testCANames are the common names of the CAs of NewVirtualOf. None is TestCAName: that one is a test network's.
var testCANames = map[Kind]string{
	HBA:  "Pieks HBA-CA TEST-ONLY",
	SMCB: "Pieks SMCB-CA TEST-ONLY",
	PIV:  "Pieks PIV-CA TEST-ONLY",
	UZI:  "Pieks " + uziIssuer + " TEST-ONLY",
	EGK:  "Pieks EGK-CA TEST-ONLY",
}

// NewVirtualOf makes a card of any kind and the CA that certified it, each kind and curve having its own. The CA begins with the year
// of Now, so that cards made on different days have the same.
func NewVirtualOf(kind Kind, o VirtualOptions) (*Virtual, *TestCA, error) {
	h, known := virtualDefaults[kind]
	if !known {
		return nil, nil, fmt.Errorf("%w: kind %q", ErrHolder, kind)
	}
	now := o.Now.UTC()
	if now.IsZero() {
		now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	h.Kind, h.Profession, h.PIN = kind, o.Profession, o.PIN
	replaceEmpty(&h.Curve, o.Curve)
	replaceEmpty(&h.Name, o.Name)
	replaceEmpty(&h.TelematikID, o.TelematikID)
	h.NotBefore = now.Truncate(time.Second).Add(-virtualLead)
	h.NotAfter = h.NotBefore.Add(virtualLife)
	ca := o.CA
	if ca == nil {
		var err error
		if ca, err = newTestCAOf(testCANames[kind], h.Curve, o.CASeed, time.Date(now.Year(), 1, 1, 0, 0, 0, 0, time.UTC)); err != nil {
			return nil, nil, err
		}
	}
	v, err := NewVirtual(ca, h, o.Seed)
	return v, ca, err
}

func replaceEmpty(usual *string, given string) {
	if given != "" {
		*usual = given
	}
}
