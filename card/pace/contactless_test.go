package pace

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pieks/card"
	"pieks/card/vpcd"
)

var _ vpcd.Card = (*Card)(nil)

// TestBeforePACE: nothing reaches the card behind, and all but EF.CardAccess is 6982.
func TestBeforePACE(t *testing.T) {
	inner := &answers{response: []byte{0x90, 0}}
	for command, want := range map[string]uint16{
		"00b0820000":                     swSecurity, // EF.GDO: how a card without contacts is found
		"00b0870000":                     swSecurity,
		"00b0910000":                     swSecurity,
		"00b0000000":                     swSecurity, // nothing is selected
		"00a4040c0aa000000167455349474e": swSecurity,
		"00a4040c07d2760001448001":       swSecurity,
		"00a4020c022f02":                 swSecurity,
		"002000010826123456ffffffff":     swSecurity,
		"0088000018" + strings.Repeat("00", 24) + "00": swSecurity,
		"80200001":                               swSecurity,
		"80b09c0000":                             swSecurity,
		"10b09c0000":                             swSecurity,
		"0cb09c000d9701008e08000000000000000000": swSecurity,
		"0022c1a40f800a04007f00070202040202830103": swSecurity, // the PIN's key
		"002241a406840109800100":                   swSecurity,
		"10860000027c0000":                         swConditions,
		"008600000c7c0a8508000000000000000000":     swConditions,
		"00a4040c":                                 swOK,
		"00a4040400":                               swOK,
		"00a4040c07d2760001448000":                 swOK,
		"00a4020c02011c":                           swOK,
		"00b09c0000":                               swOK,
		"00b09c0005":                               swOK,
		"00b09c0017":                               swEnd,
		"00b09c1600":                               swOffset,
		"00b09c00":                                 swLength,
		"00b09c":                                   swLength,
	} {
		if sw := statusOf(t, Contactless(inner, testCAN), command); sw != want {
			t.Errorf("%s: %04X, want %04X", command, sw, want)
		}
	}
	if inner.last != nil {
		t.Errorf("the card behind was told %x", inner.last)
	}
	field := Contactless(inner, testCAN)
	if response, err := field.Transmit(t.Context(), unhex(t, "00a4020402011c00")); err != nil || !bytes.Equal(response, unhex(t, "62048302011c9000")) {
		t.Errorf("%x %v", response, err)
	}
	if response, err := field.Transmit(t.Context(), unhex(t, "00b0000000")); err != nil || string(response) != access+"\x90\x00" {
		t.Errorf("%x %v", response, err)
	}
}

// TestOrder: the commands of PACE in any other order end it, and it can begin again.
func TestOrder(t *testing.T) {
	field := Contactless(&answers{response: []byte{0x90, 0}}, testCAN)
	begin, nonce := "0022c1a40f800a04007f00070202040202830102", "10860000027c0000"
	mapping := fmt.Sprintf("10860000457c438141%x00", generator().encode())
	token := "008600000c7c0a8508000000000000000000"
	for _, test := range []struct {
		commands []string
		want     uint16
	}{
		{[]string{begin, mapping}, swWrongData},
		{[]string{begin, token}, swConditions},
		{[]string{begin, "00860000027c0000"}, swConditions}, // not the last, but says so
		{[]string{begin, "10860001027c0000"}, swConditions},
		{[]string{begin, nonce, nonce}, swWrongData},
		{[]string{begin, nonce, token}, swConditions},
		{[]string{begin, nonce, mapping, mapping}, swWrongData},
		{[]string{begin, nonce, mapping, strings.Replace(mapping, "8141", "8341", 1), token}, swAuthFail},
		{[]string{begin, nonce, mapping, strings.Replace(mapping, "8141", "8341", 1), "1" + token[1:]}, swConditions},
		{[]string{begin, nonce, begin, mapping}, swWrongData},
	} {
		for i, command := range test.commands {
			want := uint16(swOK)
			if i == len(test.commands)-1 {
				want = test.want
			}
			if sw := statusOf(t, field, command); sw != want {
				t.Errorf("%.20s of %d: %04X, want %04X", command, len(test.commands), sw, want)
			}
		}
		if sw := statusOf(t, field, token); sw != swConditions {
			t.Errorf("after an error PACE goes on: %04X", sw)
		}
		opened(t, field)
		field.Reset()
	}
}

