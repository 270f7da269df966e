package card

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Certificate is an X.509 certificate as cards carry it. It is read here and not with crypto/x509, which
// refuses brainpool curves (crypto.md 5.4) and knows no admissions.
type Certificate struct {
	Raw         []byte
	Subject     string // common name of the holder
	Issuer      string // common name of the CA
	NotBefore   time.Time
	NotAfter    time.Time
	Curve       string       // CurveP256 or CurveBrainpool
	Type        Kind         // HBA, SMCB or EGK by the policies, UZI by the alternative name; empty: none of them, or two
	Professions []Profession // every ProfessionInfo of the admission extension, or what the name of a UZI card says

	tbs        []byte // the signed part, with its header
	signature  []byte
	serial     string // contents of the INTEGER
	issuerDN   string // DER
	subjectDN  string // DER
	key        publicKey
	extensions extensions
	typeError  error // why Type is empty, when more is known
}

// certificateNames is what is needed to find out which certificate is asked for.
type certificateNames struct {
	serial, issuerDN, subjectDN string
}

// ParseCertificate reads one DER certificate. It checks its form, not its signature, time or use.
func ParseCertificate(der []byte) (*Certificate, error) {
	if len(der) > maxCertificate {
		return nil, fmt.Errorf("%w: %d bytes", ErrCertificate, len(der))
	}
	if err := checkDER(der); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	return parseCertificate(der)
}

// parseCertificate is ParseCertificate for bytes that checkDER has passed.
func parseCertificate(der []byte) (*Certificate, error) {
	if len(der) > maxCertificate {
		return nil, fmt.Errorf("%w: %d bytes", ErrCertificate, len(der))
	}
	c := &Certificate{Raw: der}
	in := cryptobyte.String(der)
	var outer, tbs, algorithm cryptobyte.String
	if !in.ReadASN1(&outer, asn1.SEQUENCE) || !in.Empty() ||
		!outer.ReadASN1Element(&tbs, asn1.SEQUENCE) ||
		!outer.ReadASN1Element(&algorithm, asn1.SEQUENCE) ||
		!outer.ReadASN1BitStringAsBytes(&c.signature) || !outer.Empty() {
		return nil, ErrCertificate
	}
	if !bytes.Equal(algorithm, ecdsaSHA256) {
		return nil, fmt.Errorf("%w: in the certificate", ErrSignatureAlgorithm)
	}
	c.tbs = tbs
	if err := c.parseTBS(tbs, algorithm); err != nil {
		return nil, err
	}
	return c, nil
}

// ecdsaSHA256 is the AlgorithmIdentifier ecdsa-with-SHA256, whose parameters are absent (RFC 5758 section 3.2).
var ecdsaSHA256 = []byte("\x30\x0a\x06\x08" + oidECDSASHA256)

func (c *Certificate) parseTBS(tbs, outerAlgorithm cryptobyte.String) error {
	var body, algorithm, validity, spki cryptobyte.String
	names, ok := readNames(&tbs, &body, &algorithm, &validity)
	if !ok || !bytes.Equal(algorithm, outerAlgorithm) || !body.ReadASN1(&spki, asn1.SEQUENCE) {
		return ErrCertificate
	}
	c.serial, c.issuerDN, c.subjectDN = names.serial, names.issuerDN, names.subjectDN
	if len(c.serial) == 0 || len(c.serial) > maxSerial || c.serial[0] >= 0x80 {
		return fmt.Errorf("%w: serial number", ErrCertificate)
	}
	if c.NotBefore, ok = readTime(&validity); !ok {
		return fmt.Errorf("%w: validity", ErrCertificate)
	}
	if c.NotAfter, ok = readTime(&validity); !ok || !validity.Empty() {
		return fmt.Errorf("%w: validity", ErrCertificate)
	}
	if c.Issuer, ok = commonName(c.issuerDN); !ok {
		return fmt.Errorf("%w: issuer", ErrCertificate)
	}
	if c.Subject, ok = commonName(c.subjectDN); !ok {
		return fmt.Errorf("%w: subject", ErrCertificate)
	}
	var err error
	if c.key, err = parsePublicKey(spki); err != nil {
		return err
	}
	c.Curve = c.key.curve
	if err := c.extensions.parse(body); err != nil {
		return err
	}
	c.findType()
	return nil
}

// findType says whose certificate it is. One that is a UZI card's and another's at once is nobody's.
func (c *Certificate) findType() {
	e := &c.extensions
	c.Type, c.Professions = e.kind, e.professions
	if !e.hasUZI {
		return
	}
	c.Type = ""
	if e.kind != "" || e.present[oidAdmission] {
		return
	}
	profession, err := parseUZI(e.uzi, c.Issuer)
	if err != nil {
		c.typeError = err
		return
	}
	c.Type, c.Professions = UZI, []Profession{profession}
}

// checkType refuses a certificate that is not a professional's or practice's.
func (c *Certificate) checkType() error {
	switch {
	case c.isPatient():
		return ErrPatientCard
	case c.typeError != nil:
		return c.typeError
	case c.Type == "":
		return ErrCertificateType
	}
	return nil
}

// isPatient says whether the certificate is an insured person's, by its type or by any of its professions.
func (c *Certificate) isPatient() bool {
	return c.Type == EGK || slices.ContainsFunc(c.Professions, func(p Profession) bool { return slices.Contains(p.OIDs, professionInsured) })
}

// readNames reads a TBSCertificate up to its subject; what follows stays in body.
func readNames(tbs, body, algorithm, validity *cryptobyte.String) (n certificateNames, ok bool) {
	var version, serial, issuer, subject cryptobyte.String
	var v int
	if !tbs.ReadASN1(body, asn1.SEQUENCE) ||
		!body.ReadASN1(&version, tagged(0)) || !version.ReadASN1Integer(&v) || !version.Empty() || v != 2 ||
		!body.ReadASN1(&serial, asn1.INTEGER) ||
		!body.ReadASN1Element(algorithm, asn1.SEQUENCE) ||
		!body.ReadASN1Element(&issuer, asn1.SEQUENCE) ||
		!body.ReadASN1(validity, asn1.SEQUENCE) ||
		!body.ReadASN1Element(&subject, asn1.SEQUENCE) {
		return n, false
	}
	return certificateNames{string(serial), string(issuer), string(subject)}, true
}

// namesOf skims a certificate for its names, so that a chain is looked up without parsing every CA of the bundle.
func namesOf(der []byte) (n certificateNames, ok bool) {
	in := cryptobyte.String(der)
	var outer, tbs, body, algorithm, validity cryptobyte.String
	if !in.ReadASN1(&outer, asn1.SEQUENCE) || !outer.ReadASN1Element(&tbs, asn1.SEQUENCE) {
		return n, false
	}
	return readNames(&tbs, &body, &algorithm, &validity)
}

// signedBy checks the signature of c with the key of issuer.
func (c *Certificate) signedBy(issuer *Certificate) bool {
	digest := sha256.Sum256(c.tbs)
	return issuer.key.verify(digest[:], c.signature)
}

// checkTime refuses a certificate that is not valid at the time at. The error does not name the holder: relays log it.
func (c *Certificate) checkTime(at time.Time) error {
	if at.Before(c.NotBefore) {
		return fmt.Errorf("%w (from %s)", ErrNotYetValid, c.NotBefore.Format(time.RFC3339))
	}
	if at.After(c.NotAfter) {
		return fmt.Errorf("%w (on %s)", ErrExpired, c.NotAfter.Format(time.RFC3339))
	}
	return nil
}
