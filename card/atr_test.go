package card

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

func TestATR(t *testing.T) {
	for _, c := range []struct {
		name, raw          string
		historical         string
		chaining, extended bool
	}{
		{"shortest", "3b00", "", false, false},
		{"vpcd's usual one", "3b80800101", "", false, false},
		{"inverse convention", "3f00", "", false, false},
		{"T=0 without check byte", "3b0380010203"[:10], "800102", false, false},
		{"virtual health card", hex.EncodeToString(contactATR(healthATR)), "80739401c0", true, true},
		{"virtual PIV card", hex.EncodeToString(contactATR(pivATR)), "8073940180", true, false},
		{"virtual PKCS #15 card", hex.EncodeToString(contactATR(pkcs15ATR)), "8073940100", false, false},
		{"capabilities before status", "3b08" + "00739401c0" + "059000", "00739401c0059000", true, true},
		{"status bytes are no object", "3b05" + "00" + "739401c0", "00739401c0", false, false},
		{"two capability bytes", "3b04" + "80" + "7294c0", "807294c0", false, false},
		{"after another object", "3b07" + "80" + "3101" + "739401c0", "803101739401c0", true, true},
		{"object is cut", "3b03" + "80" + "73c0", "8073c0", false, false},
		{"other category", "3b05" + "10739401c0", "10739401c0", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := ParseATR(unhex(t, c.raw))
			if err != nil || hex.EncodeToString(a.Historical) != c.historical || a.Chaining != c.chaining || a.Extended != c.extended {
				t.Fatalf("%x %+v %v", a.Historical, a, err)
			}
		})
	}
	good := contactATR(healthATR)
	spoiled := bytes.Clone(good)
	spoiled[len(spoiled)-2] ^= 1
	for name, raw := range map[string][]byte{
		"nothing":          nil,
		"one byte":         {0x3b},
		"other convention": {0x3c, 0x00},
		"cut":              good[:len(good)-1],
		"and more":         append(bytes.Clone(good), 0),
		"check byte":       spoiled,
		"interface cut":    {0x3b, 0x80},
		"endless":          bytes.Repeat([]byte{0x3b, 0x80}, 20),
	} {
		if _, err := ParseATR(raw); !errors.Is(err, ErrATR) {
			t.Error(name, err)
		}
	}
}

// TestEveryATR makes answers to reset of every structure and takes them apart.
func TestEveryATR(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		historical := rapid.SliceOfN(rapid.Byte(), 0, 15).Draw(t, "historical")
		raw := []byte{0x3b, byte(len(historical))}
		at, check := 1, false // raw[at] holds which bytes follow
		for range rapid.IntRange(0, 3).Draw(t, "rounds") {
			for bit := range 3 {
				if rapid.Bool().Draw(t, "interface byte") {
					raw[at] |= 0x10 << bit
					raw = append(raw, rapid.Byte().Draw(t, "value"))
				}
			}
			protocol := byte(rapid.SampledFrom([]int{0, 1, 15}).Draw(t, "protocol"))
			raw[at] |= 0x80
			raw = append(raw, protocol)
			at, check = len(raw)-1, check || protocol != 0
		}
		raw = append(raw, historical...)
		if check {
			raw = append(raw, exclusiveOr(raw[1:]))
		}
		a, err := ParseATR(raw)
		if len(raw) > maxATR {
			return
		}
		if err != nil || !bytes.Equal(a.Historical, historical) {
			t.Fatalf("%x: %x %v", raw, a.Historical, err)
		}
	})
}

func FuzzATR(f *testing.F) {
	f.Add(contactATR(healthATR))
	f.Add([]byte{0x3b, 0x80, 0x80, 0x01, 0x01})
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := ParseATR(raw)
		if err == nil && (len(raw) > maxATR || len(a.Historical) > 15 || !bytes.Contains(raw, a.Historical)) {
			t.Fatalf("%x: %x", raw, a.Historical)
		}
	})
}
