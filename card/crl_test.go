package card

import (
	"bytes"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/brainpool"
)

// crlOf makes a list of ca, valid around testNow, and reads it.
func crlOf(t testing.TB, ca *TestCA, revoked ...[]byte) *RevocationList {
	t.Helper()
	return crlAt(t, ca, testNow.Add(-time.Hour), testNow.Add(time.Hour), revoked...)
}

func crlAt(t testing.TB, ca *TestCA, from, until time.Time, revoked ...[]byte) *RevocationList {
	t.Helper()
	der, err := ca.CRL(revoked, from, until)
	if err != nil {
		t.Fatal(err)
	}
	l, err := ParseCRL(der)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestRevocation over every kind and curve: what a list says, whose it is, and when it holds.
func TestRevocation(t *testing.T) {
	for _, s := range sorts {
		t.Run(s.String(), func(t *testing.T) {
			i := newIssued(t, s)
			cms := i.enrol(t)
			other, ca, err := NewVirtualOf(s.kind, VirtualOptions{Seed: testSeed(5), Curve: s.curve, Now: testNow})
			if err != nil || !bytes.Equal(ca.Certificate(), i.ca.Certificate()) {
				t.Fatal("no second card of this CA", err)
			}
			foreign, err := newTestCAOf(i.ca.certificate.Subject, s.curve, testSeed(6), testNow) // same name, another key
			if err != nil {
				t.Fatal(err)
			}
			forged := crlOf(t, foreign, i.virtual.file)
			forged.authorityID = i.ca.certificate.extensions.subjectID
			nameless := crlOf(t, i.ca, i.virtual.file)
			nameless.authorityID = ""
			old := crlAt(t, i.ca, testNow.Add(-2*time.Hour), testNow.Add(-time.Hour), other.file)
			oldListed := crlAt(t, i.ca, testNow.Add(-2*time.Hour), testNow.Add(-time.Hour), i.virtual.file)
			current := crlOf(t, i.ca, other.file)
			for _, c := range []struct {
				name string
				crls []*RevocationList
				want error
			}{
				{"no list", nil, nil},
				{"another card", []*RevocationList{current}, nil},
				{"nothing revoked", []*RevocationList{crlOf(t, i.ca)}, nil},
				{"listed", []*RevocationList{crlOf(t, i.ca, other.file, i.virtual.file)}, ErrRevokedCard},
				{"listed by the second list", []*RevocationList{current, crlOf(t, i.ca, i.virtual.file)}, ErrRevokedCard},
				{"list without key identifier", []*RevocationList{nameless}, ErrRevokedCard},
				{"run out", []*RevocationList{old}, ErrCRLExpired},
				{"run out, and a current one", []*RevocationList{old, current}, nil},
				{"run out, but listed", []*RevocationList{oldListed, current}, ErrRevokedCard},
				{"last second", []*RevocationList{crlAt(t, i.ca, testNow.Add(-time.Hour), testNow)}, nil},
				{"slow clock", []*RevocationList{crlAt(t, i.ca, testNow.Add(maxSkew), testNow.Add(time.Hour))}, nil},
				{"not yet", []*RevocationList{crlAt(t, i.ca, testNow.Add(maxSkew+time.Second), testNow.Add(time.Hour))}, ErrCRLNotYetValid},
				{"of another CA", []*RevocationList{crlOf(t, sharedCA)}, nil},
				{"of a CA of that name with another key", []*RevocationList{crlOf(t, foreign, i.virtual.file)}, nil},
				{"forged", []*RevocationList{forged}, ErrCRLSignature},
			} {
				roots := i.roots()
				roots.CRLs = c.crls
				if c.want != nil {
					refused(t, cms, roots, testNow, c.want)
				} else if _, err := VerifyEnrolment(cms, roots, testNow); err != nil {
					t.Errorf("%s: %v", c.name, err)
				}
			}
			roots := i.roots()
			roots.RevokedCards = [][32]byte{sha256.Sum256(other.file)}
			if _, err := VerifyEnrolment(cms, roots, testNow); err != nil {
				t.Fatal(err)
			}
			roots.RevokedCards = append(roots.RevokedCards, sha256.Sum256(i.virtual.file))
			refused(t, cms, roots, testNow, ErrRevokedCard)
		})
	}
}

// TestRevokedInOtherForm: the holder of a revoked card rewrites its certificate's signature, which stays good and changes the hash.
func TestRevokedInOtherForm(t *testing.T) {
	for _, s := range []sort{{SMCB, CurveP256}, {SMCB, CurveBrainpool}} {
		i := newIssued(t, s)
		roots := i.roots()
		roots.RevokedCards = [][32]byte{sha256.Sum256(i.virtual.file)}
		leaf, err := ParseCertificate(i.virtual.file)
		if err != nil {
			t.Fatal(err)
		}
		n := map[string]*big.Int{CurveP256: elliptic.P256().Params().N, CurveBrainpool: brainpool.P256r1().Params().N}[s.curve]
		other, ok := leaf.otherForm(n)
		if !ok || bytes.Equal(other, i.virtual.file) {
			t.Fatal("no other form")
		}
		i.virtual.file = other
		cms := i.enrol(t)
		if _, err := VerifyEnrolment(cms, i.roots(), testNow); err != nil {
			t.Fatal("the other form does not verify, so it proves nothing:", err)
		}
		refused(t, cms, roots, testNow, ErrRevokedCard)
	}
}

// TestRevokedCA: a CA between, or one that the network trusts, that its own issuer revoked.
func TestRevokedCA(t *testing.T) {
	root := newAuthority(t, "root", 21, nil, nil)
	sub := newAuthority(t, "sub", 22, root, nil)
	noCRL := newAuthority(t, "no lists", 23, nil, func(d *draft) { replace(d, keyUsage(usageCertSign)) })
	asCA := func(a *authority) *TestCA { return &TestCA{certificate: a.cert, key: a.key} }
	list := crlOf(t, asCA(root), sub.der)
	carried, direct := under(t, sub, sub.der), under(t, sub)
	namesake := newAuthority(t, "root", 24, nil, nil)
	subsake := newAuthority(t, "sub", 25, root, nil)
	leaf, err := ParseCMS(direct, EnrolmentDomain)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		cms  []byte
		cas  [][]byte
		crl  *RevocationList
		want error
	}{
		{"CA between", carried, [][]byte{root.der}, list, ErrRevokedCard},
		{"trusted CA below a trusted root", direct, [][]byte{sub.der, root.der}, list, ErrRevokedCard},
		{"trusted CA whose issuer is not known", direct, [][]byte{sub.der}, list, nil},
		{"list of another root of that name", direct, [][]byte{sub.der, root.der, namesake.der}, crlOf(t, asCA(namesake), sub.der), nil},
		{"card, beside another CA of that name", under(t, sub, subsake.der), [][]byte{sub.der}, crlOf(t, asCA(sub), leaf.Signer.Raw), ErrRevokedCard},
		{"nothing revoked", carried, [][]byte{root.der}, crlOf(t, asCA(root)), nil},
		{"card below a CA between", carried, [][]byte{root.der}, crlOf(t, asCA(sub), leaf.Signer.Raw), ErrRevokedCard},
		{"list of the CA between is forged", carried, [][]byte{root.der}, crlOf(t, &TestCA{certificate: sub.cert, key: root.key}), ErrCRLSignature},
		{"list of the root has run out", direct, [][]byte{sub.der, root.der}, crlAt(t, asCA(root), testNow.Add(-2*time.Hour), testNow.Add(-time.Hour)), ErrCRLExpired},
		{"CA may not issue lists", under(t, noCRL), [][]byte{noCRL.der}, crlOf(t, asCA(noCRL)), ErrCRLIssuer},
	} {
		t.Run(c.name, func(t *testing.T) {
			roots := Roots{CAs: c.cas, Professions: DefaultProfessions(), CRLs: []*RevocationList{c.crl}}
			if c.want != nil {
				refused(t, c.cms, roots, testNow, c.want)
			} else if _, err := VerifyEnrolment(c.cms, roots, testNow); err != nil {
				t.Fatal(err)
			}
		})
	}
	for _, ca := range []*authority{root, root, namesake, root} { // a list that was found good for one CA is not so for another
		if err := list.checkBy(ca.cert); (err == nil) != (ca == root) {
			t.Fatal(err)
		}
	}
	if _, err := asCA(root).CRL([][]byte{leaf.Signer.Raw}, testNow, testNow.Add(time.Hour)); !errors.Is(err, ErrCertificate) {
		t.Fatal("a list of what another CA issued:", err)
	}
}

