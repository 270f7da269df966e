package card

import (
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// extensions is what Pieks needs of a certificate's extensions.
type extensions struct {
	present     map[string]bool
	isCA        bool
	pathLen     int // -1: no limit
	keyUsage    byte
	clientAuth  bool
	kind        Kind
	professions []Profession
	hasUZI      bool
	uzi         string // name of a UZI card, unread
	subjectID   string
	authorityID string
}

// Bits of KeyUsage (RFC 5280 section 4.2.1.3), in its first octet.
const (
	usageDigitalSignature = 0x80
	usageKeyAgreement     = 0x08
	usageCertSign         = 0x04
	usageCRLSign          = 0x02
)

// extensionReaders are the extensions that are read. Others are passed over, unless they are critical.
var extensionReaders = map[string]func(*extensions, cryptobyte.String) error{
	oidBasic:          (*extensions).readBasic,
	oidKeyUsage:       (*extensions).readKeyUsage,
	oidExtendedUsage:  (*extensions).readExtendedUsage,
	oidPolicies:       (*extensions).readPolicies,
	oidAdmission:      (*extensions).readAdmission,
	oidSubjectKeyID:   (*extensions).readSubjectID,
	oidSubjectAltName: (*extensions).readSubjectAltName,
	oidAuthorityKeyID: (*extensions).readAuthorityID,
}

// parse reads the end of a TBSCertificate, in which only [3] extensions may follow the public key.
func (e *extensions) parse(body cryptobyte.String) error {
	e.present = make(map[string]bool, maxExtensions)
	e.pathLen = -1
	var outer, list cryptobyte.String
	if !body.ReadASN1(&outer, tagged(3)) || !body.Empty() || !outer.ReadASN1(&list, asn1.SEQUENCE) || !outer.Empty() {
		return fmt.Errorf("%w: extensions", ErrCertificate)
	}
	for !list.Empty() {
		var one, value cryptobyte.String
		var critical bool
		if !list.ReadASN1(&one, asn1.SEQUENCE) {
			return fmt.Errorf("%w: extensions", ErrCertificate)
		}
		kind, ok := readOID(&one)
		if !ok || !readCritical(&one, &critical) || !one.ReadASN1(&value, asn1.OCTET_STRING) || !one.Empty() {
			return fmt.Errorf("%w: extensions", ErrCertificate)
		}
		if e.present[kind] || len(e.present) == maxExtensions {
			return fmt.Errorf("%w: doubled, or too many", ErrExtension)
		}
		e.present[kind] = true
		read, known := extensionReaders[kind]
		if !known {
			if critical {
				return fmt.Errorf("%w: unknown and critical", ErrExtension)
			}
			continue
		}
		if err := read(e, value); err != nil {
			return err
		}
	}
	return nil
}

// readCritical reads a BOOLEAN DEFAULT FALSE, which DER does not write when it is false (X.690 section 11.5).
func readCritical(s *cryptobyte.String, critical *bool) bool {
	if !s.PeekASN1Tag(asn1.BOOLEAN) {
		return true
	}
	return s.ReadASN1Boolean(critical) && *critical
}

func (e *extensions) readBasic(in cryptobyte.String) error {
	var body cryptobyte.String
	if !in.ReadASN1(&body, asn1.SEQUENCE) || !in.Empty() || !readCritical(&body, &e.isCA) {
		return fmt.Errorf("%w: basic constraints", ErrCertificate)
	}
	if e.isCA && !body.Empty() {
		if !body.ReadASN1Integer(&e.pathLen) || e.pathLen < 0 {
			return fmt.Errorf("%w: basic constraints", ErrCertificate)
		}
	}
	if !body.Empty() {
		return fmt.Errorf("%w: basic constraints", ErrCertificate)
	}
	return nil
}

func (e *extensions) readKeyUsage(in cryptobyte.String) error {
	var bits cryptobyte.String
	if !in.ReadASN1(&bits, asn1.BIT_STRING) || !in.Empty() || len(bits) < 2 || len(bits) > 3 {
		return fmt.Errorf("%w: key usage", ErrCertificate)
	}
	e.keyUsage = bits[1]
	return nil
}

func (e *extensions) readExtendedUsage(in cryptobyte.String) error {
	var list cryptobyte.String
	if !in.ReadASN1(&list, asn1.SEQUENCE) || !in.Empty() || list.Empty() {
		return fmt.Errorf("%w: extended key usage", ErrCertificate)
	}
	for !list.Empty() {
		usage, ok := readOID(&list)
		if !ok {
			return fmt.Errorf("%w: extended key usage", ErrCertificate)
		}
		e.clientAuth = e.clientAuth || usage == oidClientAuth
	}
	return nil
}

// readPolicies looks for the certificate type among the policies; two different types are none.
func (e *extensions) readPolicies(in cryptobyte.String) error {
	var list cryptobyte.String
	if !in.ReadASN1(&list, asn1.SEQUENCE) || !in.Empty() || list.Empty() {
		return fmt.Errorf("%w: policies", ErrCertificate)
	}
	types := 0
	for !list.Empty() {
		var policy cryptobyte.String
		if !list.ReadASN1(&policy, asn1.SEQUENCE) {
			return fmt.Errorf("%w: policies", ErrCertificate)
		}
		oid, ok := readOID(&policy)
		if !ok {
			return fmt.Errorf("%w: policies", ErrCertificate)
		}
		if kind, known := cardTypes[oid]; known {
			e.kind = kind
			types++
		}
	}
	if types > 1 {
		e.kind = ""
	}
	return nil
}

func (e *extensions) readAdmission(in cryptobyte.String) (err error) {
	e.professions, err = parseAdmission(in)
	return err
}

func (e *extensions) readSubjectID(in cryptobyte.String) error {
	var id cryptobyte.String
	if !in.ReadASN1(&id, asn1.OCTET_STRING) || !in.Empty() {
		return fmt.Errorf("%w: subject key identifier", ErrCertificate)
	}
	e.subjectID = string(id)
	return nil
}

func (e *extensions) readAuthorityID(in cryptobyte.String) error {
	var body, id cryptobyte.String
	var present bool
	if !in.ReadASN1(&body, asn1.SEQUENCE) || !in.Empty() ||
		!body.ReadOptionalASN1(&id, &present, asn1.Tag(0).ContextSpecific()) {
		return fmt.Errorf("%w: authority key identifier", ErrCertificate)
	}
	e.authorityID = string(id)
	return nil
}
