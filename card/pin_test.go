package card

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestPINIsHidden(t *testing.T) {
	const pin PIN = "73519846"
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	logger.Info("x", "pin", pin, "struct", struct{ P PIN }{pin})
	logger = slog.New(slog.NewTextHandler(&log, nil))
	logger.Info("x", "pin", pin, "struct", struct{ P PIN }{pin})
	encoded, err := json.Marshal([]any{pin, &Holder{PIN: pin}, map[string]PIN{"pin": pin}})
	if err != nil {
		t.Fatal(err)
	}
	text := log.String() + string(encoded)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		text += fmt.Sprintf(verb, pin) + fmt.Sprintf(verb, Holder{PIN: pin}) + fmt.Sprintf(verb, &Holder{PIN: pin})
	}
	for _, form := range []string{string(pin), hex.EncodeToString([]byte(pin)), strings.ToUpper(hex.EncodeToString([]byte(pin)))} {
		if strings.Contains(text, form) {
			t.Fatal(text)
		}
	}
}

// TestErrorsHideThePIN lets every command fail in every way and looks for the PIN in what is said.
func TestErrorsHideThePIN(t *testing.T) {
	ctx := context.Background()
	const pin PIN = "73519846"
	holder := testHolder(SMCB)
	holder.PIN = pin
	v, err := NewVirtual(sharedCA, holder, testSeed(4))
	if err != nil {
		t.Fatal(err)
	}
	errGone := errors.New("no smart card inserted")
	for _, failure := range []func([]byte) ([]byte, error){
		func([]byte) ([]byte, error) { return nil, errGone },
		func([]byte) ([]byte, error) { return []byte{0x6f, 0x00}, nil },
		func([]byte) ([]byte, error) { return []byte{0x90}, nil },
		func([]byte) ([]byte, error) { return []byte{0x63, 0xc2}, nil },
		func(c []byte) ([]byte, error) { return append(bytes.Clone(c), 0x6a, 0x80), nil },
	} {
		for at := 1; ; at++ {
			v.Reset()
			n := 0
			r := &recorder{Channel: v, answer: func(command []byte) ([]byte, error) {
				if n++; n == at {
					return failure(command)
				}
				return nil, nil
			}}
			c, err := Open(ctx, r)
			if err == nil {
				_, err = Enrol(ctx, c, pin, testStatement(), testNow)
			}
			if n < at {
				break
			}
			if err == nil { // the other layout was found then, or the answer happened to be right
				continue
			}
			for _, form := range []string{string(pin), "2873519846ffffff"} {
				if strings.Contains(strings.ToLower(fmt.Sprintf("%v %+v %#v", err, err, err)), form) {
					t.Fatal(err)
				}
			}
		}
	}
}
