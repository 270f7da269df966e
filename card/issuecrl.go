package card

import (
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// draftCRL is a revocation list to be made.
type draftCRL struct {
	issuer     *Certificate
	thisUpdate time.Time
	nextUpdate time.Time
	serials    [][]byte         // contents of the INTEGERs
	extensions []draftExtension // beside the key identifier and the number
}

func (d *draftCRL) issue(sign digestSigner) ([]byte, error) {
	tbs, err := d.tbs()
	if err != nil {
		return nil, err
	}
	return sign.over(tbs)
}

func (d *draftCRL) tbs() ([]byte, error) {
	authority, err := encodeAuthorityID(d.issuer.extensions.subjectID)
	if err != nil {
		return nil, err
	}
	var number cryptobyte.Builder
	number.AddASN1Int64(d.thisUpdate.Unix()) // grows with each list, as RFC 5280 section 5.2.3 wants it
	value, err := number.Bytes()
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddBytes(ecdsaSHA256)
		b.AddBytes([]byte(d.issuer.subjectDN))
		addTime(b, d.thisUpdate)
		addTime(b, d.nextUpdate)
		if len(d.serials) > 0 {
			b.AddASN1(asn1.SEQUENCE, d.addEntries)
		}
		b.AddASN1(tagged(0), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				addExtension(b, draftExtension{oid: oidAuthorityKeyID, value: authority})
				addExtension(b, draftExtension{oid: oidCRLNumber, value: value})
				for _, e := range d.extensions {
					addExtension(b, e)
				}
			})
		})
	})
	return b.Bytes()
}

func (d *draftCRL) addEntries(b *cryptobyte.Builder) {
	for _, serial := range d.serials {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.INTEGER, func(b *cryptobyte.Builder) { b.AddBytes(serial) })
			addTime(b, d.thisUpdate)
		})
	}
}
