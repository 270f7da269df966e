package card

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

var testNow = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)

const testTelematikID = "1-SMC-B-Testkarte-883110000123456"

func testSeed(b byte) (seed [32]byte) {
	for i := range seed {
		seed[i] = b
	}
	return seed
}

var sharedCA = must(NewTestCA(testSeed(1), testNow))

func testStatement() Statement {
	return Statement{
		Version: 1, Device: testSeed(2), Sealing: testSeed(3),
		Name: "Praxis Dr. Beispiel", Street: "Domstr. 1", PLZ: "50667", Place: "Köln", Phone: "0221 1234",
		Directions: "2. Stock, Eingang im Hof", TelematikID: testTelematikID,
		NotBefore: uint64(testNow.Unix()), NotAfter: uint64(testNow.Add(90 * 24 * time.Hour).Unix()),
	}
}

func testRoots(ca *TestCA) Roots {
	return Roots{CAs: [][]byte{ca.Certificate()}, Professions: DefaultProfessions()}
}

func testHolder(kind Kind) Holder {
	return Holder{
		Kind: kind, Name: "Praxis Dr. Beispiel", TelematikID: testTelematikID,
		NotBefore: testNow.Add(-24 * time.Hour), NotAfter: testNow.Add(365 * 24 * time.Hour),
	}
}

func testCard(t testing.TB, ca *TestCA, kind Kind) (Card, *Virtual) {
	t.Helper()
	v, err := NewVirtual(ca, testHolder(kind), testSeed(4))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Open(context.Background(), v)
	if err != nil {
		t.Fatal(err)
	}
	return c, v
}

// forge makes messages and certificates that no honest card makes. The zero changes give a good enrolment.
type forge struct {
	t    testing.TB
	ca   *TestCA
	key  *ecdsa.PrivateKey
	leaf []byte

	outer       string // OID of ContentInfo
	version     int64
	digest      []byte // AlgorithmIdentifier in digestAlgorithms
	moreDigests []byte
	contentType string
	content     []byte // eContent; what the digest is over
	shown       []byte // eContent as shown, if other
	detached    bool
	certs       [][]byte
	crls        []byte
	infos       int
	infoVersion int64
	bySKI       bool
	infoDigest  []byte
	attributes  []byte // nil: right ones; empty: none
	signed      time.Time
	sigAlg      []byte
	unsigned    []byte
	signature   []byte // nil: right one
}

func algorithmID(oid string, parameters ...byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addOID(b, oid)
		b.AddBytes(parameters)
	})
	return b.BytesOrPanic()
}

// newForge has a leaf of kind SMCB; change may alter its draft, nil leaves it.
func newForge(t testing.TB, change func(*draft)) *forge {
	t.Helper()
	ca := sharedCA
	key, err := keyFromSeed(testSeed(9), "forge")
	if err != nil {
		t.Fatal(err)
	}
	f := &forge{t: t, ca: ca, key: key, outer: oidSignedData, version: 1, digest: algorithmID(oidSHA256), contentType: oidData,
		infos: 1, infoVersion: 1, infoDigest: algorithmID(oidSHA256), signed: testNow, sigAlg: ecdsaSHA256}
	f.leaf = f.issue(change)
	f.certs = [][]byte{f.leaf}
	f.setStatement(testStatement())
	return f
}

func (f *forge) point() []byte { return uncompressed(f.key) }

func (f *forge) issue(change func(*draft)) []byte {
	f.t.Helper()
	d, err := testHolder(SMCB).withDefaults().certificate(f.key)
	if err != nil {
		f.t.Fatal(err)
	}
	d.issuer = f.ca.certificate.subjectDN
	d.authority = f.ca.certificate.extensions.subjectID
	if change != nil {
		change(d)
	}
	der, err := d.issue(signerOf(f.ca.key))
	if err != nil {
		f.t.Fatal(err)
	}
	return der
}

func (f *forge) setStatement(s Statement) {
	f.t.Helper()
	data, err := s.encode()
	if err != nil {
		f.t.Fatal(err)
	}
	f.content = append([]byte(EnrolmentDomain), data...)
}

// replace changes one extension of a draft, or adds it.
func replace(d *draft, e draftExtension) {
	for i := range d.extensions {
		if d.extensions[i].oid == e.oid {
			d.extensions[i] = e
			return
		}
	}
	d.extensions = append(d.extensions, e)
}

// without drops an extension of a draft.
func without(d *draft, oid string) {
	var kept []draftExtension
	for _, e := range d.extensions {
		if e.oid != oid {
			kept = append(kept, e)
		}
	}
	d.extensions = kept
}

func (f *forge) rightAttributes() []byte {
	sum := sha256.Sum256(f.content)
	attributes, err := encodeAttributes(sum[:], f.signed)
	if err != nil {
		f.t.Fatal(err)
	}
	return attributes
}

func (f *forge) sign(data []byte) []byte {
	digest := sha256.Sum256(data)
	signature, err := signerOf(f.key)(digest[:])
	if err != nil {
		f.t.Fatal(err)
	}
	return signature
}

func (f *forge) encode() []byte {
	f.t.Helper()
	attributes := f.attributes
	if attributes == nil {
		attributes = f.rightAttributes()
	}
	signature := f.signature
	if signature == nil {
		toSign := f.content
		if len(attributes) > 0 {
			set, err := asSet(attributes)
			if err != nil {
				f.t.Fatal(err)
			}
			toSign = set
		}
		signature = f.sign(toSign)
	}
	shown := f.shown
	if shown == nil {
		shown = f.content
	}
	names, ok := namesOf(f.leaf)
	if !ok {
		f.t.Fatal("leaf has no names")
	}
	info := func(b *cryptobyte.Builder) {
		b.AddASN1Int64(f.infoVersion)
		if f.bySKI {
			b.AddASN1(asn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(keyID(f.point())) })
		} else {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddBytes([]byte(names.issuerDN))
				b.AddASN1(asn1.INTEGER, func(b *cryptobyte.Builder) { b.AddBytes([]byte(names.serial)) })
			})
		}
		b.AddBytes(f.infoDigest)
		if len(attributes) > 0 {
			b.AddASN1(tagged(0), func(b *cryptobyte.Builder) { b.AddBytes(attributes) })
		}
		b.AddBytes(f.sigAlg)
		b.AddASN1OctetString(signature)
		b.AddBytes(f.unsigned)
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addOID(b, f.outer)
		b.AddASN1(tagged(0), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(f.version)
				b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(f.digest); b.AddBytes(f.moreDigests) })
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					addOID(b, f.contentType)
					if !f.detached {
						b.AddASN1(tagged(0), func(b *cryptobyte.Builder) { b.AddASN1OctetString(shown) })
					}
				})
				if f.certs != nil {
					b.AddASN1(tagged(0), func(b *cryptobyte.Builder) {
						for _, c := range f.certs {
							b.AddBytes(c)
						}
					})
				}
				b.AddBytes(f.crls)
				b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
					for range f.infos {
						b.AddASN1(asn1.SEQUENCE, info)
					}
				})
			})
		})
	})
	data, err := b.Bytes()
	if err != nil {
		f.t.Fatal(err)
	}
	return data
}
