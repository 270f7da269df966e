package card

import (
	"testing"
	"time"
)

var testNow = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)

func testSeed(b byte) (seed [32]byte) {
	for i := range seed {
		seed[i] = b
	}
	return seed
}

func testCA(t testing.TB) *TestCA {
	t.Helper()
	ca, err := NewTestCA(testSeed(1), testNow)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func testStatement() Statement {
	return Statement{
		Version: 1, Device: testSeed(2), Sealing: testSeed(3),
		Name: "Praxis Dr. Beispiel", Street: "Domstr. 1", PLZ: "50667", Place: "Köln", Phone: "0221 1234",
		Directions: "2. Stock, Eingang im Hof", TelematikID: "1-SMC-B-Testkarte-883110000123456",
		NotBefore: uint64(testNow.Unix()), NotAfter: uint64(testNow.Add(90 * 24 * time.Hour).Unix()),
	}
}

func testRoots(ca *TestCA) Roots {
	return Roots{CAs: [][]byte{ca.Certificate()}, Professions: DefaultProfessions()}
}

func TestEnrolVirtual(t *testing.T) {
	ca := testCA(t)
	cms, err := EnrolVirtual(ca, testStatement(), testSeed(4), testNow)
	if err != nil {
		t.Fatal(err)
	}
	l, err := VerifyFreshEnrolment(cms, testRoots(ca), testNow.Add(20*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, certificate %d, %+v", len(cms), len(ca.Certificate()), l)
}

func BenchmarkVerifyEnrolment(b *testing.B) {
	ca := testCA(b)
	cms, err := EnrolVirtual(ca, testStatement(), testSeed(4), testNow)
	if err != nil {
		b.Fatal(err)
	}
	roots := testRoots(ca)
	b.ReportMetric(float64(len(cms)), "bytes")
	for b.Loop() {
		if _, err := VerifyEnrolment(cms, roots, testNow); err != nil {
			b.Fatal(err)
		}
	}
}
