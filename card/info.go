package card

import (
	"context"
	"time"
)

// Info is what a card tells without its PIN.
type Info struct {
	Kind            Kind      // what was found on the card
	CertificateType Kind      // what its certificate is; empty: no type that Pieks knows
	Holder          string    // common name
	Profession      string    // OID of the first profession, empty: none
	ProfessionName  string    // as the certificate has it, else in German
	TelematikID     string    // Telematik-ID or UZI number, empty: none
	Issuer          string    // common name of the CA
	NotBefore       time.Time // of the certificate
	NotAfter        time.Time
	Curve           string // CurveP256 or CurveBrainpool
	PINTries        int    // wrong PINs until the card blocks, 0: it is blocked
}

// Inspect reads the card's certificate and PIN status. What the certificate lacks stays empty; whether a network takes it is another
// question.
func Inspect(ctx context.Context, c Card) (Info, error) {
	der, err := c.Certificate(ctx)
	if err != nil {
		return Info{}, err
	}
	certificate, err := ParseCertificate(der)
	if err != nil {
		return Info{}, err
	}
	i := Info{
		Kind: c.Kind(), CertificateType: certificate.Type, Holder: certificate.Subject, Issuer: certificate.Issuer,
		NotBefore: certificate.NotBefore, NotAfter: certificate.NotAfter, Curve: certificate.Curve, TelematikID: certificate.telematikID(),
	}
	for _, p := range certificate.Professions {
		if len(p.OIDs) > 0 {
			i.Profession, i.ProfessionName = p.OIDs[0], p.name(0)
			break
		}
	}
	i.PINTries, err = c.PINTries(ctx)
	return i, err
}
