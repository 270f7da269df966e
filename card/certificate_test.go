package card

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// TestLeaf is case 47 for the signer's certificate.
func TestLeaf(t *testing.T) {
	key, err := keyFromSeed(testSeed(9), "forge")
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	compressed := append([]byte{2 | point[64]&1}, point[1:33]...)
	off := func(d *draft) {
		d.point = bytes.Clone(d.point)
		d.point[64] ^= 1
	}
	usage := func(bits byte) func(*draft) { return func(d *draft) { replace(d, keyUsage(bits)) } }
	list := func(extension string, wrapped bool, oids ...string) func(*draft) {
		return func(d *draft) {
			e, err := oidList(extension, wrapped, oids...)
			if err != nil {
				t.Fatal(err)
			}
			replace(d, e)
		}
	}
	raw := func(oid string, critical bool, value ...byte) func(*draft) {
		return func(d *draft) { replace(d, draftExtension{oid, critical, value}) }
	}
	drop := func(oid string) func(*draft) { return func(d *draft) { without(d, oid) } }
	const day = 24 * time.Hour
	for _, c := range []struct {
		name   string
		change func(*draft)
		want   error
	}{
		{"point not on the curve", off, ErrPoint},
		{"point compressed", func(d *draft) { d.point = compressed }, ErrPoint},
		{"point at infinity", func(d *draft) { d.point = []byte{0} }, ErrPoint},
		{"empty point", func(d *draft) { d.point = nil }, ErrPoint},
		{"point and more", func(d *draft) { d.point = append(bytes.Clone(d.point), 0) }, ErrPoint},
		{"P-384", func(d *draft) { d.curve = "\x2b\x81\x04\x00\x22" }, ErrCurve},
		{"self-signed", func(d *draft) { d.issuer, d.authority = "", "" }, ErrUntrusted},
		{"foreign issuer", func(d *draft) { d.issuer = nameFor(t, "GEM.SMCB-CA57") }, ErrUntrusted},
		{"other key of the issuer", func(d *draft) { d.authority = "x" }, ErrUntrusted},
		{"expired", func(d *draft) { d.notAfter = testNow.Add(-time.Second) }, ErrExpired},
		{"last second", func(d *draft) { d.notAfter = testNow }, nil},
		{"not yet valid", func(d *draft) { d.notBefore = testNow.Add(time.Second) }, ErrNotYetValid},
		{"ends before 2050 in another form", func(d *draft) { d.notAfter = testNow.Add(30 * 365 * day) }, nil},
		{"CA bit", func(d *draft) { replace(d, basicConstraints(true)) }, ErrCASigner},
		{"CA bit false, written", raw(oidBasic, true, 0x30, 3, 1, 1, 0), ErrCertificate},
		{"CA bit of another true", raw(oidBasic, true, 0x30, 3, 1, 1, 1), ErrCertificate},
		{"no basic constraints", drop(oidBasic), nil},
		{"no digital signature", usage(usageKeyAgreement), ErrKeyUsage},
		{"non-repudiation only", usage(0x40), ErrKeyUsage},
		{"no key usage", drop(oidKeyUsage), ErrKeyUsage},
		{"empty key usage", raw(oidKeyUsage, true, 3, 1, 0), ErrCertificate},
		{"server", list(oidExtendedUsage, false, "\x2b\x06\x01\x05\x05\x07\x03\x01"), ErrExtendedKeyUsage},
		{"no extended usage", drop(oidExtendedUsage), nil},
		{"empty extended usage", list(oidExtendedUsage, false), ErrCertificate},
		{"no type", list(oidPolicies, true, oidRules), ErrCertificateType},
		{"no policies", drop(oidPolicies), ErrCertificateType},
		{"signature type", list(oidPolicies, true, "\x2a\x82\x14\x00\x4c\x04\x4e"), ErrCertificateType}, // .78, C.HCI.OSIG
		{"patient's type", list(oidPolicies, true, oidTypeEGK), ErrPatientCard},
		{"two types", list(oidPolicies, true, oidTypeHBA, oidTypeSMCB), ErrCertificateType},
		{"no admission", drop(oidAdmission), ErrNoAdmission},
		{"empty admission", raw(oidAdmission, false), ErrAdmission},
		{"broken admission", raw(oidAdmission, false, 0x30, 2, 0x30, 1), ErrAdmission},
		{"unknown and critical", raw("\x55\x1d\x1e", true, 0x30, 0), ErrExtension}, // name constraints
		{"unknown", raw("\x55\x1d\x1e", false, 0x30, 0), nil},
		{"extension twice", func(d *draft) { d.extensions = append(d.extensions, keyUsage(usageDigitalSignature)) }, ErrExtension},
		{"serial number of 21 bytes", func(d *draft) { d.serial = append([]byte{1}, make([]byte, 20)...) }, ErrCertificate},
		{"negative serial number", func(d *draft) { d.serial = []byte{0x80} }, ErrCertificate},
		{"no serial number", func(d *draft) { d.serial = nil }, ErrCertificate},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newForge(t, c.change)
			if c.want != nil {
				refused(t, f.encode(), testRoots(f.ca), testNow, c.want)
			} else if _, err := VerifyEnrolment(f.encode(), testRoots(f.ca), testNow); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func nameFor(t *testing.T, commonName string) string {
	t.Helper()
	var b cryptobyte.Builder
	addName(&b, attribute{oidCommonName, commonName})
	return string(b.BytesOrPanic())
}

// TestOtherStructure changes bytes of a certificate's signed part and signs it again.
func TestOtherStructure(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		want           error
	}{
		{"nothing", "x", "x", nil},
		{"version 2", "\xa0\x03\x02\x01\x02", "\xa0\x03\x02\x01\x01", ErrCertificate},
		{"version in another tag", "\xa0\x03\x02\x01\x02", "\xa1\x03\x02\x01\x02", ErrCertificate},
		{"algorithm inside differs", oidECDSASHA256, "\x2a\x86\x48\xce\x3d\x04\x03\x03", ErrCertificate},
		{"key of another kind", oidECPublicKey, "\x2a\x86\x48\xce\x3d\x02\x02", ErrCurve},
		{"explicit curve", "\x06\x08" + oidP256, "\x30\x08\x02\x06\x01\x01\x01\x01\x01\x01", ErrCurve},
		{"time in another form", "261120093000Z", "26112009300+Z", ErrCertificate},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newForge(t, nil)
			leaf, err := ParseCertificate(f.leaf)
			if err != nil {
				t.Fatal(err)
			}
			tbs := bytes.Replace(leaf.tbs, []byte(c.old), []byte(c.new), 1)
			if c.old != c.new && bytes.Equal(tbs, leaf.tbs) {
				t.Fatal("nothing to change")
			}
			digest := sha256.Sum256(tbs)
			signature, err := signerOf(f.ca.key)(digest[:])
			if err != nil {
				t.Fatal(err)
			}
			var b cryptobyte.Builder
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddBytes(tbs)
				b.AddBytes(ecdsaSHA256)
				b.AddASN1BitString(signature)
			})
			if _, err := ParseCertificate(b.BytesOrPanic()); !errors.Is(err, c.want) {
				t.Fatal(err)
			}
		})
	}
	f := newForge(t, nil)
	sha384 := bytes.ReplaceAll(f.leaf, []byte(oidECDSASHA256), []byte("\x2a\x86\x48\xce\x3d\x04\x03\x03"))
	if _, err := ParseCertificate(sha384); !errors.Is(err, ErrSignatureAlgorithm) {
		t.Fatal(err)
	}
	if _, err := ParseCertificate(make([]byte, maxCertificate+1)); !errors.Is(err, ErrCertificate) {
		t.Fatal(err)
	}
}

