package card

import (
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// attribute is one part of a distinguished name.
type attribute struct{ oid, value string }

// addName writes a Name of one attribute an RDN.
func addName(b *cryptobyte.Builder, attributes ...attribute) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, a := range attributes {
			b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					addOID(b, a.oid)
					b.AddASN1(stringTag(a.oid), func(b *cryptobyte.Builder) { b.AddBytes([]byte(a.value)) })
				})
			})
		}
	})
}

// stringTag: the country is a PrintableString (RFC 5280 appendix A.1), all else UTF-8.
func stringTag(oid string) asn1.Tag {
	if oid == oidCountry {
		return asn1.PrintableString
	}
	return asn1.UTF8String
}

// commonName finds the first common name in a Name. A Name without one is fine: "".
func commonName(dn string) (string, bool) {
	name := ""
	ok := eachAttribute(dn, func(kind, text string) {
		if kind == oidCommonName && name == "" {
			name = text
		}
	})
	return name, ok
}

// eachAttribute goes through a Name in its order. Cards have several attributes in one RDN.
func eachAttribute(dn string, take func(kind, text string)) bool {
	in := cryptobyte.String(dn)
	var rdns cryptobyte.String
	if !in.ReadASN1(&rdns, asn1.SEQUENCE) {
		return false
	}
	for !rdns.Empty() {
		var rdn cryptobyte.String
		if !rdns.ReadASN1(&rdn, asn1.SET) || rdn.Empty() {
			return false
		}
		for !rdn.Empty() {
			var attribute, value cryptobyte.String
			var tag asn1.Tag
			if !rdn.ReadASN1(&attribute, asn1.SEQUENCE) {
				return false
			}
			kind, ok := readOID(&attribute)
			if !ok || !attribute.ReadAnyASN1(&value, &tag) || !attribute.Empty() {
				return false
			}
			take(kind, textOf(tag, value))
		}
	}
	return true
}