// TestCRLForms: what is not a whole list of one CA is an error where it is loaded.
func TestCRLForms(t *testing.T) {
	good := must(sharedCA.CRL([][]byte{newForge(t, nil).leaf}, testNow, testNow.Add(time.Hour)))
	if l, err := ParseCRL(good); err != nil || len(l.serials) != 1 || l.Issuer != TestCAName || !l.ThisUpdate.Equal(testNow) {
		t.Fatal(err)
	}
	with := func(change func(*draftCRL)) []byte {
		d := &draftCRL{issuer: sharedCA.certificate, thisUpdate: testNow, nextUpdate: testNow.Add(time.Hour), serials: [][]byte{{1}}}
		change(d)
		return must(d.issue(signerOf(sharedCA.key)))
	}
	extension := func(oid string, critical bool) func(*draftCRL) {
		return func(d *draftCRL) {
			d.extensions = []draftExtension{{oid: oid, critical: critical, value: []byte{0x30, 0}}}
		}
	}
	if _, err := ParseCRL(with(extension("\x55\x1d\x1c", false))); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"nothing":                nil,
		"trailing byte":          append(bytes.Clone(good), 0),
		"certificate":            sharedCA.Certificate(),
		"version 1":              bytes.Replace(good, []byte("\x02\x01\x01\x30\x0a"), []byte("\x02\x01\x00\x30\x0a"), 1),
		"indefinite length":      append(append([]byte{0x30, 0x80}, good[4:]...), 0, 0),
		"for some only":          with(extension("\x55\x1d\x1c", true)), // issuing distribution point
		"delta":                  with(extension("\x55\x1d\x1b", true)),
		"serial of 21 bytes":     with(func(d *draftCRL) { d.serials = [][]byte{append([]byte{1}, make([]byte, 20)...)} }),
		"empty serial":           with(func(d *draftCRL) { d.serials = [][]byte{{}} }),
		"ends before it begins":  with(func(d *draftCRL) { d.nextUpdate = d.thisUpdate }),
		"too large":              make([]byte, maxCRL+1),
		"PEM":                    []byte("-----BEGIN X509 CRL-----"),
		"another key identifier": with(func(d *draftCRL) { d.extensions = []draftExtension{{oid: oidAuthorityKeyID, value: []byte{5, 0}}} }),
	} {
		if l, err := ParseCRL(data); !errors.Is(err, ErrCRL) {
			t.Errorf("%s: %v %v", name, l, err)
		}
	}
	sha384 := bytes.ReplaceAll(good, []byte(oidECDSASHA256), []byte("\x2a\x86\x48\xce\x3d\x04\x03\x03"))
	if _, err := ParseCRL(sha384); !errors.Is(err, ErrSignatureAlgorithm) {
		t.Fatal(err)
	}
	for n := range good {
		if _, err := ParseCRL(good[:n]); err == nil {
			t.Fatal("cut at", n)
		}
	}
}

