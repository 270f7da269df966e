package card

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

// recorder keeps what is sent, and may answer in the card's place.
type recorder struct {
	Channel
	sent   []string
	answer func(command []byte) ([]byte, error) // nil, nil: ask the card
}

func (r *recorder) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	r.sent = append(r.sent, hex.EncodeToString(command))
	if r.answer != nil {
		if a, err := r.answer(command); a != nil || err != nil {
			return a, err
		}
	}
	return r.Channel.Transmit(ctx, command)
}

// TestDialogue is the sequence of crypto.md 5.5, byte by byte.
func TestDialogue(t *testing.T) {
	ctx := context.Background()
	ca := sharedCA
	for _, kind := range []Kind{HBA, SMCB} {
		_, v := testCard(t, ca, kind)
		r := &recorder{Channel: v}
		c, err := Open(ctx, r)
		if err != nil || c.Kind() != kind {
			t.Fatal(kind, err)
		}
		r.sent = nil
		der, err := c.Certificate(ctx)
		if err != nil || !bytes.Equal(der, v.file) {
			t.Fatal(kind, err)
		}
		if err := c.VerifyPIN(ctx, "123456"); err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256([]byte("x"))
		signature, err := c.SignDigest(ctx, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		certificate, err := ParseCertificate(der)
		if err != nil || !certificate.key.verify(digest[:], signature) {
			t.Fatal("signature is not the certificate's", err)
		}
		const selectESIGN = "00a4040c0aa000000167455349474e"
		want := []string{
			selectESIGN, "00b0860000", "00b0010000", "00b0020000",
			"00200001082" + "6123456ffffffff",
			selectESIGN, "002241b606840186800100", "002a9e9a20" + hex.EncodeToString(digest[:]) + "00",
		}
		if got := strings.Join(r.sent, "\n"); got != strings.Join(want, "\n") {
			t.Fatalf("%s: sent\n%s", kind, got)
		}
	}
}

// TestWrongPIN is case 50: the tries left are told, nothing is repeated, and the third wrong one blocks.
func TestWrongPIN(t *testing.T) {
	ctx := context.Background()
	_, v := testCard(t, sharedCA, SMCB)
	r := &recorder{Channel: v}
	c, err := Open(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	status := func(want int) {
		t.Helper()
		if n, err := c.PINTries(ctx); n != want || err != nil {
			t.Fatal(n, err)
		}
	}
	present := func(pin PIN) error {
		t.Helper()
		r.sent = nil
		err := c.VerifyPIN(ctx, pin)
		if len(r.sent) > 1 {
			t.Fatal("sent more than once")
		}
		return err
	}
	wrong := func(left int) {
		t.Helper()
		var refused *PINError
		if err := present("654321"); !errors.As(err, &refused) || refused.Tries != left {
			t.Fatal(err)
		}
		status(left)
	}
	status(3)
	if err := present("1234"); !errors.Is(err, ErrPINShape) || len(r.sent) != 0 {
		t.Fatal(err)
	}
	status(3)
	wrong(2)
	wrong(1)
	if err := present(VirtualPIN); err != nil {
		t.Fatal(err)
	}
	status(3) // a right one gives the tries back
	v.Reset()
	wrong(2)
	v.Reset() // power does not give them back
	wrong(1)
	if err := present("654321"); !errors.Is(err, ErrPINBlocked) {
		t.Fatal(err)
	}
	status(0)
	if raw, _ := v.Transmit(ctx, unhex(t, "00200001082"+"6123456ffffffff")); hex.EncodeToString(raw) != "6983" {
		t.Fatalf("%x", raw)
	}
	if err := present(VirtualPIN); !errors.Is(err, ErrPINBlocked) {
		t.Fatal("the right PIN must not open a blocked card:", err)
	}
	s := testStatement()
	if _, err := Enrol(ctx, c, VirtualPIN, s, testNow); !errors.Is(err, ErrPINBlocked) {
		t.Fatal(err)
	}
}

func TestEnrolWrongPIN(t *testing.T) {
	ctx := context.Background()
	c, v := testCard(t, sharedCA, SMCB)
	for left := 2; left >= 1; left-- {
		var refused *PINError
		cms, err := Enrol(ctx, c, "111111", testStatement(), testNow)
		if cms != nil || !errors.As(err, &refused) || refused.Tries != left || v.tries != left {
			t.Fatal(err)
		}
	}
	if _, err := Enrol(ctx, c, VirtualPIN, testStatement(), testNow); err != nil {
		t.Fatal("the next right try works:", err)
	}
}

// TestCardPulled is the part of case 51 that needs no reader: an error at any command is told, and the next try works.
func TestCardPulled(t *testing.T) {
	ctx := context.Background()
	errGone := errors.New("no smart card inserted")
	_, v := testCard(t, sharedCA, SMCB)
	enrol := func(at int) (n int, err error) {
		r := &recorder{Channel: v, answer: func([]byte) ([]byte, error) {
			if n++; n == at {
				v.Reset()
				return nil, errGone
			}
			return nil, nil
		}}
		c, err := Open(ctx, r)
		if err != nil {
			return n, err
		}
		_, err = Enrol(ctx, c, VirtualPIN, testStatement(), testNow)
		return n, err
	}
	total, err := enrol(0)
	if err != nil || total < 8 {
		t.Fatal(total, err)
	}
	for at := 1; at <= total; at++ {
		if n, err := enrol(at); !errors.Is(err, errGone) || n != at {
			t.Fatal("went on after the card was gone", n, at, err)
		}
	}
	if _, err := enrol(0); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Open(cancelled, v); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestForeignCard(t *testing.T) {
	ctx := context.Background()
	_, v := testCard(t, sharedCA, SMCB)
	for _, sw := range []string{"6a82", "6d00", "6e00", "6999"} {
		none := &recorder{Channel: v, answer: func([]byte) ([]byte, error) { return unhex(t, sw), nil }}
		if _, err := Open(ctx, none); !errors.Is(err, ErrForeignCard) {
			t.Fatal(sw, err)
		}
	}
	bare := &recorder{Channel: v, answer: func(c []byte) ([]byte, error) { // root as ours, no signing application
		if bytes.HasSuffix(c, applicationESIGN) {
			return []byte{0x6a, 0x82}, nil
		}
		return nil, nil
	}}
	if _, err := Open(ctx, bare); !errors.Is(err, ErrForeignCard) {
		t.Fatal(err)
	}
}

// TestContactless: in a contactless field a health card lets itself be selected and nothing be read before PACE.
func TestContactless(t *testing.T) {
	ctx := context.Background()
	for _, s := range []sort{{SMCB, CurveBrainpool}, {HBA, CurveBrainpool}, {EGK, CurveBrainpool}} {
		for _, ins := range []byte{0xb0, 0xa4} {
			r := &recorder{Channel: newIssued(t, s).virtual, answer: func(c []byte) ([]byte, error) {
				if c[1] == ins && (ins == 0xb0 || bytes.HasSuffix(c, applicationESIGN)) {
					return []byte{0x69, 0x82}, nil
				}
				return nil, nil
			}}
			c, err := Open(ctx, r)
			if err == nil {
				_, err = c.Certificate(ctx)
			}
			if !errors.Is(err, ErrContactless) {
				t.Fatal(s, err)
			}
		}
	}
}

// TestStrangeAnswers: a card that answers nonsense gets a sentence, not a panic or an endless loop.
func TestStrangeAnswers(t *testing.T) {
	ctx := context.Background()
	ca := sharedCA
	_, v := testCard(t, ca, SMCB)
	i := 0
	read := func(answers ...string) error {
		i = 0
		r := &recorder{Channel: v, answer: func(c []byte) ([]byte, error) {
			if c[1] != 0xb0 {
				return nil, nil
			}
			a := unhex(t, answers[min(i, len(answers)-1)])
			i++
			return a, nil
		}}
		c, err := Open(ctx, r)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Certificate(ctx)
		return err
	}
	for _, answers := range [][]string{{"9000"}, {"309000"}, {"30809000"}, {"3083ffffff9000"}, {"3082ffff009000"}, {"3082020000009000", "9000"}, {""}, {"90"}} {
		if err := read(answers...); !errors.Is(err, ErrResponse) {
			t.Error(answers, err)
		}
	}
	if err := read("3082ffff009000"); i != 1 {
		t.Error("read on in a file that is too large:", i, err)
	}
	if err := read("30820f009000", "009000"); !errors.Is(err, ErrResponse) || i != maxReads {
		t.Error("read on in crumbs:", i, err)
	}
	var refused *StatusError
	if err := read("6a82"); !errors.As(err, &refused) || refused.SW != swFileNotFound {
		t.Error(err)
	}
	for _, signature := range []string{"9000", "019000", "00009000", strings.Repeat("00", 64) + "9000"} {
		r := &recorder{Channel: v, answer: func(c []byte) ([]byte, error) {
			if c[1] != 0x2a {
				return nil, nil
			}
			return unhex(t, signature), nil
		}}
		c, err := Open(ctx, r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Enrol(ctx, c, VirtualPIN, testStatement(), testNow); !errors.Is(err, ErrResponse) {
			t.Error(signature, err)
		}
	}
}

// TestCardSignsWrong: a card whose key is not its certificate's gives no enrolment.
func TestCardSignsWrong(t *testing.T) {
	ctx := context.Background()
	ca := sharedCA
	_, v := testCard(t, ca, SMCB)
	other, err := keyFromSeed(testSeed(77), "x")
	if err != nil {
		t.Fatal(err)
	}
	v.key = other
	c, err := Open(ctx, v)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Enrol(ctx, c, VirtualPIN, testStatement(), testNow); !errors.Is(err, ErrSignature) {
		t.Fatal(err)
	}
}

// TestLargeCertificate: an enrolment that no envelope would carry is refused where it is made.
func TestLargeCertificate(t *testing.T) {
	_, v := testCard(t, sharedCA, SMCB)
	d, err := testHolder(SMCB).withDefaults().certificate(v.key)
	if err != nil {
		t.Fatal(err)
	}
	d.extensions = append(d.extensions, draftExtension{oid: oidCRLPoints, value: make([]byte, 1500)})
	if v.file, err = sharedCA.issue(d); err != nil {
		t.Fatal(err)
	}
	c, err := Open(context.Background(), v)
	if err != nil {
		t.Fatal(err)
	}
	if cms, err := Enrol(context.Background(), c, VirtualPIN, testStatement(), testNow); !errors.Is(err, ErrTooLarge) || cms != nil {
		t.Fatal(err)
	}
}

func TestSignNeedsPIN(t *testing.T) {
	ctx := context.Background()
	c, v := testCard(t, sharedCA, HBA)
	if _, err := c.SignDigest(ctx, make([]byte, 32)); !errors.Is(err, ErrPINNeeded) {
		t.Fatal(err)
	}
	if err := c.VerifyPIN(ctx, VirtualPIN); err != nil {
		t.Fatal(err)
	}
	if _, err := c.SignDigest(ctx, make([]byte, 20)); err == nil {
		t.Fatal("signed a SHA-1 digest")
	}
	if _, err := SignCMS(ctx, c, "test\x00", []byte("content"), testNow); err != nil {
		t.Fatal(err)
	}
	v.Reset()
	if _, err := SignCMS(ctx, c, "test\x00", []byte("content"), testNow); !errors.Is(err, ErrPINNeeded) {
		t.Fatal(err)
	}
}
