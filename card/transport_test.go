package card

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// script answers commands in order, the last answer over and over.
type script struct {
	atr     []byte
	answers []string
	sent    []string
}

func (s *script) ATR() []byte { return s.atr }

func (s *script) Transmit(_ context.Context, command []byte) ([]byte, error) {
	s.sent = append(s.sent, hex.EncodeToString(command))
	return hex.DecodeString(s.answers[min(len(s.sent), len(s.answers))-1])
}

func TestTransport(t *testing.T) {
	long := bytes.Repeat([]byte{0xab}, 300)
	first, second := hex.EncodeToString(long[:255]), hex.EncodeToString(long[255:])
	read := Command{INS: 0xb0, Ne: 256}
	verify := Command{INS: insVerify, P2: 1, Data: []byte{1, 2}}
	for _, c := range []struct {
		name    string
		atr     []byte
		command Command
		answers string
		sent    string
		data    string
		sw      uint16
	}{
		{"plain", nil, read, "0102 9000", "00b0000000", "0102", swOK}, // the space only parts the bytes
		{"nothing wanted, but there is something", nil, Command{INS: 0xa4}, "6102,01029000", "00a40000,00c0000002", "0102", swOK},
		{"refused", nil, read, "6a82", "00b0000000", "", swFileNotFound},
		{"more", nil, read, "01026102,03049000", "00b0000000,00c0000002", "01020304", swOK},
		{"more twice", nil, read, "6102,01026101,039000", "00b0000000,00c0000002,00c0000001", "010203", swOK},
		{"256 more", nil, read, "6100,019000", "00b0000000,00c0000000", "01", swOK},
		{"more, then refused", nil, read, "016101,6f00", "00b0000000,00c0000001", "01", swInternalFailed},
		{"other length", nil, read, "6c02,01029000", "00b0000000,00b0000002", "0102", swOK},
		{"other length once only", nil, read, "6c02,6c03", "00b0000000,00b0000002", "", swWrongLe | 3},
		{"other length when fetching", nil, read, "6110,6c02,01029000", "00b0000000,00c0000010,00c0000002", "0102", swOK},
		{"nothing wanted, other length", nil, Command{INS: 0xa4}, "6c02", "00a40000", "", swWrongLe | 2},
		{"PIN is never sent again", nil, Command{INS: insVerify, P2: 1, Data: []byte{1, 2}, Ne: 256}, "6c02", "00200001020102" + "00", "", swWrongLe | 2},
		{"PIN", nil, verify, "63c2", "00200001020102", "", swWrongPIN | 2},
		{"in parts", nil, Command{INS: 0x2a, Data: long}, "9000", "102a0000ff" + first + ",002a00002d" + second, "", swOK},
		{"part refused", nil, Command{INS: 0x2a, Data: long}, "6e00", "102a0000ff" + first, "", swClass},
		{"in parts, with an answer", nil, Command{INS: 0x2a, Data: long, Ne: 5000}, "9000,019000", "102a0000ff" + first + ",002a00002d" + second + "00", "01", swOK},
		{"card takes extended length", contactATR(healthATR), Command{INS: 0x2a, Data: long, Ne: 5000}, "019000", "002a000000012c" + first + second + "1388", "01", swOK},
		{"card takes chaining only", contactATR(pivATR), Command{INS: 0x2a, Data: long}, "9000", "102a0000ff" + first + ",002a00002d" + second, "", swOK},
		{"answer to reset is broken", []byte{0x3b}, Command{INS: 0xb0, Ne: 5000}, "9000", "00b0000000", "", swOK},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &script{atr: c.atr, answers: strings.Split(strings.ReplaceAll(c.answers, " ", ""), ",")}
			data, sw, err := newTransport(s).exchange(context.Background(), c.command)
			if err != nil || hex.EncodeToString(data) != c.data || sw != c.sw || strings.Join(s.sent, ",") != c.sent {
				t.Fatalf("%x %04x %v, sent %q", data, sw, err, s.sent)
			}
		})
	}
}

