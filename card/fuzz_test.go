package card

import (
	"bytes"
	"context"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

func golden(f *testing.F) []byte {
	f.Helper()
	text, err := os.ReadFile("testdata/enrolment.hex")
	if err != nil {
		f.Fatal(err)
	}
	data, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		f.Fatal(err)
	}
	return data
}

func fuzzCard(f *testing.F) *Virtual {
	f.Helper()
	v, err := NewVirtual(sharedCA, testHolder(SMCB), testSeed(4))
	if err != nil {
		f.Fatal(err)
	}
	return v
}

// renew makes a card as it was when it was new.
func renew(v *Virtual) { v.state, v.tries = cardState{}, pinTries }

// FuzzEnrolment: only the golden enrolment itself verifies.
func FuzzEnrolment(f *testing.F) {
	good := golden(f)
	f.Add(good)
	f.Add([]byte{0x30, 0x80})
	roots := testRoots(sharedCA)
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := VerifyEnrolment(data, roots, testNow)
		if (err == nil) != bytes.Equal(data, good) || (err == nil) != (l != nil) {
			t.Fatalf("%x: %v", data, err)
		}
	})
}

// FuzzCMS: what is read is within the profile, so writing it again gives the same bytes, but for certificates that are beside the signer's.
func FuzzCMS(f *testing.F) {
	f.Add(golden(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseCMS(data, EnrolmentDomain)
		if err != nil || len(s.others) > 0 {
			return
		}
		m := message{content: append([]byte(EnrolmentDomain), s.Content...), signer: s.Signer, signature: s.signature}
		head, size, err := readHeader(s.attributes)
		if err != nil {
			t.Fatal(err)
		}
		m.attributes = s.attributes[head : head+size]
		if again, err := m.encode(); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%x is written as %x, %v", data, again, err)
		}
	})
}

func FuzzCertificate(f *testing.F) {
	for _, kind := range []Kind{HBA, SMCB} {
		v, err := NewVirtual(sharedCA, testHolder(kind), testSeed(4))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(v.file)
	}
	f.Add(sharedCA.Certificate())
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseCertificate(data)
		if err != nil {
			return
		}
		if names, ok := namesOf(data); !ok || names != (certificateNames{c.serial, c.issuerDN, c.subjectDN}) {
			t.Fatal("skimmed otherwise than read")
		}
		_ = c.checkSigner()
		_, _ = c.checkChain([][]byte{data}, Roots{CAs: [][]byte{data, sharedCA.Certificate()}}, testNow)
	})
}

func FuzzAdmission(f *testing.F) {
	for _, text := range []string{realHBA, realSMCB} {
		data, err := hex.DecodeString(text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		professions, err := parseAdmission(data)
		if err == nil && len(professions) > maxProfessions {
			t.Fatal(len(professions))
		}
		_, _ = allowed(professions, DefaultProfessions(), testTelematikID)
	})
}

// FuzzCommand: what is read as a command is one, and the card survives it with its tries counted.
func FuzzCommand(f *testing.F) {
	for _, text := range []string{"00a4040c0aa000000167455349474e", "00b0860000", "002000010826123456ffffffff", "002241b606840186800100", "80200001", "00b00000000000"} {
		data, err := hex.DecodeString(text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	v := fuzzCard(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		renew(v)
		raw, err := v.Transmit(context.Background(), data)
		if err != nil || len(raw) < 2 || v.tries < pinTries-1 || v.tries > pinTries {
			t.Fatalf("%x %v", raw, err)
		}
		c, err := ParseCommand(data)
		if err != nil {
			return
		}
		again, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		same(t, c, again)
	})
}

// FuzzResponse lets a card answer anything to anything.
func FuzzResponse(f *testing.F) {
	f.Add([]byte{0x90, 0x00}, uint8(0))
	f.Add([]byte{0x30, 0x82, 0x01, 0x00, 0x90, 0x00}, uint8(2))
	f.Add([]byte{0x63, 0xc2}, uint8(5))
	v := fuzzCard(f)
	f.Fuzz(func(t *testing.T, response []byte, at uint8) {
		ctx := context.Background()
		renew(v)
		n := uint8(0)
		r := &recorder{Channel: v, answer: func([]byte) ([]byte, error) {
			if n++; n > at {
				return append([]byte{}, response...), nil
			}
			return nil, nil
		}}
		c, err := Open(ctx, r)
		if err != nil {
			return
		}
		_, _ = Enrol(ctx, c, VirtualPIN, testStatement(), testNow)
		_, _ = c.PINTries(ctx)
		if len(r.sent) > 20+maxReads*(maxRounds+1) { // a certificate in crumbs that are crumbs themselves
			t.Fatal("the driver does not stop asking")
		}
	})
}

func FuzzStatement(f *testing.F) {
	good, err := testStatement().encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseStatement(data)
		if err != nil {
			return
		}
		if again, err := s.encode(); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%x", again)
		}
		_ = s.checkTime(testNow, testNow)
	})
}
