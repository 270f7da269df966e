package wire

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"testing"
)

type sample struct {
	Version uint8  `cbor:"1,keyasint"`
	Name    string `cbor:"2,keyasint,omitempty"`
}

func TestUnmarshalRefusesOtherEncodings(t *testing.T) {
	good, err := Marshal(sample{Version: 1, Name: "a"})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"trailing byte":     append(bytes.Clone(good), 0),
		"long integer":      {0xa1, 0x01, 0x18, 0x01},
		"indefinite map":    {0xbf, 0x01, 0x01, 0xff},
		"duplicate key":     {0xa2, 0x01, 0x01, 0x01, 0x01},
		"unknown key":       {0xa2, 0x01, 0x01, 0x05, 0x01},
		"keys out of order": {0xa2, 0x02, 0x61, 'a', 0x01, 0x01},
		"tag":               {0xa1, 0x01, 0xc1, 0x01},
		"empty":             {},
	} {
		var got sample
		if err := Unmarshal(data, &got); !errors.Is(err, ErrEncoding) {
			t.Errorf("%s: got %v, want ErrEncoding", name, err)
		}
	}
	var got sample
	if err := Unmarshal(good, &got); err != nil || got.Name != "a" {
		t.Fatalf("good object: %v %v", got, err)
	}
}

func TestNullIsNoEmptyList(t *testing.T) {
	type lists struct {
		Texts []string `cbor:"1,keyasint"`
		Bytes []byte   `cbor:"2,keyasint"`
	}
	never, err := Marshal(lists{})
	if err != nil || !bytes.Equal(never, []byte{0xa2, 0x01, 0x80, 0x02, 0x40}) {
		t.Fatalf("%x %v", never, err)
	}
	for _, data := range [][]byte{{0xa2, 0x01, 0xf6, 0x02, 0x40}, {0xa2, 0x01, 0x80, 0x02, 0xf6}, {0xa2, 0x01, 0xf7, 0x02, 0x40}} {
		var got lists
		if err := Unmarshal(data, &got); !errors.Is(err, ErrEncoding) {
			t.Errorf("%x: %v", data, err)
		}
	}
}

func TestSignatureBindsTypeKeyAndEveryBit(t *testing.T) {
	pub, key, _ := ed25519.GenerateKey(rand.Reader)
	other, _, _ := ed25519.GenerateKey(rand.Reader)
	signed, err := SignObject("pieks/a/1", key, sample{Version: 1, Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	var got sample
	if err := VerifyObject("pieks/a/1", pub, signed, &got); err != nil {
		t.Fatal(err)
	}
	if err := VerifyObject("pieks/b/1", pub, signed, &got); !errors.Is(err, ErrSignature) {
		t.Errorf("other type: %v", err)
	}
	if err := VerifyObject("pieks/a/1", other, signed, &got); !errors.Is(err, ErrSignature) {
		t.Errorf("other key: %v", err)
	}
	for i := range len(signed) * 8 {
		bad := bytes.Clone(signed)
		bad[i/8] ^= 1 << (i % 8)
		if err := VerifyObject("pieks/a/1", pub, bad, &got); err == nil {
			t.Fatalf("bit %d flipped and accepted", i)
		}
	}
}

func TestSealBindsKeyPurposeAndAAD(t *testing.T) {
	priv, _ := ecdh.X25519().GenerateKey(rand.Reader)
	other, _ := ecdh.X25519().GenerateKey(rand.Reader)
	sealed, err := Seal([32]byte(priv.PublicKey().Bytes()), "p", []byte("aad"), []byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	if len(sealed) != len("hello")+SealOverhead {
		t.Errorf("overhead is %d", len(sealed)-5)
	}
	if got, err := Open(priv, "p", []byte("aad"), sealed); err != nil || string(got) != "hello" {
		t.Fatalf("open: %q %v", got, err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"other key":     func() ([]byte, error) { return Open(other, "p", []byte("aad"), sealed) },
		"other purpose": func() ([]byte, error) { return Open(priv, "q", []byte("aad"), sealed) },
		"other aad":     func() ([]byte, error) { return Open(priv, "p", nil, sealed) },
		"cut":           func() ([]byte, error) { return Open(priv, "p", []byte("aad"), sealed[:40]) },
	} {
		if _, err := open(); !errors.Is(err, ErrSealed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFrameLimitsAndEnds(t *testing.T) {
	var buf bytes.Buffer
	if err := WriteFrame(&buf, []byte("abc")); err != nil {
		t.Fatal(err)
	}
	raw := bytes.Clone(buf.Bytes())
	if got, err := ReadFrame(&buf, 3); err != nil || string(got) != "abc" {
		t.Fatalf("%q %v", got, err)
	}
	if _, err := ReadFrame(&buf, 3); err != io.EOF {
		t.Errorf("end: %v", err)
	}
	if _, err := ReadFrame(bytes.NewReader(raw), 2); !errors.Is(err, ErrFrameSize) {
		t.Errorf("limit: %v", err)
	}
	if _, err := ReadFrame(bytes.NewReader(raw[:5]), 3); err != io.ErrUnexpectedEOF {
		t.Errorf("cut: %v", err)
	}
}

func FuzzParseSigned(f *testing.F) {
	pub, key, _ := ed25519.GenerateKey(rand.Reader)
	good, _ := SignObject("t", key, sample{Version: 1})
	f.Add(good)
	f.Fuzz(func(t *testing.T, data []byte) {
		var s sample
		if VerifyObject("t", pub, data, &s) == nil && !bytes.Equal(data, good) {
			t.Fatal("forged")
		}
	})
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 7})
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := ReadFrame(bytes.NewReader(data), 64); err == nil && len(got) > 64 {
			t.Fatal("above the limit")
		}
	})
}
