package card

import (
	encoding_asn1 "encoding/asn1"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers as the contents of their DER encoding: compared without decoding.
const (
	oidSignedData    = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" // 1.2.840.113549.1.7.2
	oidData          = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01" // 1.2.840.113549.1.7.1
	oidContentType   = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03" // 1.2.840.113549.1.9.3
	oidMessageDigest = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04" // 1.2.840.113549.1.9.4
	oidSigningTime   = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05" // 1.2.840.113549.1.9.5
	oidSHA256        = "\x60\x86\x48\x01\x65\x03\x04\x02\x01" // 2.16.840.1.101.3.4.2.1
	oidECDSASHA256   = "\x2a\x86\x48\xce\x3d\x04\x03\x02"     // 1.2.840.10045.4.3.2
	oidECPublicKey   = "\x2a\x86\x48\xce\x3d\x02\x01"         // 1.2.840.10045.2.1
	oidP256          = "\x2a\x86\x48\xce\x3d\x03\x01\x07"     // 1.2.840.10045.3.1.7
	oidBrainpool     = "\x2b\x24\x03\x03\x02\x08\x01\x01\x07" // 1.3.36.3.3.2.8.1.1.7

	oidCountry          = "\x55\x04\x06" // 2.5.4.6
	oidOrganisation     = "\x55\x04\x0a" // 2.5.4.10
	oidOrganisationUnit = "\x55\x04\x0b" // 2.5.4.11
	oidCommonName       = "\x55\x04\x03" // 2.5.4.3
	oidUZIName          = "\x55\x05\x05" // 2.5.5.5

	oidSubjectKeyID    = "\x55\x1d\x0e"                     // 2.5.29.14
	oidKeyUsage        = "\x55\x1d\x0f"                     // 2.5.29.15
	oidSubjectAltName  = "\x55\x1d\x11"                     // 2.5.29.17
	oidBasic           = "\x55\x1d\x13"                     // 2.5.29.19
	oidCRLNumber       = "\x55\x1d\x14"                     // 2.5.29.20
	oidCRLPoints       = "\x55\x1d\x1f"                     // 2.5.29.31
	oidPolicies        = "\x55\x1d\x20"                     // 2.5.29.32
	oidAuthorityKeyID  = "\x55\x1d\x23"                     // 2.5.29.35
	oidExtendedUsage   = "\x55\x1d\x25"                     // 2.5.29.37
	oidAuthorityAccess = "\x2b\x06\x01\x05\x05\x07\x01\x01" // 1.3.6.1.5.5.7.1.1
	oidAdmission       = "\x2b\x24\x08\x03\x03"             // 1.3.36.8.3.3
	oidClientAuth      = "\x2b\x06\x01\x05\x05\x07\x03\x02" // 1.3.6.1.5.5.7.3.2
	oidEmailProtection = "\x2b\x06\x01\x05\x05\x07\x03\x04" // 1.3.6.1.5.5.7.3.4

	oidTypeHBA  = "\x2a\x82\x14\x00\x4c\x04\x4b"     // 1.2.276.0.76.4.75, C.HP.AUT
	oidTypeSMCB = "\x2a\x82\x14\x00\x4c\x04\x4d"     // 1.2.276.0.76.4.77, C.HCI.AUT
	oidTypeEGK  = "\x2a\x82\x14\x00\x4c\x04\x46"     // 1.2.276.0.76.4.70, C.CH.AUT
	oidRulesHBA = "\x2a\x82\x14\x00\x4c\x04\x81\x11" // 1.2.276.0.76.4.145, policy of HBA issuers
	oidRules    = "\x2a\x82\x14\x00\x4c\x04\x81\x23" // 1.2.276.0.76.4.163, policy of SMC-B issuers
)

// cardTypes are the certificate types by policy OID in certificatePolicies (gemSpec_OID).
var cardTypes = map[string]Kind{oidTypeHBA: HBA, oidTypeSMCB: SMCB, oidTypeEGK: EGK}

// readOID reads an object identifier's contents.
func readOID(s *cryptobyte.String) (string, bool) {
	var contents cryptobyte.String
	if !s.ReadASN1(&contents, asn1.OBJECT_IDENTIFIER) || len(contents) == 0 {
		return "", false
	}
	return string(contents), true
}

// readDotted reads an object identifier in its dotted form, refusing one that is not minimally encoded.
func readDotted(s *cryptobyte.String) (string, bool) {
	var oid encoding_asn1.ObjectIdentifier
	if !s.ReadASN1ObjectIdentifier(&oid) {
		return "", false
	}
	return oid.String(), true
}

// addOID writes an object identifier from its contents.
func addOID(b *cryptobyte.Builder, contents string) {
	b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes([]byte(contents)) })
}