func TestPublicKeyForms(t *testing.T) {
	key, err := sharedCA.key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	spki := func(parameters []byte, tail []byte) cryptobyte.String {
		var b cryptobyte.Builder
		b.AddBytes(algorithmID(oidECPublicKey, parameters...))
		b.AddASN1BitString(key)
		b.AddBytes(tail)
		return b.BytesOrPanic()
	}
	curve := []byte("\x06\x08" + oidP256)
	if _, err := parsePublicKey(spki(curve, nil)); err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]cryptobyte.String{
		"curve and more": spki(append(bytes.Clone(curve), 5, 0), nil),
		"no curve":       spki(nil, nil),
		"null":           spki([]byte{5, 0}, nil),
		"key and more":   spki(curve, []byte{5, 0}),
		"empty":          nil,
	} {
		if _, err := parsePublicKey(in); !errors.Is(err, ErrCurve) && !errors.Is(err, ErrCertificate) {
			t.Error(name, err)
		}
	}
}

// TestStandardLibraryAgrees holds what is made and read here against crypto/x509.
func TestStandardLibraryAgrees(t *testing.T) {
	pool := x509.NewCertPool()
	root, err := x509.ParseCertificate(sharedCA.Certificate())
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(root)
	for _, kind := range []Kind{HBA, SMCB} {
		_, v := testCard(t, sharedCA, kind)
		theirs, err := x509.ParseCertificate(v.file)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := ParseCertificate(v.file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := theirs.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: testNow, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
			t.Fatal(err)
		}
		if theirs.Subject.CommonName != ours.Subject || theirs.Issuer.CommonName != ours.Issuer || !theirs.NotAfter.Equal(ours.NotAfter) ||
			!theirs.NotBefore.Equal(ours.NotBefore) || !bytes.Equal(theirs.RawTBSCertificate, ours.tbs) ||
			string(theirs.RawSubject) != ours.subjectDN || string(theirs.SubjectKeyId) != ours.extensions.subjectID ||
			string(theirs.AuthorityKeyId) != ours.extensions.authorityID || theirs.KeyUsage&x509.KeyUsageDigitalSignature == 0 ||
			!bytes.Equal(theirs.SerialNumber.Bytes(), []byte(ours.serial)) || theirs.IsCA || len(theirs.PolicyIdentifiers) != 2 {
			t.Fatalf("%s: %+v", kind, ours)
		}
		if ours.Curve != "P-256" || ours.Type != kind || len(ours.Professions) != 1 {
			t.Fatalf("%+v", ours)
		}
	}
}

