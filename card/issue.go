package card

import (
	"crypto/sha1"
	"crypto/sha256"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// draft is a certificate to be made. Made here and not with crypto/x509, which cannot make brainpool ones.
type draft struct {
	serial     []byte // big-endian, positive
	issuer     string // DER of the Name
	subject    []attribute
	notBefore  time.Time
	notAfter   time.Time
	curve      string // OID contents
	point      []byte // uncompressed public key
	authority  string // key identifier of the issuer, empty: none
	extensions []draftExtension
}

type draftExtension struct {
	oid      string
	critical bool
	value    []byte
}

// digestSigner signs a SHA-256 digest and answers in DER.
type digestSigner func(digest []byte) ([]byte, error)

// issue makes the certificate.
func (d *draft) issue(sign digestSigner) ([]byte, error) {
	tbs, err := d.tbs()
	if err != nil {
		return nil, err
	}
	return sign.over(tbs)
}

// over signs a part and puts both together.
func (sign digestSigner) over(tbs []byte) ([]byte, error) {
	digest := sha256.Sum256(tbs)
	signature, err := sign(digest[:])
	if err != nil {
		return nil, err
	}
	return seal(tbs, signature)
}

// seal puts a signed part, its algorithm and its signature together, as certificates and revocation lists have them.
func seal(tbs, signature []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		b.AddBytes(ecdsaSHA256)
		b.AddASN1BitString(signature)
	})
	return b.Bytes()
}

func (d *draft) tbs() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(tagged(0), func(b *cryptobyte.Builder) { b.AddASN1Int64(2) })
		b.AddASN1(asn1.INTEGER, func(b *cryptobyte.Builder) { b.AddBytes(d.serial) })
		b.AddBytes(ecdsaSHA256)
		if d.issuer == "" { // self-signed
			addName(b, d.subject...)
		} else {
			b.AddBytes([]byte(d.issuer))
		}
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addTime(b, d.notBefore)
			addTime(b, d.notAfter)
		})
		addName(b, d.subject...)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				addOID(b, oidECPublicKey)
				addOID(b, d.curve)
			})
			b.AddASN1BitString(d.point)
		})
		b.AddASN1(tagged(3), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, d.addExtensions)
		})
	})
	return b.Bytes()
}

func (d *draft) addExtensions(b *cryptobyte.Builder) {
	addExtension(b, draftExtension{oid: oidSubjectKeyID, value: octets(keyID(d.point))})
	if d.authority != "" {
		value, err := encodeAuthorityID(d.authority)
		if err != nil {
			b.SetError(err)
			return
		}
		addExtension(b, draftExtension{oid: oidAuthorityKeyID, value: value})
	}
	for _, e := range d.extensions {
		addExtension(b, e)
	}
}

func encodeAuthorityID(id string) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes([]byte(id)) })
	})
	return b.Bytes()
}

func addExtension(b *cryptobyte.Builder, e draftExtension) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addOID(b, e.oid)
		if e.critical {
			b.AddASN1Boolean(true)
		}
		b.AddASN1OctetString(e.value)
	})
}

// keyID is the usual key identifier (RFC 5280 section 4.2.1.2, method 1). It only tells keys apart, so SHA-1 does no harm.
func keyID(point []byte) []byte {
	id := sha1.Sum(point)
	return id[:]
}

// octets wraps at most 127 bytes as an OCTET STRING.
func octets(b []byte) []byte { return append([]byte{4, byte(len(b))}, b...) }

func basicConstraints(ca bool) draftExtension {
	value := []byte{0x30, 0}
	if ca {
		value = []byte{0x30, 6, 1, 1, 0xff, 2, 1, 0} // CA, path length 0
	}
	return draftExtension{oid: oidBasic, critical: true, value: value}
}

// keyUsage takes the bits of the first octet and writes how many low ones are unused, as DER wants it.
func keyUsage(bits byte) draftExtension {
	unused := byte(0)
	for bits != 0 && bits>>unused&1 == 0 {
		unused++
	}
	return draftExtension{oid: oidKeyUsage, critical: true, value: []byte{3, 2, unused, bits}}
}

// oidList writes SEQUENCE OF OBJECT IDENTIFIER, each in its own SEQUENCE when wrapped (policies).
func oidList(extension string, wrapped bool, oids ...string) (draftExtension, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, oid := range oids {
			if wrapped {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { addOID(b, oid) })
			} else {
				addOID(b, oid)
			}
		}
	})
	value, err := b.Bytes()
	return draftExtension{oid: extension, value: value}, err
}
