//go:build pcsc

package pcsc_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pieks/card"
	"pieks/card/pcsc"
)

func TestMain(m *testing.M) {
	// For the other programs in here: libpcsclite refuses what another transaction forbids, and does not wait in C for its end.
	os.Setenv("PCSCLITE_NO_BLOCKING", "1")
	if os.Getenv(holding) != "" {
		hold()
	}
	os.Exit(m.Run())
}

const (
	// soon is a limit for calls that are to hang: long enough for a slow machine to get there.
	soon = 2 * time.Second
	// patience is for what must come, however slow the machine is.
	patience = 20 * time.Second
	// wrongPIN has the right shape.
	wrongPIN = card.PIN("654321")
)

// inserted is a virtual card with an answer to reset: both protocols, and "PIEKS" as historical bytes.
type inserted struct{ *card.Virtual }

func (inserted) ATR() []byte {
	atr := append([]byte{0x3b, 0x85, 0x80, 0x01}, "PIEKS"...)
	check := byte(0) // TCK, ISO 7816-3 section 8.2.5
	for _, b := range atr[1:] {
		check ^= b
	}
	return append(atr, check)
}

func newCard(t *testing.T, kind card.Kind) inserted {
	t.Helper()
	now := time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)
	ca, err := card.NewTestCA([32]byte{1}, now)
	if err != nil {
		t.Fatal(err)
	}
	v, err := card.NewVirtual(ca, card.Holder{
		Kind: kind, Name: "Praxis Dr. Beispiel", TelematikID: "1-SMC-B-Testkarte-883110000123456", NotBefore: now, NotAfter: now.AddDate(2, 0, 0),
	}, [32]byte{4})
	if err != nil {
		t.Fatal(err)
	}
	return inserted{v}
}

// respond is a card that is one function.
type respond func(ctx context.Context, command []byte) ([]byte, error)

func (respond) ATR() []byte { return inserted{}.ATR() }
func (respond) Reset()      {}
func (r respond) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	return r(ctx, command)
}

// silent is a card that stops answering at its nth command from now, until it is pulled.
func silent(c inserted, n int32) (slow respond, asked <-chan struct{}) {
	entered := make(chan struct{})
	var left atomic.Int32
	left.Store(n)
	return func(ctx context.Context, command []byte) ([]byte, error) {
		switch now := left.Add(-1); {
		case now > 0:
			return c.Transmit(ctx, command)
		case now == 0:
			close(entered)
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}, entered
}

func open(t *testing.T, which string) *pcsc.Conn {
	t.Helper()
	c, err := pcsc.Open(t.Context(), which)
	if err != nil {
		t.Fatalf("open %q: %v", which, err)
	}
	return c
}

func closed(t *testing.T, c *pcsc.Conn) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func driver(t *testing.T, ch card.Channel) card.Card {
	t.Helper()
	h, err := card.Open(t.Context(), ch)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// sign verifies the PIN, signs, and checks the signature with the key of the card's certificate.
func sign(t *testing.T, h card.Card) {
	t.Helper()
	if err := h.VerifyPIN(t.Context(), card.VirtualPIN); err != nil {
		t.Fatal(err)
	}
	der, err := h.Certificate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("content"))
	signature, err := h.SignDigest(t.Context(), digest[:])
	if err != nil {
		t.Fatal(err)
	}
	if !ecdsa.VerifyASN1(certificate.PublicKey.(*ecdsa.PublicKey), digest[:], signature) {
		t.Fatal("the signature is not over this digest with the key of this certificate")
	}
}

// works opens the card, signs, and closes it.
func works(t *testing.T, which string) {
	t.Helper()
	c := open(t, which)
	sign(t, driver(t, c))
	closed(t, c)
}

// locked says that the card has no verified PIN.
func locked(t *testing.T, which string) {
	t.Helper()
	c := open(t, which)
	defer closed(t, c)
	unverified(t, driver(t, c))
}

func unverified(t *testing.T, h card.Card) {
	t.Helper()
	if _, err := h.SignDigest(t.Context(), make([]byte, 32)); !errors.Is(err, card.ErrPINNeeded) {
		t.Errorf("signed without a PIN: %v", err)
	}
}

// leaks notes which goroutines there are, and says later which are new.
func leaks(t *testing.T) (check func()) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	return func() {
		t.Helper()
		err := goleak.Find(before) // waits a second: pcscd may be slower to let go of whoever waited for it
		for end := time.Now().Add(patience); err != nil && time.Now().Before(end); {
			err = goleak.Find(before)
		}
		if err != nil {
			t.Error(err)
		}
	}
}

func want(t *testing.T, doing string, got, wanted error) {
	t.Helper()
	if !errors.Is(got, wanted) {
		t.Errorf("%s: %v, want %v", doing, got, wanted)
	}
}