func TestTimesOfCertificates(t *testing.T) {
	element := func(tag byte, text string) cryptobyte.String {
		return append([]byte{tag, byte(len(text))}, text...)
	}
	for _, c := range []struct {
		tag  byte
		text string
		want string // empty: refused
	}{
		{0x17, "261121093000Z", "2026-11-21T09:30:00Z"},
		{0x17, "491231235959Z", "2049-12-31T23:59:59Z"},
		{0x17, "500101000000Z", "1950-01-01T00:00:00Z"},
		{0x17, "680229000000Z", "1968-02-29T00:00:00Z"},
		{0x17, "690101000000Z", "1969-01-01T00:00:00Z"},
		{0x18, "20500101000000Z", "2050-01-01T00:00:00Z"},
		{0x18, "99991231235959Z", "9999-12-31T23:59:59Z"},
		{0x18, "20491231235959Z", ""},
		{0x18, "20500101000000.5Z", ""},
		{0x17, "2611210930Z", ""},
		{0x17, "261121093000+0100", ""},
		{0x17, "261121093000", ""},
		{0x17, "260230093000Z", ""},
		{0x17, "261121093060Z", ""},
		{0x17, "", ""},
		{0x0c, "261121093000Z", ""},
	} {
		in := element(c.tag, c.text)
		got, ok := readTime(&in)
		if ok != (c.want != "") || (ok && got.Format(time.RFC3339) != c.want) {
			t.Errorf("%02x %q: %v %v", c.tag, c.text, got, ok)
		}
		if ok {
			var b cryptobyte.Builder
			addTime(&b, got)
			if c.want > "1970" && !bytes.Equal(b.BytesOrPanic(), element(c.tag, c.text)) {
				t.Errorf("%q is written as %x", c.text, b.BytesOrPanic())
			}
		}
	}
}
