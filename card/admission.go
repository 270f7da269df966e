package card

import (
	"fmt"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Profession is one ProfessionInfo of the admission extension (Common PKI part 1, 1.3.36.8.3.3).
type Profession struct {
	Items          []string // professionItems: names of the profession, for people
	OIDs           []string // professionOIDs, dotted: the only part that proves a profession
	RegistrationNo string   // registrationNumber: the Telematik-ID (GS-A_4709)
}

// name of the profession that stands at i in OIDs: as the certificate has it, else in German.
func (p Profession) name(i int) string {
	if len(p.Items) > 0 {
		if item := p.Items[min(i, len(p.Items)-1)]; item != "" {
			return item
		}
	}
	return professionNames[p.OIDs[i]]
}

// parseAdmission reads
//
//	AdmissionSyntax ::= SEQUENCE {
//	  admissionAuthority   GeneralName OPTIONAL,
//	  contentsOfAdmissions SEQUENCE OF Admissions }
//	Admissions ::= SEQUENCE {
//	  admissionAuthority [0] EXPLICIT GeneralName OPTIONAL,
//	  namingAuthority    [1] EXPLICIT NamingAuthority OPTIONAL,
//	  professionInfos    SEQUENCE OF ProfessionInfo }
//
// and returns every ProfessionInfo of every Admissions, in order. HBAs name an authority, SMC-Bs do not.
func parseAdmission(in cryptobyte.String) ([]Profession, error) {
	if err := checkDER(in); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAdmission, err)
	}
	var body, contents cryptobyte.String
	if !in.ReadASN1(&body, asn1.SEQUENCE) || !skipGeneralName(&body) ||
		!body.ReadASN1(&contents, asn1.SEQUENCE) || !body.Empty() {
		return nil, ErrAdmission
	}
	var all []Profession
	for !contents.Empty() {
		var admissions, infos cryptobyte.String
		if !contents.ReadASN1(&admissions, asn1.SEQUENCE) ||
			!admissions.SkipOptionalASN1(tagged(0)) ||
			!admissions.SkipOptionalASN1(tagged(1)) ||
			!admissions.ReadASN1(&infos, asn1.SEQUENCE) || !admissions.Empty() {
			return nil, ErrAdmission
		}
		for !infos.Empty() {
			var info cryptobyte.String
			if len(all) == maxProfessions {
				return nil, fmt.Errorf("%w: more than %d professions", ErrAdmission, maxProfessions)
			}
			if !infos.ReadASN1(&info, asn1.SEQUENCE) {
				return nil, ErrAdmission
			}
			p, ok := parseProfession(info)
			if !ok {
				return nil, ErrAdmission
			}
			all = append(all, p)
		}
	}
	return all, nil
}

// parseProfession reads
//
//	ProfessionInfo ::= SEQUENCE {
//	  namingAuthority    [0] EXPLICIT NamingAuthority OPTIONAL,
//	  professionItems    SEQUENCE OF DirectoryString,
//	  professionOIDs     SEQUENCE OF OBJECT IDENTIFIER OPTIONAL,
//	  registrationNumber PrintableString OPTIONAL,
//	  addProfessionInfo  OCTET STRING OPTIONAL }
func parseProfession(info cryptobyte.String) (p Profession, ok bool) {
	var items, oids, number cryptobyte.String
	var hasOIDs, hasNumber bool
	if !info.SkipOptionalASN1(tagged(0)) ||
		!info.ReadASN1(&items, asn1.SEQUENCE) ||
		!info.ReadOptionalASN1(&oids, &hasOIDs, asn1.SEQUENCE) ||
		!info.ReadOptionalASN1(&number, &hasNumber, asn1.PrintableString) ||
		!info.SkipOptionalASN1(asn1.OCTET_STRING) || !info.Empty() {
		return p, false
	}
	for !items.Empty() {
		var text cryptobyte.String
		var tag asn1.Tag
		if !items.ReadAnyASN1(&text, &tag) {
			return p, false
		}
		p.Items = append(p.Items, textOf(tag, text))
	}
	for !oids.Empty() {
		oid, ok := readDotted(&oids)
		if !ok {
			return p, false
		}
		p.OIDs = append(p.OIDs, oid)
	}
	if hasNumber {
		p.RegistrationNo = string(number)
		if !isPrintableString(p.RegistrationNo) || len(number) > maxTelematikID {
			return p, false
		}
	}
	return p, true
}

// skipGeneralName skips a GeneralName, a choice of context tags 0 to 8, if one comes next.
func skipGeneralName(s *cryptobyte.String) bool {
	if s.Empty() || (*s)[0]&classMask != 0x80 {
		return true
	}
	var name cryptobyte.String
	var tag asn1.Tag
	return s.ReadAnyASN1(&name, &tag) && tag&longTag <= 8
}

// textOf decodes the string types in use; others, and broken ones, are shown as nothing.
func textOf(tag asn1.Tag, text []byte) string {
	switch tag {
	case asn1.UTF8String, asn1.PrintableString, asn1.IA5String:
		if utf8.Valid(text) {
			return string(text)
		}
	}
	return ""
}

// isPrintableString checks the alphabet of X.680 section 41.4.
func isPrintableString(s string) bool {
	for _, r := range s {
		switch {
		case 'A' <= r && r <= 'Z', 'a' <= r && r <= 'z', '0' <= r && r <= '9':
		case r == ' ' || r == '\'' || r == '(' || r == ')' || r == '+' || r == ',' ||
			r == '-' || r == '.' || r == '/' || r == ':' || r == '=' || r == '?':
		default:
			return false
		}
	}
	return true
}

// encodeAdmission writes the extension with an authority (as HBAs have it) or, when authority is empty, without (as SMC-Bs).
func encodeAdmission(authority string, professions []Profession) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		if authority != "" {
			b.AddASN1(tagged(4), func(b *cryptobyte.Builder) { // directoryName
				addName(b, attribute{oidCountry, "DE"}, attribute{oidOrganisation, authority})
			})
		}
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					for _, p := range professions {
						addProfession(b, p)
					}
				})
			})
		})
	})
	return b.Bytes()
}

func addProfession(b *cryptobyte.Builder, p Profession) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, item := range p.Items {
				b.AddASN1(asn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes([]byte(item)) })
			}
		})
		if len(p.OIDs) > 0 {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, dotted := range p.OIDs {
					addDotted(b, dotted)
				}
			})
		}
		if p.RegistrationNo != "" {
			b.AddASN1(asn1.PrintableString, func(b *cryptobyte.Builder) { b.AddBytes([]byte(p.RegistrationNo)) })
		}
	})
}
