package card

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

const goodUZI = uziOID + "-1-900012345-Z-90000111-01.015-00000000"

// uziForge is a message signed with a certificate whose alternative name is value, from a CA of that name.
func uziForge(t testing.TB, issuer string, value []byte, change func(*draft)) *forge {
	t.Helper()
	ca, err := newTestCAOf(issuer, CurveP256, testSeed(12), testNow)
	if err != nil {
		t.Fatal(err)
	}
	f := newForge(t, nil)
	f.ca = ca
	f.leaf = f.issue(func(d *draft) {
		without(d, oidAdmission)
		without(d, oidPolicies)
		replace(d, draftExtension{oid: oidSubjectAltName, value: value})
		if change != nil {
			change(d)
		}
	})
	f.certs = [][]byte{f.leaf}
	s := testStatement()
	s.TelematikID = "900012345"
	f.setStatement(s)
	return f
}

func (f *forge) uziRoots() Roots {
	return Roots{CAs: [][]byte{f.ca.Certificate()}, Professions: append(DefaultProfessions(), ProfessionUZIPhysician)}
}

// TestUZI is case 48: seven parts and nothing else, of the one card type, whose CA is the one it names.
func TestUZI(t *testing.T) {
	const ca = "TEST UZI-register Zorgverlener CA G3"
	with := func(old, new string) string {
		if !strings.Contains(goodUZI, old) {
			t.Fatal(old)
		}
		return strings.Replace(goodUZI, old, new, 1)
	}
	for _, c := range []struct {
		name, text, issuer string
		want               error
	}{
		{"good", goodUZI, ca, nil},
		{"issuer without generation", goodUZI, "UZI-register Zorgverlener CA", nil},
		{"employee's CA number", with(uziOID, "2.16.528.1.1003.1.3.5.5.3"), ca, ErrUZI},
		{"server's CA number", with(uziOID, "2.16.528.1.1003.1.3.5.5.5"), ca, ErrUZI},
		{"longer CA number", with(uziOID, uziOID+".1"), ca, ErrUZI},
		{"issued by the employees' CA", goodUZI, "TEST UZI-register Medewerker op naam CA G3", ErrUZI},
		{"issued by another CA", goodUZI, "Pieks HBA-CA TEST-ONLY", ErrUZI},
		{"version 2", with("-1-", "-2-"), ca, ErrUZI},
		{"version 01", with("-1-", "-01-"), ca, ErrUZI},
		{"employee", with("-Z-", "-N-"), ca, ErrUZI},
		{"unnamed employee", with("-Z-", "-M-"), ca, ErrUZI},
		{"server", with("-Z-", "-S-"), ca, ErrUZI},
		{"type K", with("-Z-", "-K-"), ca, ErrUZI},
		{"small letter", with("-Z-", "-z-"), ca, ErrUZI},
		{"role 00.000", with("01.015", "00.000"), ca, ErrUZI},
		{"role of no title", with("01.015", "05.015"), ca, ErrUZI},
		{"role without point", with("01.015", "01015"), ca, ErrUZI},
		{"role of four digits", with("01.015", "01.0150"), ca, ErrUZI},
		{"six parts", with("-00000000", ""), ca, ErrUZI},
		{"eight parts", goodUZI + "-1", ca, ErrUZI},
		{"number of eight digits", with("900012345", "90001234"), ca, ErrUZI},
		{"number with a letter", with("900012345", "90001234X"), ca, ErrUZI},
		{"number in Arabic digits", with("900012345", "٩٠٠٠١٢٣٤٥"), ca, ErrUZI},
		{"subscriber of seven digits", with("90000111", "9000011"), ca, ErrUZI},
		{"not ASCII", with("-Z-", "-\u017b-"), ca, ErrUZI},
		{"zero byte", goodUZI + "\x00", ca, ErrUZI},
		{"blank", " " + goodUZI, ca, ErrUZI},
		{"nothing", "", ca, ErrUZI},
		{"nurse, who is not on the list", with("01.015", "30.000"), ca, ErrProfession},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := uziForge(t, c.issuer, must(encodeUZI(c.text)), nil)
			if c.want != nil {
				refused(t, f.encode(), f.uziRoots(), testNow, c.want)
				return
			}
			l, err := VerifyEnrolment(f.encode(), f.uziRoots(), testNow)
			if err != nil || l.Kind != UZI || l.Profession != "2.16.528.1.1003.1.3.5.5.2.1" || l.TelematikID != "900012345" || l.ProfessionName != "Ärztin/Arzt (Niederlande)" {
				t.Fatal(l, err)
			}
		})
	}
}