// Professions of the German health service (gemSpec_OID; crypto.md 5.3).
const (
	ProfessionPhysician        = "1.2.276.0.76.4.30"
	ProfessionPractice         = "1.2.276.0.76.4.50"
	ProfessionHospital         = "1.2.276.0.76.4.53"
	ProfessionPharmacy         = "1.2.276.0.76.4.54"
	ProfessionHealthOffice     = "1.2.276.0.76.4.255"
	ProfessionOccupational     = "1.2.276.0.76.4.256"
	ProfessionArmedForces      = "1.2.276.0.76.4.254"
	ProfessionUZIPhysician     = uziOID + ".1" // title 01 of a UZI card
	professionInsured          = "1.2.276.0.76.4.49"
	professionNursing          = "1.2.276.0.76.4.234"
	professionPharmacistHelper = "1.2.276.0.76.4.33"
)

// professionNames is what a certificate without professionItems is shown as.
var professionNames = map[string]string{
	ProfessionPhysician:    "Ärztin/Arzt",
	ProfessionPractice:     "Betriebsstätte Arzt",
	ProfessionHospital:     "Krankenhaus",
	ProfessionPharmacy:     "Öffentliche Apotheke",
	ProfessionHealthOffice: "Betriebsstätte Öffentlicher Gesundheitsdienst",
	ProfessionOccupational: "Betriebsstätte Arbeitsmedizin",
	ProfessionArmedForces:  "Betriebsstätte Sanitätsdienst Bundeswehr",
	professionInsured:      "Versicherte/-r",
	professionNursing:      "Pflegefachkraft",
	ProfessionUZIPhysician: "Ärztin/Arzt (Niederlande)",
	uziOID + ".2":          "Zahnärztin/Zahnarzt (Niederlande)",
	uziOID + ".3":          "Hebamme (Niederlande)",
	uziOID + ".4":          "Physiotherapeut/-in (Niederlande)",
	uziOID + ".16":         "Psychotherapeut/-in (Niederlande)",
	uziOID + ".17":         "Apotheker/-in (Niederlande)",
	uziOID + ".25":         "Psychologe/-in (Niederlande)",
	uziOID + ".30":         "Pflegefachkraft (Niederlande)",
}

// DefaultProfessions is the allow-list that crypto.md 5.3 suggests for vaccination appointments. The network bundle decides.
func DefaultProfessions() []string {
	return []string{
		ProfessionPhysician, ProfessionPractice, ProfessionHospital, ProfessionPharmacy,
		ProfessionHealthOffice, ProfessionOccupational, ProfessionArmedForces,
	}
}

// addDotted writes an object identifier given in its dotted form.
func addDotted(b *cryptobyte.Builder, dotted string) {
	var oid encoding_asn1.ObjectIdentifier
	for arc := range strings.SplitSeq(dotted, ".") {
		n, err := strconv.Atoi(arc)
		if err != nil {
			b.SetError(fmt.Errorf("%q is not an object identifier", dotted))
			return
		}
		oid = append(oid, n)
	}
	b.AddASN1ObjectIdentifier(oid)
}