// TestManyRevoked: the largest list is read and looked up in.
func TestManyRevoked(t *testing.T) {
	d := &draftCRL{issuer: sharedCA.certificate, thisUpdate: testNow, nextUpdate: testNow.Add(time.Hour), serials: make([][]byte, 100_000)}
	for i := range d.serials {
		d.serials[i] = binary.BigEndian.AppendUint64(nil, 0x4000_0000_0000_0000|uint64(i)*0x9e37_79b9)
	}
	der := must(d.issue(signerOf(sharedCA.key)))
	if len(der) > maxCRL {
		t.Fatalf("%d bytes", len(der))
	}
	l, err := ParseCRL(der)
	if err != nil {
		t.Fatal(err)
	}
	if len(l.serials) != len(d.serials) || !l.lists(&Certificate{serial: string(d.serials[77_777])}) || l.lists(&Certificate{serial: "\x41"}) {
		t.Fatal(len(l.serials))
	}
}

func BenchmarkParseCRL(b *testing.B) {
	d := &draftCRL{issuer: sharedCA.certificate, thisUpdate: testNow, nextUpdate: testNow.Add(time.Hour), serials: make([][]byte, 100_000)}
	for i := range d.serials {
		d.serials[i] = binary.BigEndian.AppendUint64(nil, 0x4000_0000_0000_0000|uint64(i)*0x9e37_79b9)
	}
	der := must(d.issue(signerOf(sharedCA.key)))
	for b.Loop() {
		if _, err := ParseCRL(der); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(der)), "bytes")
}

// FuzzCRL: what is read is one list within its limits, and holds against no CA that did not sign it.
func FuzzCRL(f *testing.F) {
	good := must(sharedCA.CRL([][]byte{newForge(f, nil).leaf}, testNow, testNow.Add(time.Hour)))
	f.Add(good)
	f.Add(must(sharedCA.CRL(nil, testNow, testNow.Add(time.Hour))))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := ParseCRL(data)
		if err != nil {
			return
		}
		if len(l.serials)*16 > len(data) || !l.ThisUpdate.Before(l.NextUpdate) {
			t.Fatalf("%d serials in %d bytes", len(l.serials), len(data))
		}
		_ = l.isBy(sharedCA.certificate)
		_ = l.checkTime(testNow)
	})
}
