package card

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"
)

// Published by gematik for tests, keys and all (popp.md 7.1): the certificate of an eGK of an invented patient, and what its other key
// signed.
const realPatient = "MIIDJjCCAs2gAwIBAgIGWEzUXnpkMAoGCCqGSM49BAMCMIGWMQswCQYDVQQGEwJERTEfMB0GA1UECgwWZ2VtYXRpayBHbWJIIE5PVC1WQUxJRDFFMEMGA1UECww8RWxla3" +
	"Ryb25pc2NoZSBHZXN1bmRoZWl0c2thcnRlLUNBIGRlciBUZWxlbWF0aWtpbmZyYXN0cnVrdHVyMR8wHQYDVQQDDBZHRU0uRUdLLUNBNTEgVEVTVC1PTkxZMB4XDTIzMDky" +
	"MDAwMDAwMFoXDTI4MDkxOTIzNTk1OVowgaoxCzAJBgNVBAYTAkRFMR0wGwYDVQQKDBRUZXN0IEdLVi1TVk5PVC1WQUxJRDESMBAGA1UECwwJMTA5NTAwOTY5MRMwEQYDVQ" +
	"QLDApYMTEwNTQwNzU2MRIwEAYDVQQEDAlTZWJhc3RpYW4xFTATBgNVBCoMDEhlcm1hbm4gR3JhZjEoMCYGA1UEAwwfSGVybWFubiBHcmFmIFNlYmFzdGlhblRFU1QtT05M" +
	"WTBaMBQGByqGSM49AgEGCSskAwMCCAEBBwNCAARJoyQmt8Qe+E4OBWivcWJqjyfgxJAPyH68PNnZjMLJ+nH9I+3EaLNm46/5ubTlC778pxsqtRGXwwpXlZCjKiEzo4HvMI" +
	"HsMB8GA1UdIwQYMBaAFHTp+RSD4QvmEfYqrJfs2a+ZQ8HwMB0GA1UdDgQWBBR4Y65VXPPZi9E+oiwu2mBpeuRXUjAMBgNVHRMBAf8EAjAAMDgGCCsGAQUFBwEBBCwwKjAo" +
	"BggrBgEFBQcwAYYcaHR0cDovL2VoY2EuZ2VtYXRpay5kZS9vY3NwLzAwBgUrJAgDAwQnMCUwIzAhMB8wHTAQDA5WZXJzaWNoZXJ0ZS8tcjAJBgcqghQATAQxMA4GA1UdDw" +
	"EB/wQEAwIHgDAgBgNVHSAEGTAXMAoGCCqCFABMBIEjMAkGByqCFABMBEYwCgYIKoZIzj0EAwIDRwAwRAIgGohHla6005nx3D4lcq6VVrnAQiR852ieImT8Ctx5Q7QCIDxS" +
	"9uoXBQrBf09Ftr+7mjOSIqOFtc/DDugXDkggmBKE"

const (
	realKey       = "04271fe0b2768a07eea70e02656cbd6d443d85ad5fef1f16542ff031a4a3764db40f187aa383ee4ca8104e5617593bdd0d83d8fbcce2a6a25a36f84a3a0a74ad2e"
	realNonce     = "000102030405060708090a0b0c0d0e0f1011121314151617" + "00"
	realSignature = "743cf1b8b5cd4f2eb55f8aa369593ac436ef044166699e37d51a14c2ce13ea0e0c92ec47fe26994e0959266a5ec3a46d67d32bd19c5a5254adc98d36169ada1f"
)

// TestRealPatient reads a certificate that was not made here.
func TestRealPatient(t *testing.T) {
	der, err := base64.StdEncoding.DecodeString(realPatient)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(der); hex.EncodeToString(sum[:]) != "fa775d9c452f9f02cdfdf9a9195de14add3966b40057f4630945d0963efa78ab" {
		t.Fatal("not the certificate that was published")
	}
	c, err := ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	if c.Curve != CurveBrainpool || c.Type != EGK || c.Issuer != "GEM.EGK-CA51 TEST-ONLY" || c.Subject != "Hermann Graf SebastianTEST-ONLY" ||
		!c.NotBefore.Equal(time.Date(2023, 9, 20, 0, 0, 0, 0, time.UTC)) || len(c.Professions) != 1 || c.Professions[0].OIDs[0] != professionInsured {
		t.Fatalf("%+v", c)
	}
	if err := c.checkType(); !errors.Is(err, ErrPatientCard) {
		t.Fatal(err)
	}
	virtual, err := ParseCertificate(newIssued(t, sort{EGK, CurveBrainpool}).virtual.file)
	if err != nil || virtual.extensions.keyUsage != c.extensions.keyUsage || virtual.extensions.isCA != c.extensions.isCA ||
		strings.Join(virtual.Professions[0].Items, "") != strings.Join(c.Professions[0].Items, "") {
		t.Fatal("virtual eGKs differ from real ones", err)
	}
	for oid := range virtual.extensions.present {
		if !c.extensions.present[oid] {
			t.Errorf("a real eGK has no extension %x", oid)
		}
	}
}

// TestRealSignature checks an ECDSA signature over brainpoolP256r1 that was not made here. What was signed is a nonce of 25 bytes, unhashed:
// a number that is the same with zeros before it.
func TestRealSignature(t *testing.T) {
	key, verify, err := parseBrainpool(unhex(t, realKey))
	if err != nil || key == nil {
		t.Fatal(err)
	}
	signature, err := joinSignature(unhex(t, realSignature))
	if err != nil {
		t.Fatal(err)
	}
	digest := append(make([]byte, 7), unhex(t, realNonce)...)
	if !verify(digest, signature) {
		t.Fatal("refused")
	}
	digest[31] ^= 1
	if verify(digest, signature) {
		t.Fatal("taken for another nonce")
	}
}