// TestSessionEnds: a plain command, a wrong MAC and Reset end it; the card behind forgets, and its answers are reached through a new PACE only.
func TestSessionEnds(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(t *testing.T, field *Card)
		want error
	}{
		"plain command": {func(t *testing.T, field *Card) {
			for range 2 {
				if sw := statusOf(t, field, "00b0820000"); sw != swSecurity {
					t.Errorf("%04X", sw)
				}
			}
		}, ErrUnsecured},
		"plain PACE": {func(t *testing.T, field *Card) { _ = statusOf(t, field, "10860000027c0000") }, ErrUnsecured},
		"wrong MAC": {func(t *testing.T, field *Card) {
			if sw := statusOf(t, field, "0cb082000d9701008e08000000000000000000"); sw != swObjects {
				t.Errorf("%04X", sw)
			}
		}, ErrUnsecured},
		"no objects": {func(t *testing.T, field *Card) {
			if sw := statusOf(t, field, "0cb0820000"); sw != swObjects {
				t.Errorf("%04X", sw)
			}
		}, ErrUnsecured},
		"reset": {func(_ *testing.T, field *Card) { field.Reset() }, ErrUnsecured},
	} {
		t.Run(name, func(t *testing.T) {
			inner := &answers{response: []byte{0x90, 0}}
			field := Contactless(inner, testCAN)
			s := opened(t, field)
			if sw := statusOf(t, s, "00b0820000"); sw != swOK || inner.resets != 0 {
				t.Fatalf("%04X, %d resets", sw, inner.resets)
			}
			inner.last = nil
			test.end(t, field)
			if inner.resets != 1 || inner.last != nil {
				t.Errorf("the card behind: %d resets, last command %x", inner.resets, inner.last)
			}
			if _, err := s.Transmit(t.Context(), unhex(t, "00b0820000")); !errors.Is(err, test.want) || inner.last != nil {
				t.Errorf("the session goes on: %v", err)
			}
			if sw := statusOf(t, opened(t, field), "00b0820000"); sw != swOK {
				t.Errorf("a new one: %04X", sw)
			}
		})
	}
}

// TestReplay: what was sent once is not taken again.
func TestReplay(t *testing.T) {
	inner := &answers{response: []byte{0x90, 0}}
	field := Contactless(inner, testCAN)
	ch := &through{Channel: field}
	s := opened(t, ch)
	_ = statusOf(t, s, "00d6820001ff")
	inner.last = nil
	if sw := statusOf(t, field, fmt.Sprintf("%x", ch.sent[len(ch.sent)-1])); sw != swObjects || inner.last != nil {
		t.Errorf("%04X %x", sw, inner.last)
	}
}

