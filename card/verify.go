package card

import (
	"fmt"
	"slices"
	"time"
)

// Roots is what a network's bundle says about cards.
type Roots struct {
	CAs         [][]byte   // DER of the CA certificates that are trusted as they are; a test network's holds TestCA.Certificate
	Professions []string   // OIDs, dotted, that may offer appointments; DefaultProfessions is a suggestion
	Revoked     [][32]byte // device keys D of practices that were shut out
}

// Licence is what a checked enrolment proves: whose card signed what about which device.
type Licence struct {
	Statement      Statement
	Profession     string    // OID, one of Roots.Professions
	ProfessionName string    // in German, as the certificate has it
	TelematikID    string    // of statement and certificate
	Holder         string    // common name in the certificate
	Kind           Kind      // of the card
	Signed         time.Time // as the signer claims
	NotAfter       time.Time // the earliest end of statement and certificates
}

// VerifyEnrolment checks an enrolment that is received, or read from the store, at the time at: CMS profile, statement,
// certificate chain to roots, profession, Telematik-ID, signatures. Each refusal has its own error, see the package documentation.
// The signing time is only held against the statement's span, since an enrolment is shown for weeks.
func VerifyEnrolment(cms []byte, roots Roots, at time.Time) (*Licence, error) {
	l, err := verifyEnrolment(cms, roots, at)
	if err != nil {
		return nil, fmt.Errorf("verify enrolment: %w", err)
	}
	return l, nil
}

// VerifyFreshEnrolment is VerifyEnrolment for the first presentation to an issuer: the signing time must also be within 30 minutes
// of now, so that a stolen signature or one made in stock is not taken.
func VerifyFreshEnrolment(cms []byte, roots Roots, now time.Time) (*Licence, error) {
	l, err := VerifyEnrolment(cms, roots, now)
	if err != nil {
		return nil, err
	}
	if now.Sub(l.Signed) > freshness { // one further in the future is ErrSigningTime already
		return nil, fmt.Errorf("verify enrolment: %w", ErrNotFresh)
	}
	return l, nil
}

// verifyEnrolment checks what is cheap first: both signatures come last.
func verifyEnrolment(cms []byte, roots Roots, at time.Time) (*Licence, error) {
	if len(cms) > MaxEnrolment {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(cms), MaxEnrolment)
	}
	signed, err := ParseCMS(cms, EnrolmentDomain)
	if err != nil {
		return nil, err
	}
	s, err := parseStatement(signed.Content)
	if err != nil {
		return nil, err
	}
	if err := s.checkTime(signed.SigningTime, at); err != nil {
		return nil, err
	}
	if slices.Contains(roots.Revoked, s.Device) {
		return nil, ErrRevoked
	}
	signer := signed.Signer
	if signer.Type == "" {
		return nil, ErrCertificateType
	}
	profession, err := allowed(signer.Professions, roots.Professions, s.TelematikID)
	if err != nil {
		return nil, err
	}
	notAfter, err := signed.Verify(roots.CAs, at)
	if err != nil {
		return nil, err
	}
	return &Licence{
		Statement:      s,
		Profession:     profession.oid,
		ProfessionName: profession.name,
		TelematikID:    s.TelematikID,
		Holder:         signer.Subject,
		Kind:           signer.Type,
		Signed:         signed.SigningTime,
		NotAfter:       earlier(s.until(), notAfter),
	}, nil
}

type namedProfession struct{ oid, name string }

// allowed looks through every ProfessionInfo for one on the list, and takes the Telematik-ID from that one alone: a number that stands
// beside another profession proves nothing.
func allowed(professions []Profession, list []string, telematikID string) (namedProfession, error) {
	if len(professions) == 0 {
		return namedProfession{}, ErrNoAdmission
	}
	failed := ErrProfession
	for _, p := range professions {
		i := slices.IndexFunc(p.OIDs, func(oid string) bool { return slices.Contains(list, oid) })
		if i < 0 {
			continue
		}
		if p.RegistrationNo != telematikID {
			failed = ErrTelematikID
			continue
		}
		found := namedProfession{oid: p.OIDs[i], name: professionNames[p.OIDs[i]]}
		if len(p.Items) > 0 && p.Items[min(i, len(p.Items)-1)] != "" {
			found.name = p.Items[min(i, len(p.Items)-1)]
		}
		return found, nil
	}
	return namedProfession{}, failed
}
