package card

import (
	"fmt"
	"slices"
	"time"
)

// Roots is what a network's bundle says about cards.
type Roots struct {
	CAs          [][]byte          // DER of the CA certificates that are trusted as they are; a test network's holds TestCA.Certificate
	Professions  []string          // OIDs, dotted, that may offer appointments; DefaultProfessions is a suggestion
	Revoked      [][32]byte        // device keys D of practices that were shut out
	RevokedCards [][32]byte        // SHA-256 of the certificates (DER) of cards that were shut out
	CRLs         []*RevocationList // of the CAs, which stand beside the bundle: ParseCRL reads them where they are loaded
}

// Signatory is who signed a message: what the card's certificate proves about its holder.
type Signatory struct {
	Profession     string    // OID, one of Roots.Professions
	ProfessionName string    // in German, as the certificate has it
	TelematikID    string    // the registration number that stands beside the profession
	Holder         string    // common name in the certificate
	Kind           Kind      // certificate type: of a person (HBA, UZI) or of a practice (SMCB)
	Signed         time.Time // as the signer claims
	NotAfter       time.Time // the earliest end of the certificates in the chain
}

// VerifySigned checks a message of the strict profile that is received at the time at: CMS profile, certificate type, profession, chain to
// roots, signatures. It gives what was signed, after domain, and by whom. What the content may say is the caller's to check.
func VerifySigned(cms []byte, domain string, roots Roots, at time.Time) (content []byte, by *Signatory, err error) {
	signed, err := ParseCMS(cms, domain)
	if err != nil {
		return nil, nil, fmt.Errorf("verify signed message: %w", err)
	}
	if by, err = signed.signatory(roots, "", at); err != nil {
		return nil, nil, fmt.Errorf("verify signed message: %w", err)
	}
	return signed.Content, by, nil
}

// CheckCertificate says who would sign with the card of this certificate, DER, at the time at, so that a card that will be refused is refused before
// its PIN is asked for.
func CheckCertificate(der []byte, roots Roots, at time.Time) (*Signatory, error) {
	c, err := ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return c.signatory(nil, roots, "", at)
}

// signatory checks the signer against roots; both signatures come last. telematikID is the registration number that the profession has to
// have; empty: any.
func (s *Signed) signatory(roots Roots, telematikID string, at time.Time) (*Signatory, error) {
	by, err := s.Signer.signatory(s.others, roots, telematikID, at)
	if err != nil {
		return nil, err
	}
	by.Signed = s.SigningTime
	return by, s.verifySignature()
}

// signatory checks what roots say about a certificate: its type, its profession, and its chain with the certificates carried beside it.
func (c *Certificate) signatory(carried [][]byte, roots Roots, telematikID string, at time.Time) (*Signatory, error) {
	if err := c.checkType(); err != nil {
		return nil, err
	}
	profession, err := allowed(c.Professions, roots.Professions, telematikID)
	if err != nil {
		return nil, err
	}
	notAfter, err := c.trusted(carried, roots, at)
	if err != nil {
		return nil, err
	}
	return &Signatory{
		Profession: profession.oid, ProfessionName: profession.name, TelematikID: profession.registrationNo,
		Holder: c.Subject, Kind: c.Type, NotAfter: notAfter,
	}, nil
}

// Licence is what a checked enrolment proves: whose card signed what about which device. Its TelematikID is that of statement and
// certificate, its NotAfter the earliest end of statement and certificates.
type Licence struct {
	Statement Statement
	Signatory
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
	by, err := signed.signatory(roots, s.TelematikID, at)
	if err != nil {
		return nil, err
	}
	by.NotAfter = earlier(s.until(), by.NotAfter)
	return &Licence{Statement: s, Signatory: *by}, nil
}

type namedProfession struct{ oid, name, registrationNo string }

// allowed looks through every ProfessionInfo for one on the list, and takes the Telematik-ID from that one alone: a number that stands
// beside another profession proves nothing. An empty telematikID is content with any.
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
		if telematikID != "" && p.RegistrationNo != telematikID {
			failed = ErrTelematikID
			continue
		}
		return namedProfession{oid: p.OIDs[i], name: p.name(i), registrationNo: p.RegistrationNo}, nil
	}
	return namedProfession{}, failed
}
