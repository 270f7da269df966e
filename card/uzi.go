package card

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// A UZI card's holder stands in subjectAltName, as an otherName of type 2.5.5.5 whose IA5String is (CPS of the UZI register section 7.1.5)
//
//	<OID CA>-<version>-<UZI number>-<card type>-<subscriber>-<role>-<AGB code>
//	2.16.528.1.1003.1.3.5.5.2-1-900012345-Z-90000111-01.015-00000000
//
// Only the care provider's own card (type Z) is taken, by the OID of its CA and by the name of the CA that issued it.

const (
	uziOID     = "2.16.528.1.1003.1.3.5.5.2"    // of the CA for care providers
	uziIssuer  = "UZI-register Zorgverlener CA" // within the issuer's common name: generations and tests add to it
	uziVersion = "1"
	uziCard    = "Z" // zorgverlener; N, M and S are employees and servers
)

// uziTitles are the titles of the Dutch BIG act, article 3 and those equal to it: first part of the role.
var uziTitles = []string{"01", "02", "03", "04", "16", "17", "25", "30", "31", "81", "82"}

// readSubjectAltName looks for the name of a UZI card among the names; others say nothing here.
func (e *extensions) readSubjectAltName(in cryptobyte.String) error {
	var names cryptobyte.String
	if !in.ReadASN1(&names, asn1.SEQUENCE) || !in.Empty() || names.Empty() {
		return fmt.Errorf("%w: alternative names", ErrCertificate)
	}
	for !names.Empty() {
		var name cryptobyte.String
		var tag asn1.Tag
		if !names.ReadAnyASN1(&name, &tag) {
			return fmt.Errorf("%w: alternative names", ErrCertificate)
		}
		if tag != tagged(0) {
			continue
		}
		kind, ok := readOID(&name)
		if !ok {
			return fmt.Errorf("%w: alternative names", ErrCertificate)
		}
		if kind != oidUZIName {
			continue
		}
		if e.hasUZI {
			return fmt.Errorf("%w: two names", ErrUZI)
		}
		e.hasUZI = true
		var value, text cryptobyte.String
		if !name.ReadASN1(&value, tagged(0)) || !name.Empty() || !value.ReadASN1(&text, asn1.IA5String) || !value.Empty() {
			return fmt.Errorf("%w: structure of the name", ErrUZI)
		}
		e.uzi = string(text)
	}
	return nil
}

// parseUZI reads the name of a UZI card into the one profession that it proves.
func parseUZI(name, issuer string) (Profession, error) {
	parts := strings.Split(name, "-")
	if len(parts) != 7 {
		return Profession{}, fmt.Errorf("%w: %d parts, not 7", ErrUZI, len(parts))
	}
	ca, version, number, card, subscriber, role, agb := parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6]
	title, specialism, dotted := strings.Cut(role, ".")
	switch {
	case ca != uziOID:
		return Profession{}, fmt.Errorf("%w: another CA's number", ErrUZI)
	case !strings.Contains(issuer, uziIssuer):
		return Profession{}, fmt.Errorf("%w: issued by another CA than it names", ErrUZI)
	case version != uziVersion:
		return Profession{}, fmt.Errorf("%w: version", ErrUZI)
	case card != uziCard:
		return Profession{}, fmt.Errorf("%w: not a care provider's own card", ErrUZI)
	case !digits(number, 9) || !digits(subscriber, 8) || !digits(agb, 8) || !dotted || !digits(title, 2) || !digits(specialism, 3):
		return Profession{}, fmt.Errorf("%w: a number has another form", ErrUZI)
	}
	for _, known := range uziTitles {
		if title == known {
			oid, err := uziProfession(title)
			return Profession{OIDs: []string{oid}, RegistrationNo: number}, err
		}
	}
	return Profession{}, fmt.Errorf("%w: role is no title of a health profession", ErrUZI)
}

// uziProfession is how the networks' lists name a title: the OID of the CA with the title as its last arc, without leading zeros.
func uziProfession(title string) (string, error) {
	n, err := strconv.Atoi(title)
	if err != nil {
		return "", fmt.Errorf("%w: title", ErrUZI)
	}
	return uziOID + "." + strconv.Itoa(n), nil
}

// digits says whether s is exactly n ASCII digits.
func digits(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789") == ""
}

// encodeUZI writes the extension for a virtual card.
func encodeUZI(name string) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(tagged(0), func(b *cryptobyte.Builder) {
			addOID(b, oidUZIName)
			b.AddASN1(tagged(0), func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.IA5String, func(b *cryptobyte.Builder) { b.AddBytes([]byte(name)) })
			})
		})
	})
	return b.Bytes()
}