// TestVirtualCards: drivers work through a field as with contacts, chaining, long certificates, PIN and signature included; a PIN that was verified is
// forgotten with the session.
func TestVirtualCards(t *testing.T) {
	for _, kind := range []card.Kind{card.HBA, card.SMCB, card.EGK, card.UZI} { // PIV has odd instructions, and no PACE
		t.Run(string(kind), func(t *testing.T) {
			v := virtual(t, kind)
			field := Contactless(v, testCAN)
			if _, err := card.Open(t.Context(), field); !errors.Is(err, card.ErrContactless) {
				t.Errorf("before PACE: %v", err)
			}
			s := opened(t, field)
			c, err := card.Open(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			if c.Kind() != kind {
				t.Errorf("a %s", c.Kind())
			}
			if der, err := c.Certificate(t.Context()); err != nil || !bytes.Equal(der, v.Certificate()) {
				t.Errorf("certificate of %d bytes: %v", len(der), err)
			}
			if kind == card.EGK {
				return
			}
			if err := c.VerifyPIN(t.Context(), card.VirtualPIN); err != nil {
				t.Fatal(err)
			}
			if _, err := c.SignDigest(t.Context(), make([]byte, 32)); err != nil {
				t.Error(err)
			}
			_ = statusOf(t, field, "00b0820000")
			if c, err = card.Open(t.Context(), opened(t, field)); err != nil {
				t.Fatal(err)
			}
			if _, err := c.SignDigest(t.Context(), make([]byte, 32)); !errors.Is(err, card.ErrPINNeeded) {
				t.Errorf("after another session: %v", err)
			}
		})
	}
}

func TestATR(t *testing.T) {
	v := virtual(t, card.EGK)
	behind, err := card.ParseATR(v.ATR())
	if err != nil {
		t.Fatal(err)
	}
	field := Contactless(v, testCAN)
	atr, err := card.ParseATR(field.ATR())
	if err != nil || !atr.Extended || !bytes.Equal(atr.Historical, behind.Historical) || bytes.Equal(field.ATR(), v.ATR()) {
		t.Errorf("%x %+v %v", field.ATR(), atr, err)
	}
	knows, ok := opened(t, field).(interface{ ATR() []byte })
	if !ok || !bytes.Equal(knows.ATR(), field.ATR()) {
		t.Error("the secured channel does not know the answer to reset")
	}
	bare := Contactless(&answers{}, testCAN)
	if atr, err := card.ParseATR(bare.ATR()); err != nil || len(atr.Historical) != 0 {
		t.Errorf("without one behind: %x %v", bare.ATR(), err)
	}
	ch := &through{Channel: bare}
	if knows := opened(t, ch).(interface{ ATR() []byte }); knows.ATR() != nil {
		t.Error("an answer to reset from nowhere")
	}
}

// TestNotOffered: another card is told from a wrong CAN and from no card.
func TestNotOffered(t *testing.T) {
	for _, kind := range []card.Kind{card.EGK, card.PIV, card.UZI} { // cards with contacts, which need none
		if _, err := Open(t.Context(), virtual(t, kind), testCAN); !errors.Is(err, ErrNotOffered) || errors.Is(err, ErrWrongCAN) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	gone := errors.New("gone")
	if _, err := Open(t.Context(), &answers{err: gone}, testCAN); !errors.Is(err, gone) || errors.Is(err, ErrNotOffered) {
		t.Errorf("a card that is gone: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(cancelled, Contactless(&answers{}, testCAN), testCAN); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for file, want := range map[string]error{
		access:                             nil,
		access + "\x00\x00\xff":            nil,
		"":                                 ErrNotOffered,
		access[:len(access)-1]:             ErrNotOffered,
		"\x31\x00":                         ErrNotOffered,
		"\x30" + access[1:]:                ErrNotOffered,
		access[:len(access)-1] + "\x0c":    ErrNotOffered, // NIST P-256
		access[:18] + "\x01" + access[19:]: ErrNotOffered, // version 1
		"\x31\x12\x30\x10\x06\x0a" + protocol + "\x02\x02\x00\x02":                                   ErrNotOffered, // no parameters
		"\x31\x14\x30\x12\x06\x0a" + protocol[:9] + "\x04\x02\x01\x02\x02\x01\x0d":                   ErrNotOffered, // AES-256
		"\x31\x28" + "\x30\x12\x06\x0a" + protocol[:9] + "\x04\x02\x01\x02\x02\x01\x0d" + access[2:]: nil,           // both
		others(15) + access[2:]: nil,
		others(16) + access[2:]: ErrNotOffered, // one too many
	} {
		if err := checkAccess([]byte(file)); !errors.Is(err, want) {
			t.Errorf("%x: %v", file, err)
		}
	}
}

// others is the beginning of an EF.CardAccess with n other protocols and room for one more.
func others(n int) string {
	size := (n + 1) * (len(access) - 2)
	return string([]byte{0x31, 0x82, byte(size >> 8), byte(size)}) + strings.Repeat("\x30\x12\x06\x0a"+protocol[:9]+"\x04\x02\x01\x02\x02\x01\x0d", n)
}

// TestOtherAccess: a card with another protocol is found out before anything of PACE is sent.
func TestOtherAccess(t *testing.T) {
	ch := &through{Channel: Contactless(&answers{}, testCAN)}
	ch.response = func(command, raw []byte) []byte {
		if command[1] == insRead {
			raw[len(raw)-3] = 0x0c
		}
		return raw
	}
	if _, err := Open(t.Context(), ch, testCAN); !errors.Is(err, ErrNotOffered) || len(ch.sent) != 3 {
		t.Errorf("%v after %d commands", err, len(ch.sent))
	}
}

// TestDynamicData: one object, of its size, and nothing around it.
func TestDynamicData(t *testing.T) {
	whole := dynamicData(tagTokenCard, make([]byte, macSize))
	if _, err := readDynamicData(whole, tagTokenCard, macSize); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"nothing": nil, "more": append(bytes.Clone(whole), 0), "less": whole[:len(whole)-1], "empty": {0x7c, 0},
		"another tag": dynamicData(tagTokenTerminal, make([]byte, macSize)), "shorter": dynamicData(tagTokenCard, make([]byte, macSize-1)),
		"no template": append([]byte{0x7d}, whole[1:]...), "template longer": append([]byte{0x7c, 0x0b}, whole[2:]...),
		"object longer": append([]byte{0x7c, 0x0a, tagTokenCard, 0x09}, whole[4:]...),
	} {
		if _, err := readDynamicData(data, tagTokenCard, macSize); !errors.Is(err, ErrAgreement) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCANHides in everything that prints.
func TestCANHides(t *testing.T) {
	const can CAN = "864201"
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("a", "can", can, "in", struct{ C CAN }{can})
	data, err := json.Marshal(struct{ C CAN }{can})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "%s %v %q %x %d %+v %#v %s", can, can, can, can, can, struct{ C CAN }{can}, &struct{ C *CAN }{}, data)
	if strings.Contains(b.String(), "8642") || strings.Contains(b.String(), "383634") || !strings.Contains(b.String(), hiddenCAN) {
		t.Error(b.String())
	}
}

// TestCMAC: RFC 4493 section 4.
func TestCMAC(t *testing.T) {
	c := newCMAC([block]byte(unhex(t, "2b7e151628aed2a6abf7158809cf4f3c")))
	message := unhex(t, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
	for n, want := range map[int]string{0: "bb1d6929e9593728", 16: "070a16b46b4d4144", 40: "dfa66747de9ae630", 64: "51f0bebf7e3b9d92"} {
		for cut := range n + 1 {
			if mac := c.sum(message[:cut], nil, message[cut:n]); fmt.Sprintf("%x", mac) != want {
				t.Errorf("%d bytes cut at %d: %x", n, cut, mac)
			}
		}
	}
	if fmt.Sprintf("%x %x", c.k1, c.k2) != "fbeed618357133667c85e08f7236a8de f7ddac306ae266ccf90bc11ee46d513b" {
		t.Errorf("%x %x", c.k1, c.k2)
	}
}
