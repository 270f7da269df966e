package card

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestEnrolVirtual(t *testing.T) {
	ca := sharedCA
	s := testStatement()
	s.Version, s.TelematikID = 0, ""
	cms, err := EnrolVirtual(ca, s, testSeed(4), testNow)
	if err != nil {
		t.Fatal(err)
	}
	again, err := EnrolVirtual(ca, s, testSeed(4), testNow)
	if err != nil || !bytes.Equal(cms, again) {
		t.Fatal("not deterministic", err)
	}
	other, err := EnrolVirtual(ca, s, testSeed(5), testNow)
	if err != nil || bytes.Equal(cms, other) {
		t.Fatal("seed has no effect", err)
	}
	l, err := VerifyFreshEnrolment(cms, testRoots(ca), testNow.Add(20*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	want := testStatement()
	want.TelematikID = l.TelematikID
	if l.Statement != want || !strings.HasPrefix(l.TelematikID, "1-SMC-B-Testkarte-") || l.Profession != ProfessionPractice ||
		l.ProfessionName != "Betriebsstätte Arzt" || l.Holder != "Praxis Dr. Beispiel TEST-ONLY" || l.Kind != SMCB ||
		!l.Signed.Equal(testNow) || !l.NotAfter.Equal(want.until()) {
		t.Fatalf("%+v", l)
	}
}

// TestGolden keeps the wire form: a client in another language can check itself against this file.
func TestGolden(t *testing.T) {
	cms, err := EnrolVirtual(sharedCA, testStatement(), testSeed(4), testNow)
	if err != nil {
		t.Fatal(err)
	}
	const name = "testdata/enrolment.hex"
	if os.Getenv("PIEKS_WRITE_GOLDEN") != "" {
		if err := os.WriteFile(name, []byte(hex.EncodeToString(cms)+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if hex.EncodeToString(cms)+"\n" != string(want) {
		t.Fatalf("%s differs from what is made now: %x", name, cms)
	}
}

func TestEnrolWithBothKinds(t *testing.T) {
	ca := sharedCA
	for _, kind := range []Kind{HBA, SMCB} {
		c, _ := testCard(t, ca, kind)
		s := testStatement()
		s.TelematikID = ""
		cms, err := Enrol(context.Background(), c, VirtualPIN, s, testNow)
		if err != nil {
			t.Fatal(kind, err)
		}
		l, err := VerifyFreshEnrolment(cms, testRoots(ca), testNow)
		if err != nil {
			t.Fatal(kind, err)
		}
		if l.Kind != kind || l.TelematikID != testTelematikID {
			t.Fatalf("%+v", l)
		}
	}
}

func TestCAFromBundle(t *testing.T) {
	ca := sharedCA
	pkcs8, err := ca.PrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := LoadTestCA(pkcs8, ca.Certificate())
	if err != nil {
		t.Fatal(err)
	}
	cms, err := EnrolVirtual(loaded, testStatement(), testSeed(4), testNow)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := VerifyEnrolment(cms, testRoots(ca), testNow); err != nil {
		t.Fatal(err)
	}
	other, err := NewTestCA(testSeed(7), testNow)
	if err != nil {
		t.Fatal(err)
	}
	leaf := newForge(t, nil).leaf
	noCA := newAuthority(t, "no CA", 50, nil, func(d *draft) { replace(d, basicConstraints(false)) })
	noCAKey, err := (&TestCA{key: noCA.key}).PrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	for name, load := range map[string]func() (*TestCA, error){
		"foreign certificate": func() (*TestCA, error) { return LoadTestCA(pkcs8, other.Certificate()) },
		"leaf":                func() (*TestCA, error) { return LoadTestCA(pkcs8, leaf) },
		"CA without the bit":  func() (*TestCA, error) { return LoadTestCA(noCAKey, noCA.der) },
		"no key":              func() (*TestCA, error) { return LoadTestCA(nil, ca.Certificate()) },
		"cut key":             func() (*TestCA, error) { return LoadTestCA(pkcs8[:40], ca.Certificate()) },
		"no certificate":      func() (*TestCA, error) { return LoadTestCA(pkcs8, nil) },
	} {
		if _, err := load(); !errors.Is(err, ErrTestCA) {
			t.Error(name, err)
		}
	}
	refused(t, cms, testRoots(other), testNow, ErrUntrusted) // same name, another key
}

func TestSizeOfFullFields(t *testing.T) {
	ca := sharedCA
	s := testStatement()
	s.Name, s.Street, s.Place = strings.Repeat("ä", maxName/2), strings.Repeat("ß", maxStreet/2), strings.Repeat("ö", maxPlace/2)
	s.Phone, s.Directions = strings.Repeat("1", maxPhone), strings.Repeat("ü", maxDirections/2)
	s.TelematikID = "1-" + strings.Repeat("9", maxTelematikID-2)
	cms, err := EnrolVirtual(ca, s, testSeed(4), testNow)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", len(cms))
	if len(cms) > MaxEnrolment-300 { // real certificates are up to 300 bytes longer than virtual ones
		t.Fatalf("%d bytes leave no room for a real certificate", len(cms))
	}
	if _, err := VerifyEnrolment(cms, testRoots(ca), testNow); err != nil {
		t.Fatal(err)
	}
}

func TestTimes(t *testing.T) {
	const day = 24 * time.Hour
	span := func(from, until time.Duration) Statement {
		s := testStatement()
		s.NotBefore, s.NotAfter = uint64(testNow.Add(from).Unix()), uint64(testNow.Add(until).Unix())
		return s
	}
	for _, c := range []struct {
		name      string
		statement Statement
		signed    time.Duration
		at        time.Duration
		want      error
		fresh     error
	}{
		{"now", span(0, 90*day), 0, 0, nil, nil},
		{"90 days and a second", span(0, 90*day+time.Second), 0, 0, ErrStatementSpan, ErrStatementSpan},
		{"ends at once", span(0, 0), 0, 0, ErrStatementSpan, ErrStatementSpan},
		{"ends before", span(day, 0), 0, 0, ErrStatementSpan, ErrStatementSpan},
		{"weeks later", span(0, 90*day), 0, 60 * day, nil, ErrNotFresh},
		{"last second", span(0, 90*day), 0, 90 * day, nil, ErrNotFresh},
		{"second after", span(0, 90*day), 0, 90*day + time.Second, ErrStatementExpired, ErrStatementExpired},
		{"slow clock", span(0, 90*day), 0, -maxSkew, nil, nil},
		{"slower clock", span(0, 90*day), 0, -maxSkew - time.Second, ErrStatementNotYetValid, ErrStatementNotYetValid},
		{"30 minutes", span(0, 90*day), 0, freshness, nil, nil},
		{"30 minutes and a second", span(0, 90*day), 0, freshness + time.Second, nil, ErrNotFresh},
		{"signed 30 minutes ahead", span(0, 90*day), freshness, 0, nil, nil},
		{"signed further ahead", span(0, 90*day), freshness + time.Second, 0, ErrSigningTime, ErrSigningTime},
		{"signed for later", span(0, 80*day), -freshness - time.Second, 0, ErrSigningTime, ErrSigningTime},
		{"back-dated", span(-80*day, 10*day), -81 * day, 0, ErrSigningTime, ErrSigningTime},
		{"old but good", span(-80*day, 10*day), -80 * day, 0, nil, ErrNotFresh},
		{"signed long before", span(-10*day, 80*day), -10*day - freshness - time.Second, 0, ErrSigningTime, ErrSigningTime},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newForge(t, nil)
			f.ca = oldCA(t)
			f.leaf = f.issue(func(d *draft) { d.notBefore = testNow.Add(-200 * day) })
			f.certs = [][]byte{f.leaf}
			f.setStatement(c.statement)
			f.signed = testNow.Add(c.signed)
			data := f.encode()
			if _, err := VerifyEnrolment(data, testRoots(f.ca), testNow.Add(c.at)); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if _, err := VerifyFreshEnrolment(data, testRoots(f.ca), testNow.Add(c.at)); !errors.Is(err, c.fresh) {
				t.Errorf("fresh: got %v, want %v", err, c.fresh)
			}
		})
	}
}

// oldCA began a year ago.
func oldCA(t *testing.T) *TestCA {
	t.Helper()
	ca, err := NewTestCA(testSeed(1), testNow.Add(-365*24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// TestExpiredCard is case 44: a signing time inside the validity of an expired card does not help it.
func TestExpiredCard(t *testing.T) {
	f := newForge(t, nil)
	f.ca = oldCA(t)
	f.leaf = f.issue(func(d *draft) {
		d.notBefore, d.notAfter = testNow.Add(-200*24*time.Hour), testNow.Add(-time.Second)
	})
	f.certs = [][]byte{f.leaf}
	f.signed = testNow.Add(-20 * time.Minute)
	refused(t, f.encode(), testRoots(f.ca), testNow, ErrExpired)
	if _, err := VerifyEnrolment(f.encode(), testRoots(f.ca), testNow.Add(-time.Second)); err != nil {
		t.Fatal("one second earlier it held:", err)
	}
}

// TestTelematikID is case 49, the invented pharmacy.
func TestTelematikID(t *testing.T) {
	f := newForge(t, nil)
	s := testStatement()
	s.TelematikID = "3-SMC-B-Testkarte-883110000123457"
	f.setStatement(s)
	refused(t, f.encode(), testRoots(f.ca), testNow, ErrTelematikID)

	c, v := testCard(t, f.ca, SMCB)
	if _, err := Enrol(context.Background(), c, "000000", s, testNow); !errors.Is(err, ErrTelematikID) {
		t.Fatal(err)
	}
	if v.tries != pinTries {
		t.Fatal("a try of the PIN was spent on a statement that no one accepts")
	}
}

func TestRevokedDevice(t *testing.T) { // the part of case 52 that is decided here
	f := newForge(t, nil)
	roots := testRoots(f.ca)
	roots.Revoked = [][32]byte{testSeed(8), testStatement().Device}
	refused(t, f.encode(), roots, testNow, ErrRevoked)
}

func TestStatementFields(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Statement)
		want   error
	}{
		{"version 2", func(s *Statement) { s.Version = 2 }, ErrStatementVersion},
		{"version 0", func(s *Statement) { s.Version = 0 }, ErrStatementVersion},
		{"no device", func(s *Statement) { s.Device = [32]byte{} }, ErrStatement},
		{"no sealing key", func(s *Statement) { s.Sealing = [32]byte{} }, ErrStatement},
		{"no name", func(s *Statement) { s.Name = "" }, ErrStatement},
		{"long name", func(s *Statement) { s.Name = strings.Repeat("a", maxName+1) }, ErrStatement},
		{"line in the name", func(s *Statement) { s.Name = "Praxis\nDr. Beispiel" }, ErrStatement},
		{"direction override", func(s *Statement) { s.Name = "Praxis \u202egro.leipsieb" }, ErrStatement},
		{"zero width", func(s *Statement) { s.Street = "Dom\u200bstr. 1" }, ErrStatement},
		{"blank at the end", func(s *Statement) { s.Place = "Köln " }, ErrStatement},
		{"no-break space", func(s *Statement) { s.Place = "Bad\u00a0Ems" }, ErrStatement},
		{"no street", func(s *Statement) { s.Street = "" }, ErrStatement},
		{"no place", func(s *Statement) { s.Place = "" }, ErrStatement},
		{"long phone", func(s *Statement) { s.Phone = strings.Repeat("1", maxPhone+1) }, ErrStatement},
		{"long directions", func(s *Statement) { s.Directions = strings.Repeat("a", maxDirections+1) }, ErrStatement},
		{"postcode of four", func(s *Statement) { s.PLZ = "5066" }, ErrStatement},
		{"postcode in Arabic digits", func(s *Statement) { s.PLZ = "٥٠٦٦٧" }, ErrStatement},
		{"postcode with a sign", func(s *Statement) { s.PLZ = "-5066" }, ErrStatement},
		{"no Telematik-ID", func(s *Statement) { s.TelematikID = "" }, ErrStatement},
		{"Telematik-ID with an umlaut", func(s *Statement) { s.TelematikID = "1-Ä" }, ErrStatement},
		{"long Telematik-ID", func(s *Statement) { s.TelematikID = strings.Repeat("1", maxTelematikID+1) }, ErrStatement},
		{"end of time", func(s *Statement) { s.NotAfter = 1<<64 - 1 }, ErrStatementSpan},
		{"all of time", func(s *Statement) { s.NotBefore, s.NotAfter = 1<<63-1, 1<<63 }, ErrStatementSpan},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := testStatement()
			c.change(&s)
			f := newForge(t, nil)
			f.setStatement(s)
			refused(t, f.encode(), testRoots(f.ca), testNow, c.want)
			if s.Version == 0 || s.TelematikID == "" {
				return // Enrol fills them
			}
			if _, err := EnrolVirtual(f.ca, s, testSeed(4), testNow); !errors.Is(err, c.want) {
				t.Fatalf("enrolling: got %v, want %v", err, c.want)
			}
		})
	}
	s := testStatement()
	s.Phone, s.Directions = "", ""
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
}

func TestStatementEncoding(t *testing.T) {
	good, err := testStatement().encode()
	if err != nil {
		t.Fatal(err)
	}
	if s, err := parseStatement(good); err != nil || s != testStatement() {
		t.Fatal(s, err)
	}
	with := func(old, new string) []byte { return bytes.Replace(good, []byte(old), []byte(new), 1) }
	for name, data := range map[string][]byte{
		"empty":           nil,
		"trailing":        append(bytes.Clone(good), 0),
		"longer integer":  with("\xac\x01\x01", "\xac\x01\x18\x01"),
		"indefinite map":  append(with("\xac\x01", "\xbf\x01"), 0xff),
		"unknown key":     with("\xac\x01\x01", "\xad\x00\x01\x01\x01"),
		"missing key":     with("\xac\x01\x01", "\xab"),
		"key twice":       with("\xac\x01\x01", "\xad\x01\x01\x01\x01"),
		"not UTF-8":       with("K\xc3\xb6ln", "K\xc3\xc3ln"),
		"text as bytes":   with("\x65K\xc3\xb6ln", "\x45K\xc3\xb6ln"),
		"short key":       with("\x58\x20\x02", "\x58\x1f"),
		"long key":        with("\x58\x20\x02", "\x58\x21\x02\x02"),
		"array":           {0x80},
		"negative time":   with("\x0b\x1a", "\x0b\x3a"),
		"float time":      with("\x0b\x1a", "\x0b\xfa"),
		"keys out of row": with("\x04\x73Praxis Dr. Beispiel\x05\x69Domstr. 1", "\x05\x69Domstr. 1\x04\x73Praxis Dr. Beispiel"),
	} {
		if bytes.Equal(data, good) {
			t.Fatal(name, "changes nothing")
		}
		if _, err := parseStatement(data); !errors.Is(err, ErrStatement) && !errors.Is(err, ErrStatementVersion) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEveryBit flips every bit of an enrolment.
func TestEveryBit(t *testing.T) {
	ca := sharedCA
	cms, err := EnrolVirtual(ca, testStatement(), testSeed(4), testNow)
	if err != nil {
		t.Fatal(err)
	}
	roots := testRoots(ca)
	for bit := range 8 * len(cms) {
		cms[bit/8] ^= 1 << (bit % 8)
		if _, err := VerifyEnrolment(cms, roots, testNow); err == nil {
			t.Errorf("bit %d of byte %d can be flipped", bit%8, bit/8)
		}
		cms[bit/8] ^= 1 << (bit % 8)
	}
	if _, err := VerifyEnrolment(cms, roots, testNow); err != nil {
		t.Fatal(err)
	}
}

func TestEveryCut(t *testing.T) {
	f := newForge(t, nil)
	data := f.encode()
	for n := range data {
		if _, err := VerifyEnrolment(data[:n], testRoots(f.ca), testNow); err == nil {
			t.Fatal(n)
		}
	}
}

// BenchmarkVerifyEnrolment is what an issuer, a relay and a patient pay for a practice: over brainpoolP256r1, as real cards are, below 3 ms.
func BenchmarkVerifyEnrolment(b *testing.B) {
	for _, s := range []sort{{SMCB, CurveP256}, {SMCB, CurveBrainpool}} {
		i := newIssued(b, s)
		cms := i.enrol(b)
		roots := i.roots()
		for name, lists := range map[string][]*RevocationList{"": nil, " with CRL": {crlOf(b, i.ca)}} {
			roots.CRLs = lists
			b.Run(s.curve+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := VerifyEnrolment(cms, roots, testNow); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(len(cms)), "bytes")
			})
		}
	}
}

// BenchmarkRefuse is what garbage costs that looks like an enrolment until its signature.
func BenchmarkRefuseForeignRoot(b *testing.B) {
	ca := sharedCA
	cms, err := EnrolVirtual(ca, testStatement(), testSeed(4), testNow)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := VerifyEnrolment(cms, Roots{Professions: DefaultProfessions()}, testNow); err == nil {
			b.Fatal("accepted")
		}
	}
}
