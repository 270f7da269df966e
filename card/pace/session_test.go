package pace

import (
	"bytes"
	"context"
	"crypto/cipher"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"pieks/card"
)

// pair is both ends of a session.
func pair() (terminal, picc *session) {
	k := keys{[block]byte{1, 2, 3}, [block]byte{4, 5, 6}}
	return newSession(k), newSession(k)
}

func commands() *rapid.Generator[card.Command] {
	size := rapid.OneOf(rapid.Just(0), rapid.IntRange(1, 40), rapid.IntRange(200, 300), rapid.IntRange(maxSecured-20, maxSecured))
	wanted := rapid.OneOf(rapid.Just(0), rapid.IntRange(1, 300), rapid.IntRange(65500, 65536))
	return rapid.Custom(func(t *rapid.T) card.Command {
		return card.Command{
			CLA: rapid.SampledFrom([]byte{0x00, 0x10, 0x80, 0x90}).Draw(t, "cla"), INS: rapid.Byte().Draw(t, "ins") &^ 1,
			P1: rapid.Byte().Draw(t, "p1"), P2: rapid.Byte().Draw(t, "p2"),
			Data: bytes.Repeat([]byte{rapid.SampledFrom([]byte{0, 0x80, 0xff}).Draw(t, "fill")}, size.Draw(t, "size")), Ne: wanted.Draw(t, "wanted"),
		}
	})
}

func same(a, b card.Command) bool {
	return a.CLA == b.CLA && a.INS == b.INS && a.P1 == b.P1 && a.P2 == b.P2 && a.Ne == b.Ne && bytes.Equal(a.Data, b.Data)
}

// TestRoundTrip: commands of all cases and lengths, and answers, come out as they went in, one after another.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terminal, picc := pair()
		for range rapid.IntRange(1, 4).Draw(t, "commands") {
			c := commands().Draw(t, "command")
			raw, err := terminal.wrapCommand(c)
			if err != nil {
				t.Fatal(err)
			}
			outer, err := card.ParseCommand(raw)
			if err != nil || outer.Ne != 256 && outer.Ne != 65536 || len(raw) > 4+3+65535+2 {
				t.Fatalf("%d bytes, Ne %d: %v", len(raw), outer.Ne, err)
			}
			back, err := picc.unwrapCommand(raw)
			if err != nil || !same(c, back) {
				t.Fatalf("%+v came out: %v", back, err)
			}
			data := bytes.Repeat([]byte{0x80}, rapid.OneOf(rapid.IntRange(0, min(c.Ne, maxSecured)), rapid.Just(min(c.Ne, maxSecured))).Draw(t, "answer"))
			sw := rapid.Uint16().Draw(t, "sw")
			secured := picc.wrapResponse(data, sw)
			if len(secured)-2 > outer.Ne {
				t.Fatalf("an answer of %d bytes to a command that can bring %d", len(secured)-2, outer.Ne)
			}
			plain, err := terminal.unwrapResponse(secured)
			if err != nil || !bytes.Equal(plain, answer(data, sw)) {
				t.Fatalf("%d bytes %04X: %d bytes %v", len(data), sw, len(plain), err)
			}
		}
	})
}

