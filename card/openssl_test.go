package card

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// openssl runs the program, or skips the test where there is none; with CI=true that is a failure.
func openssl(t *testing.T, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("openssl is not installed: apt-get install openssl")
		}
		t.Skip("openssl is not installed: what it says of our messages was not tried")
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	return string(out), err
}

func write(t *testing.T, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestOpenSSLVerifies lets OpenSSL check what both kinds of card sign, and a message with one bit flipped.
func TestOpenSSLVerifies(t *testing.T) {
	dir := t.TempDir()
	ca := write(t, dir, "ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: sharedCA.Certificate()}))
	verify := func(cms []byte, out string) (string, error) {
		return openssl(t, "cms", "-verify", "-binary", "-inform", "DER", "-in", write(t, dir, "x.p7s", cms), "-CAfile", ca,
			"-purpose", "sslclient", "-attime", strconv.FormatInt(testNow.Unix(), 10), "-out", out)
	}
	for _, kind := range []Kind{HBA, SMCB} {
		c, _ := testCard(t, sharedCA, kind)
		cms, err := Enrol(context.Background(), c, VirtualPIN, testStatement(), testNow)
		if err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(dir, "content")
		if text, err := verify(cms, out); err != nil || !strings.Contains(text, "successful") {
			t.Fatal(kind, err, text)
		}
		content, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		payload, found := bytes.CutPrefix(content, []byte(EnrolmentDomain))
		if s, err := parseStatement(payload); !found || err != nil || s != testStatement() {
			t.Fatal(s, err)
		}
		cms[bytes.Index(cms, []byte("Domstr"))] ^= 1
		if text, err := verify(cms, out); err == nil {
			t.Fatal("OpenSSL takes a changed message:", text)
		}
	}
}

// TestOpenSSLReadsAdmission: OpenSSL knows the extension, so it can tell whether virtual cards write it well.
func TestOpenSSLReadsAdmission(t *testing.T) {
	dir := t.TempDir()
	for kind, want := range map[Kind][]string{
		HBA:  {"Professional Information or basis for Admission", "1.2.276.0.76.4.30", testTelematikID, "admissionAuthority", "rztekammer TEST-ONLY"},
		SMCB: {"Professional Information or basis for Admission", "1.2.276.0.76.4.50", testTelematikID},
	} {
		_, v := testCard(t, sharedCA, kind)
		text, err := openssl(t, "x509", "-inform", "DER", "-noout", "-text", "-in", write(t, dir, "x.cer", v.file))
		if err != nil {
			t.Fatal(text, err)
		}
		for _, w := range want {
			if !strings.Contains(strings.ToLower(text), strings.ToLower(w)) {
				t.Errorf("%s: no %q in\n%s", kind, w, text)
			}
		}
	}
}

// TestOpenSSLSigns reads a message that OpenSSL made, so that the profile is not only what we make.
func TestOpenSSLSigns(t *testing.T) {
	dir := t.TempDir()
	f := newForge(t, nil)
	ca := &TestCA{certificate: f.ca.certificate, key: f.key} // only to export the key
	pkcs8, err := ca.PrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	key := write(t, dir, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
	cert := write(t, dir, "leaf.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.leaf}))
	content := write(t, dir, "content", append([]byte("test\x00"), "Inhalt"...))
	out := filepath.Join(dir, "x.p7s")
	sign := func(more ...string) []byte {
		t.Helper()
		args := append([]string{"cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-in", content, "-signer", cert, "-inkey", key, "-out", out}, more...)
		if text, err := openssl(t, args...); err != nil {
			t.Fatal(text, err)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	s, err := ParseCMS(sign("-md", "sha256", "-nosmimecap"), "test\x00")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verify(Roots{CAs: [][]byte{f.ca.Certificate()}}, testNow); err != nil || string(s.Content) != "Inhalt" {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"with S/MIME capabilities": sign("-md", "sha256"),
		"without attributes":       sign("-md", "sha256", "-noattr"),
		"SHA-1":                    sign("-md", "sha1", "-nosmimecap"),
		"without certificate":      sign("-md", "sha256", "-nosmimecap", "-nocerts"),
		"by key identifier":        sign("-md", "sha256", "-nosmimecap", "-keyid"),
		"streamed, so BER":         sign("-md", "sha256", "-nosmimecap", "-stream"),
	} {
		_, err := ParseCMS(data, "test\x00")
		t.Logf("%s: %v", name, err)
		if err == nil {
			t.Error(name)
		}
	}
}

// TestOpenSSLVerifiesKinds lets OpenSSL check messages, certificates and revocation lists of every kind of card over both curves.
func TestOpenSSLVerifiesKinds(t *testing.T) {
	dir := t.TempDir()
	for _, s := range sorts {
		t.Run(s.String(), func(t *testing.T) {
			i := newIssued(t, s)
			ca := write(t, dir, "ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.ca.Certificate()}))
			file := []byte("Impfbescheinigung\r\n\x00\xff")
			cms, err := SignMessage(context.Background(), i.card, VirtualPIN, FileDomain, file, testNow)
			if err != nil {
				t.Fatal(err)
			}
			out := filepath.Join(dir, "content")
			verify := func(cms []byte) (string, error) {
				return openssl(t, "cms", "-verify", "-binary", "-inform", "DER", "-in", write(t, dir, "x.p7s", cms), "-CAfile", ca,
					"-purpose", "sslclient", "-attime", strconv.FormatInt(testNow.Unix(), 10), "-out", out)
			}
			if text, err := verify(cms); err != nil {
				t.Fatal(err, text)
			}
			content, err := os.ReadFile(out)
			if err != nil || !bytes.Equal(content[13:], file) || string(content[:13]) != FileDomain {
				t.Fatalf("%q %v", content, err)
			}
			changed := bytes.Replace(cms, []byte("Impf"), []byte("Jmpf"), 1)
			if text, err := verify(changed); err == nil {
				t.Fatal("OpenSSL takes a changed message:", text)
			}
			leaf := write(t, dir, "leaf.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.virtual.Certificate()}))
			list := must(i.ca.CRL([][]byte{i.virtual.Certificate()}, testNow.Add(-time.Hour), testNow.Add(time.Hour)))
			crl := write(t, dir, "crl.pem", pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: list}))
			if text, err := openssl(t, "crl", "-verify", "-in", crl, "-CAfile", ca, "-noout"); err != nil || !strings.Contains(text, "verify OK") {
				t.Fatal(err, text)
			}
			at := strconv.FormatInt(testNow.Unix(), 10)
			if text, err := openssl(t, "verify", "-CAfile", ca, "-attime", at, leaf); err != nil {
				t.Fatal(err, text)
			}
			if text, err := openssl(t, "verify", "-CAfile", ca, "-attime", at, "-crl_check", "-CRLfile", crl, leaf); err == nil || !strings.Contains(text, "revoked") {
				t.Fatal("OpenSSL does not find the card revoked:", err, text)
			}
		})
	}
}

// TestOpenSSLReadsKinds: what stands in the certificates, in OpenSSL's words.
func TestOpenSSLReadsKinds(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		sort sort
		want []string
	}{
		{sort{HBA, CurveBrainpool}, []string{"brainpoolP256r1", ProfessionPhysician, "1.2.276.0.76.4.75", "1-HBA-Testkarte-883110000123456"}},
		{sort{SMCB, CurveBrainpool}, []string{"brainpoolP256r1", ProfessionPractice, "1.2.276.0.76.4.77"}},
		{sort{PIV, CurveP256}, []string{"prime256v1", ProfessionPhysician, "1.2.276.0.76.4.75"}},
		{sort{UZI, CurveP256}, []string{"prime256v1", "Subject Alternative Name", "othername"}},
		{sort{EGK, CurveBrainpool}, []string{"brainpoolP256r1", professionInsured, "1.2.276.0.76.4.70", "OU = 109500969", "OU = X110540756"}},
	} {
		text, err := openssl(t, "x509", "-inform", "DER", "-noout", "-text", "-in", write(t, dir, "x.cer", newIssued(t, c.sort).virtual.file))
		if err != nil {
			t.Fatal(text, err)
		}
		for _, w := range c.want {
			if !strings.Contains(strings.ToLower(text), strings.ToLower(w)) {
				t.Errorf("%s: no %q in\n%s", c.sort, w, text)
			}
		}
	}
	uzi := newIssued(t, sort{UZI, CurveP256}).virtual.file
	if text, err := openssl(t, "asn1parse", "-inform", "DER", "-in", write(t, dir, "x.cer", uzi)); err != nil || !strings.Contains(text, "X509v3 Subject Alternative Name") {
		t.Fatal(text, err)
	}
}

// TestOpenSSLTakesConfusion: OpenSSL takes the message of case 42, whose content is another message's attributes. The strict profile does
// not, which is why nothing here may be left to a lenient reader.
func TestOpenSSLTakesConfusion(t *testing.T) {
	dir := t.TempDir()
	for _, s := range []sort{{SMCB, CurveP256}, {SMCB, CurveBrainpool}} {
		f := forgeOf(t, s, nil)
		set := must(asSet(f.rightAttributes()))
		f.signature, f.content, f.attributes = f.sign(set), set, []byte{}
		ca := write(t, dir, "ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.ca.Certificate()}))
		text, err := openssl(t, "cms", "-verify", "-binary", "-inform", "DER", "-in", write(t, dir, "x.p7s", f.encode()), "-CAfile", ca,
			"-purpose", "sslclient", "-attime", strconv.FormatInt(testNow.Unix(), 10), "-out", filepath.Join(dir, "content"))
		if err != nil {
			t.Fatal(s, "OpenSSL refuses it now, so the comment above is out of date:", text)
		}
		if _, err := DomainOf(f.encode()); !errors.Is(err, ErrNoSignedAttributes) {
			t.Fatal(s, err)
		}
	}
}