// TestUZINames: other structures of the alternative name, and names beside it.
func TestUZINames(t *testing.T) {
	const ca = "UZI-register Zorgverlener CA G3"
	other := func(oid string, tag asn1.Tag, text string) func(*cryptobyte.Builder) {
		return func(b *cryptobyte.Builder) {
			b.AddASN1(tagged(0), func(b *cryptobyte.Builder) {
				addOID(b, oid)
				b.AddASN1(tagged(0), func(b *cryptobyte.Builder) {
					b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(text)) })
				})
			})
		}
	}
	names := func(parts ...func(*cryptobyte.Builder)) []byte {
		var b cryptobyte.Builder
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, p := range parts {
				p(b)
			}
		})
		return b.BytesOrPanic()
	}
	mail := func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.Tag(1).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes([]byte("a@example.org")) })
	}
	logon := other("\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x03", asn1.UTF8String, "900012345@90000111") // smart card logon
	good := other(oidUZIName, asn1.IA5String, goodUZI)
	policy := must(oidList(oidPolicies, true, oidTypeHBA))
	admission := draftExtension{oid: oidAdmission, value: must(encodeAdmission("", []Profession{{Items: []string{"Text"}, OIDs: []string{ProfessionPhysician}, RegistrationNo: "900012345"}}))}
	for _, c := range []struct {
		name   string
		value  []byte
		change func(*draft)
		want   error
	}{
		{"alone", names(good), nil, nil},
		{"beside others", names(mail, logon, good), nil, nil},
		{"twice", names(good, good), nil, ErrUZI},
		{"as UTF-8", names(other(oidUZIName, asn1.UTF8String, goodUZI)), nil, ErrUZI},
		{"under another type", names(other("\x55\x05\x06", asn1.IA5String, goodUZI)), nil, ErrCertificateType},
		{"only a mail address", names(mail), nil, ErrCertificateType},
		{"no names", names(), nil, ErrCertificate},
		{"not a sequence", []byte{0x31, 0}, nil, ErrCertificate},
		{"other name without type", names(func(b *cryptobyte.Builder) { b.AddASN1(tagged(0), func(*cryptobyte.Builder) {}) }), nil, ErrCertificate},
		{"an HBA, too", names(good), func(d *draft) { replace(d, policy) }, ErrCertificateType},
		{"an admission, too", names(good), func(d *draft) { replace(d, admission) }, ErrCertificateType},
		{"critical", names(good), func(d *draft) { replace(d, draftExtension{oid: oidSubjectAltName, critical: true, value: names(good)}) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := uziForge(t, ca, c.value, c.change)
			if c.want != nil {
				refused(t, f.encode(), f.uziRoots(), testNow, c.want)
			} else if _, err := VerifyEnrolment(f.encode(), f.uziRoots(), testNow); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestUZIProfessions(t *testing.T) {
	seen := map[string]bool{}
	for _, title := range uziTitles {
		p, err := parseUZI(strings.Replace(goodUZI, "01.015", title+".000", 1), uziIssuer)
		if err != nil || len(p.OIDs) != 1 || seen[p.OIDs[0]] || !strings.HasPrefix(p.OIDs[0], uziOID+".") {
			t.Fatal(title, p, err)
		}
		seen[p.OIDs[0]] = true
	}
	if !seen[ProfessionUZIPhysician] {
		t.Fatal("no title is the physician's")
	}
	if _, err := parseUZI(goodUZI, ""); !errors.Is(err, ErrUZI) {
		t.Fatal("a CA without a name", err)
	}
}

// FuzzUZI: only text of the one form is a name, and its profession is below the CA's number.
func FuzzUZI(f *testing.F) {
	f.Add(goodUZI, uziIssuer)
	f.Add(strings.Replace(goodUZI, "-Z-", "-N-", 1), "TEST "+uziIssuer+" G3")
	f.Fuzz(func(t *testing.T, text, issuer string) {
		p, err := parseUZI(text, issuer)
		if err != nil {
			return
		}
		if len(text) != len(goodUZI) || !strings.HasPrefix(text, uziOID+"-1-"+p.RegistrationNo+"-Z-") || len(p.RegistrationNo) != 9 ||
			!strings.HasPrefix(p.OIDs[0], uziOID+".") || !strings.Contains(issuer, uziIssuer) {
			t.Fatalf("%q of %q is %+v", text, issuer, p)
		}
	})
}

func FuzzSubjectAltName(f *testing.F) {
	f.Add(must(encodeUZI(goodUZI)))
	f.Fuzz(func(t *testing.T, data []byte) {
		var e extensions
		if err := e.readSubjectAltName(data); err == nil && e.uzi != "" && !strings.Contains(string(data), e.uzi) {
			t.Fatalf("%q", e.uzi)
		}
	})
}