// TestLength: a secured command is a long one only if it has to be, so that readers and cards that know none can do the rest.
func TestLength(t *testing.T) {
	for _, test := range []struct {
		data, wanted int
		long         bool
	}{{0, 0, false}, {0, 1, false}, {0, 223, false}, {0, 224, true}, {0, 256, true}, {0, 257, true}, {223, 223, false}, {240, 0, true}, {1, 65536, true}} {
		terminal, picc := pair()
		raw, err := terminal.wrapCommand(card.Command{INS: 0xb0, Data: make([]byte, test.data), Ne: test.wanted})
		if err != nil || (raw[4] == 0) != test.long {
			t.Errorf("%+v: %x %v", test, raw[:5], err)
		}
		if _, err := picc.unwrapCommand(raw); err != nil {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

// TestRefusedCommands: what cannot be secured is not sent, does not count and does not end the channel.
func TestRefusedCommands(t *testing.T) {
	inner := &answers{response: []byte{0x90, 0}}
	ch := &through{Channel: Contactless(inner, testCAN)}
	s := opened(t, ch)
	ch.sent = nil
	for _, command := range [][]byte{
		nil, {0, 0xb0, 0}, {0x0c, 0xb0, 0, 0}, {0x04, 0xb0, 0, 0}, {0x01, 0xb0, 0, 0}, {0x40, 0xb0, 0, 0}, {0xff, 0xca, 0, 0}, {0, 0xb1, 0, 0},
		append([]byte{0, 0xd6, 0, 0, 0, 0xff, 0xff}, make([]byte, 65535)...),
	} {
		if _, err := s.Transmit(t.Context(), command); !errors.Is(err, card.ErrCommand) {
			t.Errorf("%.7x: %v", command, err)
		}
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Transmit(cancelled, unhex(t, "00b0820000")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if len(ch.sent) != 0 {
		t.Errorf("%d were sent", len(ch.sent))
	}
	if sw := statusOf(t, s, "00b0820000"); sw != swOK {
		t.Errorf("after them: %04X", sw)
	}
}

// TestUnsecuredAnswers: what is not an answer of the session ends the channel, and nothing more is sent over it.
func TestUnsecuredAnswers(t *testing.T) {
	gone := errors.New("gone")
	for name, change := range map[string]func(s *session, raw []byte) ([]byte, error){
		"status word alone": func(_ *session, raw []byte) ([]byte, error) { return raw[len(raw)-2:], nil },
		"plain data":        func(_ *session, raw []byte) ([]byte, error) { return []byte{1, 2, 3, 0x90, 0}, nil },
		"nothing":           func(*session, []byte) ([]byte, error) { return nil, nil },
		"one byte":          func(*session, []byte) ([]byte, error) { return []byte{0x90}, nil },
		"6982":              func(*session, []byte) ([]byte, error) { return []byte{0x69, 0x82}, nil },
		"no MAC": func(_ *session, raw []byte) ([]byte, error) {
			return append(raw[:len(raw)-12], raw[len(raw)-2:]...), nil
		},
		"no status word under it": func(s *session, _ []byte) ([]byte, error) {
			return s.maced(appendObject(nil, tagPlain, []byte{1}), swOK), nil
		},
		"status word of one byte": func(s *session, _ []byte) ([]byte, error) {
			return s.maced(appendObject(nil, tagStatus, []byte{0x90}), swOK), nil
		},
		"two status words": func(s *session, _ []byte) ([]byte, error) {
			return s.maced(appendObject(nil, tagStatus, []byte{0x63, 0}), swOK), nil
		},
		"cut cryptogram":        cryptogram(func(*session) []byte { return append([]byte{withPadding}, make([]byte, block-1)...) }),
		"cryptogram cut later":  cryptogram(func(*session) []byte { return append([]byte{withPadding}, make([]byte, block+1)...) }),
		"cryptogram of nothing": cryptogram(func(*session) []byte { return []byte{withPadding} }),
		"cryptogram of less":    cryptogram(func(*session) []byte { return []byte{} }),
		"other padding":         cryptogram(func(s *session) []byte { return append([]byte{2}, s.encrypt([]byte{1})[1:]...) }),
		"no padding":            cryptogram(func(s *session) []byte { return s.raw(make([]byte, block)) }),
		"padding of two blocks": cryptogram(func(s *session) []byte { return s.raw(append([]byte{0x80}, make([]byte, 2*block-1)...)) }),
		"one byte length of 200": func(s *session, _ []byte) ([]byte, error) {
			body := append([]byte{tagPlain, 200}, make([]byte, 200)...)
			return s.maced(appendObject(body, tagStatus, []byte{0x90, 0}), swOK), nil
		},
		"other order": func(s *session, _ []byte) ([]byte, error) {
			body := appendObject(nil, tagStatus, []byte{0x90, 0})
			return s.maced(appendObject(body, tagPlain, []byte{1}), swOK), nil
		},
		"twice": func(s *session, _ []byte) ([]byte, error) {
			body := appendObject(appendObject(nil, tagPlain, []byte{1}), tagPlain, []byte{2})
			return s.maced(appendObject(body, tagStatus, []byte{0x90, 0}), swOK), nil
		},
		"long length": func(s *session, _ []byte) ([]byte, error) {
			return s.maced([]byte{tagStatus, 0x81, 2, 0x90, 0}, swOK), nil
		},
		"longer length": func(s *session, _ []byte) ([]byte, error) {
			return s.maced([]byte{tagStatus, 0x82, 0, 2, 0x90, 0}, swOK), nil
		},
		"no length": func(s *session, _ []byte) ([]byte, error) {
			return s.maced([]byte{tagStatus, 0x80, 0x90, 0}, swOK), nil
		},
		"before":    func(s *session, raw []byte) ([]byte, error) { return s.wrapResponse([]byte{1, 2}, swOK), nil },
		"card gone": func(*session, []byte) ([]byte, error) { return nil, gone },
	} {
		t.Run(name, func(t *testing.T) {
			card := &meddler{Card: Contactless(&answers{response: []byte{1, 2, 0x90, 0}}, testCAN)}
			s := opened(t, card)
			card.change = change
			_, err := s.Transmit(t.Context(), unhex(t, "00b0820000"))
			if name == "card gone" {
				if !errors.Is(err, gone) {
					t.Errorf("%v", err)
				}
			} else if !errors.Is(err, ErrUnsecured) {
				t.Errorf("%v", err)
			}
			sent := card.sent
			if _, again := s.Transmit(t.Context(), unhex(t, "00b0820000")); !errors.Is(again, err) || card.sent != sent {
				t.Errorf("again: %v, %d commands", again, card.sent-sent)
			}
		})
	}
}

// cryptogram is an answer with a good MAC over whatever cryptogram.
func cryptogram(value func(*session) []byte) func(*session, []byte) ([]byte, error) {
	return func(s *session, _ []byte) ([]byte, error) {
		return s.maced(appendObject(appendObject(nil, tagCryptogram, value(s)), tagStatus, []byte{0x90, 0}), swOK), nil
	}
}

// raw is the value of a cryptogram of whole blocks, without padding.
func (s *session) raw(blocks []byte) []byte {
	cipher.NewCBCEncrypter(s.encryption, s.vector()).CryptBlocks(blocks, blocks)
	return append([]byte{withPadding}, blocks...)
}

// maced is an answer with a good MAC over whatever body.
func (s *session) maced(body []byte, sw uint16) []byte {
	mac := s.mac.sum(s.counter[:], pad(body))
	return answer(appendObject(body, tagMAC, mac[:]), sw)
}

// meddler is a card whose answers are changed by who has its session: at the counter of the answer.
type meddler struct {
	*Card
	change func(s *session, raw []byte) ([]byte, error)
	sent   int
}

func (m *meddler) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	m.sent++
	raw, err := m.Card.Transmit(ctx, command)
	if err != nil || m.change == nil {
		return raw, err
	}
	return m.change(m.state.session, raw)
}

// TestPlainUnderMAC: real cards answer so (recorded); here the whole way.
func TestPlainUnderMAC(t *testing.T) {
	card := &meddler{Card: Contactless(&answers{response: []byte{0x90, 0}}, testCAN)}
	s := opened(t, card)
	card.change = func(s *session, _ []byte) ([]byte, error) {
		return s.maced(appendObject(appendObject(nil, tagPlain, []byte{1, 2, 3}), tagStatus, []byte{0x62, 0x82}), 0x6282), nil
	}
	if got, err := s.Transmit(t.Context(), unhex(t, "00a4040400")); err != nil || !bytes.Equal(got, []byte{1, 2, 3, 0x62, 0x82}) {
		t.Errorf("%x %v", got, err)
	}
}

// TestCounterCarries over all its bytes.
func TestCounterCarries(t *testing.T) {
	s := &session{counter: [block]byte{block - 2: 0xff, block - 1: 0xff}}
	if s.step(); s.counter != [block]byte{block - 3: 1} {
		t.Errorf("%x", s.counter)
	}
}
