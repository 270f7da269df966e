package egk

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"pieks/card"
)

// attribute of a name, with the contents of its identifier.
type attribute struct{ oid, value string }

const (
	oidC, oidO, oidOU, oidCN  = "\x55\x04\x06", "\x55\x04\x0a", "\x55\x04\x0b", "\x55\x04\x03"
	oidGN, oidSN              = "\x55\x04\x2a", "\x55\x04\x04"
	oidAUT, oidAUTN           = "\x2a\x82\x14\x00\x4c\x04\x46", "\x2a\x82\x14\x00\x4c\x04\x47" // 1.2.276.0.76.4.70, .71
	oidInsured, oidPhysician  = "\x2a\x82\x14\x00\x4c\x04\x31", "\x2a\x82\x14\x00\x4c\x04\x1e" // .49, .30
	algorithmECDSA            = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"
	algorithmRSA              = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"
	digitalSignature, sealing = 0x80, 0x20
)

// x509Draft is a certificate that says what a test wants, below the test CA (popp.md 3.6).
type x509Draft struct {
	ca        *card.TestCA
	subject   []attribute
	from, to  time.Time
	key       []byte // SubjectPublicKeyInfo
	algorithm string // AlgorithmIdentifier of the signature
	usage     byte
	policies  []string
	admission string // profession
	without   string // extension that is left out
	critical  string // extension that nobody knows
}

// goodX509 is as real ones are: insurer and person in two units, then the parts of the name.
func goodX509(t testing.TB) x509Draft {
	t.Helper()
	key, err := ecdsa.GenerateKey(ellipticOfCA(t, testPKI.CA).Curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return x509Draft{
		ca: testPKI.CA, from: testNow.AddDate(-1, 0, 0), to: testNow.AddDate(1, 0, 0), key: spki, algorithm: algorithmECDSA,
		usage: digitalSignature, policies: []string{"\x2a\x82\x14\x00\x4c\x04\x81\x23", oidAUT}, admission: oidInsured,
		subject: []attribute{{oidC, "DE"}, {oidO, "Test GKV-SVNOT-VALID"}, {oidOU, "109500969"}, {oidOU, "X110540756"},
			{oidSN, "Sebastian"}, {oidGN, "Hermann Graf"}, {oidCN, "Hermann Graf Sebastian TEST-ONLY"}},
	}
}

func ellipticOfCA(t testing.TB, ca *card.TestCA) *ecdsa.PrivateKey {
	t.Helper()
	pkcs8, err := ca.PrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		t.Fatal(err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		t.Fatal("not a key of this kind")
	}
	return key
}

func sequence(b *cryptobyte.Builder, content func(*cryptobyte.Builder)) {
	b.AddASN1(asn1.SEQUENCE, content)
}

func identifier(b *cryptobyte.Builder, oid string) {
	b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes([]byte(oid)) })
}

func (d x509Draft) issue(t testing.TB) []byte {
	t.Helper()
	ca, err := x509.ParseCertificate(d.ca.Certificate())
	if err != nil {
		t.Fatal(err)
	}
	var tbs cryptobyte.Builder
	sequence(&tbs, func(b *cryptobyte.Builder) {
		b.AddBytes([]byte{0xa0, 3, 2, 1, 2, 2, 1, 7}) // version 3, serial number 7
		b.AddBytes([]byte(d.algorithm))
		b.AddBytes(ca.RawSubject)
		sequence(b, func(b *cryptobyte.Builder) { b.AddASN1UTCTime(d.from); b.AddASN1UTCTime(d.to) })
		sequence(b, d.name)
		b.AddBytes(d.key)
		b.AddASN1(asn1.Tag(3).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { sequence(b, d.extensions) })
	})
	signed := tbs.BytesOrPanic()
	digest := sha256.Sum256(signed)
	signature, err := ecdsa.SignASN1(rand.Reader, ellipticOfCA(t, d.ca), digest[:])
	if err != nil {
		t.Fatal(err)
	}
	var b cryptobyte.Builder
	sequence(&b, func(b *cryptobyte.Builder) {
		b.AddBytes(signed)
		b.AddBytes([]byte(d.algorithm))
		b.AddASN1BitString(signature)
	})
	return b.BytesOrPanic()
}

func (d x509Draft) name(b *cryptobyte.Builder) {
	for _, a := range d.subject {
		b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
			sequence(b, func(b *cryptobyte.Builder) {
				identifier(b, a.oid)
				b.AddASN1(asn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes([]byte(a.value)) })
			})
		})
	}
}

func (d x509Draft) extensions(b *cryptobyte.Builder) {
	add := func(oid string, critical bool, value func(*cryptobyte.Builder)) {
		if oid == d.without {
			return
		}
		sequence(b, func(b *cryptobyte.Builder) {
			identifier(b, oid)
			if critical {
				b.AddASN1Boolean(true)
			}
			b.AddASN1(asn1.OCTET_STRING, value)
		})
	}
	add("\x55\x1d\x13", true, func(b *cryptobyte.Builder) { b.AddBytes([]byte{0x30, 0}) })
	add("\x55\x1d\x0f", true, func(b *cryptobyte.Builder) { b.AddBytes([]byte{3, 2, 5, d.usage}) })
	add("\x55\x1d\x20", false, func(b *cryptobyte.Builder) {
		sequence(b, func(b *cryptobyte.Builder) {
			for _, policy := range d.policies {
				sequence(b, func(b *cryptobyte.Builder) { identifier(b, policy) })
			}
		})
	})
	add(oidAdmission, false, func(b *cryptobyte.Builder) {
		nested(b, 5, func(b *cryptobyte.Builder) { // contents, admissions, professions, one of them
			sequence(b, func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes([]byte("Versicherte/-r")) })
			})
			sequence(b, func(b *cryptobyte.Builder) { identifier(b, d.admission) })
		})
	})
	if d.critical != "" {
		add(d.critical, true, func(b *cryptobyte.Builder) { b.AddBytes([]byte{5, 0}) })
	}
}

const oidAdmission = "\x2b\x24\x08\x03\x03"

func nested(b *cryptobyte.Builder, depth int, inner func(*cryptobyte.Builder)) {
	if depth == 0 {
		inner(b)
		return
	}
	sequence(b, func(b *cryptobyte.Builder) { nested(b, depth-1, inner) })
}
