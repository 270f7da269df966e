package card

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
	"testing"

	"pieks/card/brainpool"
	"pieks/card/cvc"
	"pieks/card/published"
)

// TestVirtualEGKAnswers talks to gematik's test card in raw APDUs; each line's commands are sent in order, the last answer counts.
func TestVirtualEGKAnswers(t *testing.T) {
	a := published.CardA()
	key, err := brainpool.NewKey(a.Key)
	if err != nil {
		t.Fatal(err)
	}
	const (
		root  = "00a4040c07d2760001448000 "
		esign = "00a4040c0aa000000167455349474e "
		set   = "002241a406840109800100 "
		nonce = "000102030405060708090a0b0c0d0e0f1011121314151617"
		ask   = "0088000018" + nonce + "00 "
	)
	for _, c := range []struct {
		name, commands string
		data           []byte
		status         string
	}{
		{"version", root + "00b0910000", a.Version2, "9000"},
		{"version by identifier", root + "00a4020c022f11 00b0000000", a.Version2, "9000"},
		{"serial number", root + "00b0820000", a.GDO, "9000"},
		{"serial number with its length", root + "00b082000c", a.GDO, "9000"},
		{"serial number with another length", root + "00b082000d", a.GDO, "6282"},
		{"Sub-CA", root + "00b0870000", a.SubCA, "9000"},
		{"card's", root + "00b0860000", a.EndEntity, "9000"},
		{"card's by identifier", root + "00a4020c022f06 00b0000000", a.EndEntity, "9000"},
		{"card's, the rest", root + "00b0860000 00b000c800", a.EndEntity[200:], "9000"},
		{"certificate at once", esign + "00b08400000000", a.X509, "9000"},
		{"certificate, 1,000 bytes wanted", esign + "00b084000003e8", a.X509, "6282"},
		{"certificate in short", esign + "00b0840000", a.X509[:256], "9000"},
		{"certificate's end in short", esign + "00b0840000 00b0030000", a.X509[768:], "9000"},
		{"behind it", esign + "00b0840000 00b0100000", nil, "6b00"},
		{"certificate outside", root + "00b08400000000", nil, "6a82"},
		{"card's inside", esign + "00b0860000", nil, "6a82"},
		{"key", esign + set, nil, "9000"},
		{"key in the root", root + set, nil, "9000"},
		{"key of no such number", esign + "002241a40684010a800100", nil, "6a88"},
		{"key with another algorithm", esign + "002241a406840109800154", nil, "6a88"},
		{"no signing here", esign + "002241b606840186800100", nil, "6a88"},
		{"no key", esign + ask, nil, "6985"},
		{"wrong key unselects", esign + set + "002241a40684010a800100 " + ask, nil, "6985"},
		{"selection unselects", esign + set + root + ask, nil, "6985"},
		{"nonce of 23 bytes", esign + set + "0088000017" + nonce[:46] + "00", nil, "6a80"},
		{"no room", esign + set + "0088000018" + nonce, nil, "6700"},
		{"other parameters", esign + set + "0088000118" + nonce + "00", nil, "6a86"},
	} {
		v, err := VirtualPatient(Patient{Version2: a.Version2, GDO: a.GDO, SubCA: a.SubCA, EndEntity: a.EndEntity, X509: a.X509, Key: key})
		if err != nil {
			t.Fatal(err)
		}
		last := say(t, v, c.commands)
		data, status := last[:len(last)-2], hex.EncodeToString(last[len(last)-2:])
		if status != c.status || !bytes.Equal(data, c.data) {
			t.Errorf("%s: %x", c.name, last)
		}
	}
	v, err := VirtualPatient(Patient{X509: a.X509, Key: key, PIN: "654321"})
	if err != nil {
		t.Fatal(err)
	}
	signed := say(t, v, esign+set+ask)
	r, s := new(big.Int).SetBytes(signed[:32]), new(big.Int).SetBytes(signed[32:64])
	public, err := brainpool.PublicOf(key)
	if err != nil || len(signed) != 66 || !public.Verify(append(unhex(t, nonce), 0), r, s) {
		t.Fatalf("%x", signed)
	}
	if again := say(t, v, esign+set+"00b08400000000 "+ask); !bytes.Equal(again, signed) {
		t.Fatal("reading unselects the key")
	}
	if got := hex.EncodeToString(say(t, v, "002000010826654321ffffffff")); got != "9000" {
		t.Fatal("PIN", got)
	}
}

func say(t testing.TB, v *Virtual, commands string) (last []byte) {
	t.Helper()
	for raw := range strings.FieldsSeq(commands) {
		var err error
		if last, err = v.Transmit(context.Background(), unhex(t, raw)); err != nil {
			t.Fatal(err)
		}
	}
	return last
}

// TestOthersDoNotAuthenticate: cards of professionals have neither the key nor the instruction.
func TestOthersDoNotAuthenticate(t *testing.T) {
	v := newIssued(t, sort{SMCB, CurveBrainpool}).virtual
	for commands, want := range map[string]string{
		"002241a406840109800100": "6a86", "0088000018" + strings.Repeat("00", 24) + "00": "6d00", "00a4040c 00b0910000": "6a82", "00a4040c 00b0860000": "6a82",
	} {
		if got := hex.EncodeToString(say(t, v, commands)); got != want {
			t.Errorf("%s: %s", commands, got)
		}
	}
}

