package card

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestCommandCases walks through the seven cases of ISO 7816-3 section 12.1.3.
func TestCommandCases(t *testing.T) {
	long := bytes.Repeat([]byte{7}, 300)
	for _, c := range []struct {
		name    string
		command Command
		head    string
	}{
		{"1", Command{INS: 0xa4, P1: 4, P2: 12}, "00a4040c"},
		{"2S", Command{INS: 0xb0, P1: 0x86, Ne: 256}, "00b0860000"},
		{"2S short", Command{INS: 0xb0, Ne: 255}, "00b00000ff"},
		{"3S", Command{INS: 0xa4, P1: 4, P2: 12, Data: []byte{1, 2}}, "00a4040c020102"},
		{"4S", Command{INS: 0x2a, P1: 0x9e, P2: 0x9a, Data: []byte{1}, Ne: 256}, "002a9e9a010100"},
		{"2E", Command{INS: 0xb0, Ne: 257}, "00b00000000101"},
		{"2E most", Command{INS: 0xb0, Ne: 65536}, "00b00000000000"},
		{"3E", Command{CLA: 0x10, INS: 0x2a, Data: long}, "102a000000012c0707"},
		{"4E", Command{INS: 0x2a, Data: []byte{9}, Ne: 65536}, "002a0000000001090000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw, err := c.command.Encode()
			if err != nil || !bytes.HasPrefix(raw, unhex(t, c.head)) {
				t.Fatalf("%x %v", raw, err)
			}
			same(t, c.command, raw)
		})
	}
	for _, c := range []Command{{Data: make([]byte, 65536)}, {Ne: 65537}, {Ne: -1}} {
		if _, err := c.Encode(); !errors.Is(err, ErrCommand) {
			t.Fatal(err)
		}
	}
	for _, raw := range []string{"", "00a404", "00a4040c0201", "00a4040c02010203ff", "00b000000001", "00b0000000000000", "00b000000000000000", "00a4000000000000ff"} {
		if c, err := ParseCommand(unhex(t, raw)); !errors.Is(err, ErrCommand) {
			t.Errorf("%s: %+v %v", raw, c, err)
		}
	}
}

func same(t interface{ Fatalf(string, ...any) }, want Command, raw []byte) {
	got, err := ParseCommand(raw)
	if err != nil || got.CLA != want.CLA || got.INS != want.INS || got.P1 != want.P1 || got.P2 != want.P2 ||
		got.Ne != want.Ne || !bytes.Equal(got.Data, want.Data) {
		t.Fatalf("%x: got %+v, want %+v, %v", raw, got, want, err)
	}
}

func TestCommandRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Command{
			CLA: rapid.Byte().Draw(t, "cla"), INS: rapid.Byte().Draw(t, "ins"), P1: rapid.Byte().Draw(t, "p1"), P2: rapid.Byte().Draw(t, "p2"),
			Data: rapid.SliceOfN(rapid.Byte(), 0, 600).Draw(t, "data"), Ne: rapid.IntRange(0, 65536).Draw(t, "ne"),
		}
		raw, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		same(t, c, raw)
	})
}

func TestPINBlock(t *testing.T) {
	for _, c := range []struct{ pin, block string }{
		{"123456", "26123456ffffffff"},
		{"1234567", "271234567fffffff"},
		{"12345678", "2812345678ffffff"},
		{"12345", ""}, {"123456789", ""}, {"", ""}, {"12345a", ""}, {"١٢٣٤٥٦", ""}, {"12 456", ""}, {"12345/", ""}, {"12345:", ""},
	} {
		block, err := PIN(c.pin).block()
		if c.block == "" {
			if !errors.Is(err, ErrPINShape) || block != (pinBlock{}) {
				t.Errorf("%q: %x %v", c.pin, block, err)
			}
			continue
		}
		if err != nil || hex.EncodeToString(block[:]) != c.block || !isPINBlock(block[:]) {
			t.Errorf("%q: %x %v", c.pin, block, err)
		}
	}
	for _, bad := range []string{"16123456ffffffff", "25123456ffffffff", "29123456789fffff", "261234566fffffff", "26a23456ffffffff", "26123456ffffff", "2612345fffffffff"} {
		if isPINBlock(unhex(t, bad)) {
			t.Error(bad)
		}
	}
}
