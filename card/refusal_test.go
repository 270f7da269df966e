package card

import (
	"bytes"
	"crypto/sha256"
	"math/big"
	"testing"
	"time"
)

// forgeOf makes what no honest card of a kind makes: like newForge, but with the kind's certificate, curve and CA.
func forgeOf(t testing.TB, s sort, change func(*draft)) *forge {
	t.Helper()
	key, err := keyFor(s.curve, testSeed(9), "forge")
	if err != nil {
		t.Fatal(err)
	}
	_, ca, err := NewVirtualOf(s.kind, VirtualOptions{Curve: s.curve, Now: testNow})
	if err != nil {
		t.Fatal(err)
	}
	h := virtualDefaults[s.kind]
	h.Kind, h.Curve, h.NotBefore, h.NotAfter = s.kind, s.curve, testNow.Add(-24*time.Hour), testNow.Add(365*24*time.Hour)
	f := &forge{t: t, ca: ca, key: key, outer: oidSignedData, version: 1, digest: algorithmID(oidSHA256), contentType: oidData,
		infos: 1, infoVersion: 1, infoDigest: algorithmID(oidSHA256), signed: testNow, sigAlg: ecdsaSHA256}
	d, err := h.withDefaults().certificate(key)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(d)
	}
	if f.leaf, err = ca.issue(d); err != nil {
		t.Fatal(err)
	}
	f.certs = [][]byte{f.leaf}
	statement := testStatement()
	statement.TelematikID = h.TelematikID
	f.setStatement(statement)
	return f
}

// TestRefusals is what no enrolment with any kind of card over any curve gets past: each has its own error.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		draft  func(*draft)
		change func(*forge)
		bytes  func([]byte) []byte
		roots  func(*Roots)
		want   error
		not    Kind // is refused for another reason before
	}{
		{name: "good"},
		{name: "attribute confusion", change: func(f *forge) {
			set := must(asSet(f.rightAttributes()))
			f.signature, f.content, f.attributes = f.sign(set), set, []byte{}
		}, want: ErrNoSignedAttributes},
		{name: "attributes as content", change: func(f *forge) { f.content = must(asSet(f.rightAttributes())) }, want: ErrDomain},
		{name: "BER", bytes: func(b []byte) []byte { return append(append([]byte{0x30, 0x80}, b[4:]...), 0, 0) }, want: ErrBER},
		{name: "trailing byte", bytes: func(b []byte) []byte { return append(b, 0) }, want: ErrTrailing},
		{name: "two signers", change: func(f *forge) { f.infos = 2 }, want: ErrSigners},
		{name: "SHA-1", change: func(f *forge) { f.digest, f.infoDigest = algorithmID(oidSHA1), algorithmID(oidSHA1) }, want: ErrDigestAlgorithm},
		{name: "ECDSA with SHA-1", change: func(f *forge) { f.sigAlg = algorithmID(oidECDSASHA1) }, want: ErrSignatureAlgorithm},
		{name: "no signed attributes", change: func(f *forge) { f.attributes = []byte{} }, want: ErrNoSignedAttributes},
		{name: "signed in the future", change: func(f *forge) { f.signed = testNow.Add(freshness + time.Second) }, want: ErrSigningTime},
		{name: "back-dated", change: func(f *forge) { f.signed = testNow.Add(-freshness - time.Second) }, want: ErrSigningTime},
		{name: "back-dated into the card's life", draft: func(d *draft) { d.notAfter = testNow.Add(-time.Second) },
			change: func(f *forge) { f.signed = testNow.Add(-20 * time.Minute) }, want: ErrExpired},
		{name: "expired", draft: func(d *draft) { d.notAfter = testNow.Add(-time.Second) }, want: ErrExpired},
		{name: "not yet valid", draft: func(d *draft) { d.notBefore = testNow.Add(time.Second) }, want: ErrNotYetValid},
		{name: "foreign root", roots: func(r *Roots) { r.CAs = [][]byte{sharedCA.Certificate()} }, want: ErrUntrusted},
		{name: "no roots", roots: func(r *Roots) { r.CAs = nil }, want: ErrUntrusted},
		{name: "self-signed", change: func(f *forge) {
			c, err := ParseCertificate(f.leaf)
			if err != nil {
				f.t.Fatal(err)
			}
			tbs := bytes.Replace(c.tbs, []byte(c.issuerDN), []byte(c.subjectDN), 1)
			digest := sha256.Sum256(resize(tbs))
			f.leaf = must(seal(resize(tbs), must(signerOf(f.key)(digest[:]))))
			f.certs = [][]byte{f.leaf}
		}, want: ErrUntrusted, not: UZI},
		{name: "CA bit", draft: func(d *draft) { replace(d, basicConstraints(true)) }, want: ErrCASigner},
		{name: "not for signatures", draft: func(d *draft) { replace(d, keyUsage(usageKeyAgreement)) }, want: ErrKeyUsage},
		{name: "wrong profession", roots: func(r *Roots) { r.Professions = []string{ProfessionPharmacy} }, want: ErrProfession},
		{name: "other Telematik-ID", change: func(f *forge) {
			s := testStatement()
			s.TelematikID = "3-SMC-B-Testkarte-883110000123457"
			f.setStatement(s)
		}, want: ErrTelematikID},
		{name: "point off the curve", draft: func(d *draft) { d.point = flipLast(d.point) }, want: ErrPoint},
		{name: "point compressed", draft: func(d *draft) { d.point = append([]byte{2 | d.point[64]&1}, d.point[1:33]...) }, want: ErrPoint},
		{name: "point at infinity", draft: func(d *draft) { d.point = []byte{0} }, want: ErrPoint},
		{name: "point of another curve", draft: func(d *draft) {
			other := map[string]string{oidP256: oidBrainpool, oidBrainpool: oidP256}
			d.curve = other[d.curve]
		}, want: ErrPoint},
		{name: "content changed", change: func(f *forge) { f.shown = flipLast(f.content) }, want: ErrMessageDigest},
		{name: "wrong signature", change: func(f *forge) { f.signature = f.sign([]byte("other")) }, want: ErrSignature},
		{name: "signature of zeros", change: func(f *forge) { f.signature = sigValue(new(big.Int), new(big.Int)) }, want: ErrSignature},
		{name: "other domain", change: func(f *forge) { f.content = append([]byte(FileDomain), f.content...) }, want: ErrDomain},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, s := range sorts {
				if s.kind == c.not {
					continue
				}
				f := forgeOf(t, s, c.draft)
				if c.change != nil {
					c.change(f)
				}
				data := f.encode()
				if c.bytes != nil {
					data = c.bytes(data)
				}
				roots := Roots{CAs: [][]byte{f.ca.Certificate()}, Professions: append(DefaultProfessions(), ProfessionUZIPhysician)}
				if c.roots != nil {
					c.roots(&roots)
				}
				if c.want == nil {
					if _, err := VerifyFreshEnrolment(data, roots, testNow); err != nil {
						t.Error(s, err)
					}
					continue
				}
				refused(t, data, roots, testNow, c.want)
			}
		})
	}
}

func flipLast(b []byte) []byte {
	b = bytes.Clone(b)
	b[len(b)-1] ^= 1
	return b
}

// resize writes the length of a SEQUENCE anew whose contents have changed.
func resize(element []byte) []byte {
	return append([]byte{0x30, 0x82, byte((len(element) - 4) >> 8), byte(len(element) - 4)}, element[4:]...)
}