// TestTransportEnds: a card that always has more, or gives more than was wanted, is left.
func TestTransportEnds(t *testing.T) {
	for _, answer := range []string{"6100", "6101", "006101", strings.Repeat("00", 256) + "6100", strings.Repeat("00", 257) + "9000"} {
		s := &script{answers: []string{answer}}
		if _, _, err := newTransport(s).exchange(context.Background(), Command{INS: 0xb0, Ne: 256}); !errors.Is(err, ErrResponse) || len(s.sent) > maxRounds+1 {
			t.Fatal(answer, len(s.sent), err)
		}
	}
}

// keeper keeps the very bytes that were sent.
type keeper struct {
	Channel
	sent [][]byte
}

func (k *keeper) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	answer, err := k.Channel.Transmit(ctx, command)
	k.sent = append(k.sent, command)
	return answer, err
}

// TestPINIsWiped: no buffer that held a PIN still does after VERIFY, whatever the card said.
func TestPINIsWiped(t *testing.T) {
	ctx := context.Background()
	for _, answer := range []string{"9000", "63c2", "6f00", "90"} {
		data := []byte("12345678")
		_ = newTransport(&script{answers: []string{answer}}).presentPIN(ctx, 1, data)
		if !isZero(data) {
			t.Fatalf("%x is left", data)
		}
	}
	for _, s := range sorts {
		for _, pin := range []PIN{VirtualPIN, "654321"} {
			k := &keeper{Channel: newIssued(t, s).virtual}
			c, err := Open(ctx, k)
			if err != nil {
				t.Fatal(err)
			}
			_ = c.VerifyPIN(ctx, pin)
			for _, command := range k.sent {
				if !isZero(command) {
					t.Fatalf("%s: %x is left", s, command)
				}
			}
		}
	}
}

// TestChainedCommands sends commands of any length to a virtual card through the transport: whole, in parts, to be fetched.
func TestChainedCommands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := &echo{}
		v := &Virtual{applet: e, limits: ATR{Chaining: true, Extended: rapid.Bool().Draw(t, "extended")}}
		tr := &transport{Channel: v, extended: v.limits.Extended}
		data := rapid.SliceOfN(rapid.Byte(), 1, 1200).Draw(t, "data")
		got, sw, err := tr.exchange(context.Background(), Command{INS: 0x12, P1: 3, P2: 4, Data: data, Ne: rapid.IntRange(1, maxAnswer).Draw(t, "wanted")})
		if err != nil || sw != swOK || !bytes.Equal(got, data) || e.calls != 1 {
			t.Fatalf("%d of %d bytes, %04x, %v, %d calls", len(got), len(data), sw, err, e.calls)
		}
	})
}

// echo answers a command with its data.
type echo struct{ calls int }

func (e *echo) respond(_ *Virtual, c Command) ([]byte, uint16) {
	e.calls++
	return bytes.Clone(c.Data), swOK
}

// FuzzTransport lets a card answer anything, several times over: the transport ends, within its limits.
func FuzzTransport(f *testing.F) {
	f.Add([]byte{0x61, 0x02}, []byte{1, 2, 0x90, 0}, 256)
	f.Add([]byte{0x6c, 0x02}, []byte{1, 2, 0x61, 1}, 300)
	f.Fuzz(func(t *testing.T, first, second []byte, wanted int) {
		n := 0
		ch := &recorder{answer: func([]byte) ([]byte, error) {
			if n++; n%2 == 1 {
				return append([]byte{}, first...), nil
			}
			return append([]byte{}, second...), nil
		}}
		data, _, err := newTransport(ch).exchange(context.Background(), Command{INS: 0xb0, Ne: wanted})
		if len(ch.sent) > 2*maxRounds+2 || (err == nil && len(data) > max(wanted, 256)) {
			t.Fatal(len(ch.sent), len(data), err)
		}
	})
}
