//lint:file-ignore SA1019 the library's curve is the judge, and has only these functions

package brainpool

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"math/big"
	"testing"

	curves "github.com/ProtonMail/go-crypto/brainpool"
	"pgregory.net/rapid"
)

// TestSign: what is signed here, crypto/ecdsa over the library's curve takes, whatever the length of the message representative.
func TestSign(t *testing.T) {
	key, err := KeyFromSeed([32]byte{1}, "sign")
	if err != nil {
		t.Fatal(err)
	}
	public, err := PublicOf(key)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		message := rapid.SliceOfN(rapid.Byte(), 0, 32).Draw(t, "message")
		r, s, err := Sign(key, message)
		if err != nil || !public.Verify(message, r, s) {
			t.Fatal(err)
		}
		padded := append(make([]byte, 32-len(message)), message...) // crypto/ecdsa reads a shorter one the same
		if !ecdsa.Verify(public.ECDSA(), padded, r, s) || !public.Verify(padded, r, s) {
			t.Fatal("the library refuses it")
		}
	})
	r, s, err := Sign(key, make([]byte, 32))
	if err != nil || public.Verify(make([]byte, 33), r, s) {
		t.Error("33 bytes are checked", err)
	}
	if _, _, err := Sign(key, make([]byte, 33)); !errors.Is(err, ErrKey) {
		t.Error(err)
	}
}

func TestKeys(t *testing.T) {
	n := curves.P256r1().Params().N
	for name, scalar := range map[string][]byte{
		"zero": make([]byte, 32), "n": n.Bytes(), "above": bytes.Repeat([]byte{0xff}, 32), "short": make([]byte, 31), "long": append(make([]byte, 32), 1), "none": nil,
	} {
		if key, err := NewKey(scalar); !errors.Is(err, ErrKey) || key != nil {
			t.Error(name, err)
		}
	}
	last, err := NewKey(new(big.Int).Sub(n, big.NewInt(1)).Bytes())
	if err != nil {
		t.Fatal(err)
	}
	public, err := PublicOf(last)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Parse(public.Point()); err != nil || !again.ECDSA().Equal(public.ECDSA()) {
		t.Error(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := PublicOf(other); !errors.Is(err, ErrKey) {
		t.Error(err)
	}
	if _, _, err := Sign(other, nil); !errors.Is(err, ErrKey) {
		t.Error(err)
	}
}