// TestVirtualEGKFits: what stands on a virtual card belongs together, and is the same for the same seed.
func TestVirtualEGKFits(t *testing.T) {
	certifier, err := sharedCA.CVC(testNow)
	if err != nil {
		t.Fatal(err)
	}
	h := testHolder(EGK)
	h.TelematikID, h.Insurer, h.Curve = "A123456780", "101575519", ""
	p, err := NewPatient(sharedCA, certifier, h, testSeed(6))
	if err != nil {
		t.Fatal(err)
	}
	ee, err := cvc.Parse(p.EndEntity)
	if err != nil || !bytes.Equal(p.GDO, append([]byte{0x5a, 0x0a}, ee.ICCSN()...)) || !bytes.Contains(p.EndEntity, uncompressed(p.Key)) {
		t.Fatal(err)
	}
	c, err := ParseCertificate(p.X509)
	if err != nil || c.Curve != CurveBrainpool || strings.Join(c.Units(), " ") != "101575519 A123456780" {
		t.Fatal(err, c.Units())
	}
	again, err := NewPatient(sharedCA, certifier, h, testSeed(6))
	if err != nil || !bytes.Equal(again.EndEntity, p.EndEntity) || !bytes.Equal(again.X509, p.X509) {
		t.Fatal("same seed, other card", err)
	}
	if other, err := NewPatient(sharedCA, certifier, h, testSeed(7)); err != nil || bytes.Equal(other.GDO, p.GDO) || other.Key.Equal(p.Key) {
		t.Fatal("other seed, same card", err)
	}
	h.Kind, h.Curve = EGK, CurveBrainpool
	v, err := NewVirtual(sharedCA, h, testSeed(6))
	if err != nil || !bytes.Equal(v.file, p.X509) {
		t.Fatal("NewVirtual makes another", err)
	}
	if got := say(t, v, "00b0860000"); !bytes.HasPrefix(got, p.EndEntity) {
		t.Fatal("NewVirtual has another CV certificate")
	}
	h.Insurer = "12345678"
	if _, err := NewPatient(sharedCA, certifier, h, testSeed(6)); !errors.Is(err, ErrHolder) {
		t.Error(err)
	}
	p.Key = sharedCA.key // P-256
	if _, err := VirtualPatient(p); !errors.Is(err, ErrHolder) {
		t.Error(err)
	}
	p.Key = nil
	if _, err := VirtualPatient(p); !errors.Is(err, ErrHolder) {
		t.Error(err)
	}
}

// TestCVCOfCA: the PKI of CV certificates follows from the CA's key, whatever the curve, and from nothing else.
func TestCVCOfCA(t *testing.T) {
	root := func(ca *TestCA) []byte {
		t.Helper()
		p, err := ca.CVC(testNow)
		if err != nil {
			t.Fatal(err)
		}
		return p.Root()
	}
	pkcs8, err := sharedCA.PrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := LoadTestCA(pkcs8, sharedCA.Certificate())
	if err != nil || !bytes.Equal(root(loaded), root(sharedCA)) {
		t.Fatal("a CA that was loaded from a bundle has another root", err)
	}
	other := must(newTestCAOf("Pieks EGK-CA TEST-ONLY", CurveBrainpool, testSeed(1), testNow))
	again := must(newTestCAOf("Pieks EGK-CA TEST-ONLY", CurveBrainpool, testSeed(1), testNow.AddDate(1, 0, 0)))
	if bytes.Equal(root(other), root(sharedCA)) || !bytes.Equal(root(other), root(again)) {
		t.Fatal("roots")
	}
}

func TestCheckPatient(t *testing.T) {
	der := published.CardA().X509
	at := testNow
	for name, c := range map[string]struct {
		der   []byte
		roots Roots
		want  error
	}{
		"good":           {der, Roots{CAs: [][]byte{published.CA()}}, nil},
		"no CA":          {der, Roots{}, ErrUntrusted},
		"other CA":       {der, Roots{CAs: [][]byte{sharedCA.Certificate()}}, ErrUntrusted},
		"a practice's":   {newIssued(t, sort{SMCB, CurveBrainpool}).virtual.file, Roots{CAs: [][]byte{published.CA()}}, ErrNotPatient},
		"a CA's":         {sharedCA.Certificate(), Roots{CAs: [][]byte{sharedCA.Certificate()}}, ErrNotPatient},
		"not an insured": {newForge(t, func(d *draft) { replace(d, policyOf(t, oidTypeEGK)) }).leaf, testRoots(sharedCA), ErrNotInsured},
	} {
		parsed, err := ParseCertificate(c.der)
		if err != nil {
			t.Fatal(name, err)
		}
		if err := parsed.CheckPatient(c.roots, at); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func policyOf(t *testing.T, oid string) draftExtension {
	t.Helper()
	e, err := oidList(oidPolicies, true, oid)
	if err != nil {
		t.Fatal(err)
	}
	return e
}
