package pace

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"pieks/card"
)

// FuzzUnwrapCommand: whatever comes, and whatever comes with a good MAC. What is taken means the same when it is secured again.
func FuzzUnwrapCommand(f *testing.F) {
	for _, r := range recordedSecured {
		f.Add(unhex(f, r.secured))
	}
	f.Add(unhex(f, "0cb0820000"))
	f.Add(unhex(f, "0cb082000d9701008e08000000000000000000"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, picc := pair()
		if c, err := picc.unwrapCommand(raw); err == nil {
			t.Fatalf("taken without its key: %+v", c)
		}
		outer, err := card.ParseCommand(raw)
		if err != nil {
			return
		}
		terminal, picc := pair()
		terminal.step()
		mac := terminal.commandMAC(outer, outer.Data)
		outer.Data = appendObject(bytes.Clone(outer.Data), tagMAC, mac[:])
		if raw, err = outer.Encode(); err != nil {
			return
		}
		c, err := picc.unwrapCommand(raw)
		if err != nil || securable(c) != nil {
			return
		}
		terminal, picc = pair()
		again, err := terminal.wrapCommand(c)
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		if back, err := picc.unwrapCommand(again); err != nil || !same(c, back) {
			t.Fatalf("%+v came back %+v %v", c, back, err)
		}
	})
}

// FuzzUnwrapResponse: as above. What is taken is short, and has one form but for data in clear.
func FuzzUnwrapResponse(f *testing.F) {
	for _, r := range recordedSecured {
		raw := unhex(f, r.answered)
		f.Add(raw)
		f.Add(raw[:len(raw)-12])
	}
	f.Add(unhex(f, "99029000"))
	f.Add(unhex(f, "9000"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		terminal, _ := pair()
		if plain, err := terminal.unwrapResponse(raw); !errors.Is(err, errObjects) && !errors.Is(err, card.ErrResponse) {
			t.Fatalf("taken without its key: %x %v", plain, err)
		}
		sw := uint16(swOK)
		if n := len(raw); n >= 4 && raw[n-4] == tagStatus {
			sw = uint16(raw[n-2])<<8 | uint16(raw[n-1])
		}
		terminal, picc := pair()
		picc.step()
		made := picc.maced(bytes.Clone(raw), sw)
		plain, err := terminal.unwrapResponse(made)
		if err != nil {
			return
		}
		if len(plain) > len(made) {
			t.Fatalf("%d bytes out of %d", len(plain), len(made))
		}
		data := plain[:len(plain)-2]
		if raw[0] == tagPlain || raw[0] == tagCryptogram && len(data) == 0 {
			return // Pieks' own cards answer in the one other form
		}
		_, picc = pair()
		if again := picc.wrapResponse(data, sw); !bytes.Equal(again, made) {
			t.Fatalf("%x is secured as %x", made, again)
		}
	})
}

// FuzzAccess: whatever an EF.CardAccess is, it is taken or not.
func FuzzAccess(f *testing.F) {
	f.Add([]byte(access))
	f.Add([]byte("\x31\x28" + "\x30\x12\x06\x0a" + protocol[:9] + "\x04\x02\x01\x02\x02\x01\x0d" + access[2:]))
	f.Fuzz(func(t *testing.T, file []byte) {
		err := checkAccess(file)
		if err != nil && !errors.Is(err, ErrNotOffered) {
			t.Fatal(err)
		}
		if err == nil && !bytes.Contains(file, []byte(access[4:])) {
			t.Fatalf("taken: %x", file)
		}
	})
}

// script is a card that answers one fuzzed answer after another.
type script struct{ rest []byte }

var errEnd = errors.New("no more answers")

func (s *script) Transmit(context.Context, []byte) ([]byte, error) {
	if len(s.rest) == 0 {
		return nil, errEnd
	}
	n := min(int(s.rest[0]), len(s.rest)-1)
	out := s.rest[1 : 1+n]
	s.rest = s.rest[1+n:]
	return out, nil
}

// FuzzOpen: a card that says anything never opens, and is asked a handful of commands.
func FuzzOpen(f *testing.F) {
	var whole []byte
	for _, e := range recorded() {
		raw := unhex(f, e[1])
		whole = append(append(whole, byte(len(raw))), raw...)
	}
	f.Add(whole)
	f.Add(whole[:60])
	f.Fuzz(func(t *testing.T, said []byte) {
		s, err := Open(t.Context(), &script{said}, testCAN)
		if err == nil {
			t.Fatalf("opened: %v", s)
		}
		_, refused := errors.AsType[*card.StatusError](err)
		for _, known := range []error{errEnd, ErrNotOffered, ErrAgreement, ErrWrongCAN, card.ErrResponse} {
			refused = refused || errors.Is(err, known)
		}
		if !refused {
			t.Fatalf("an error that nobody knows: %v", err)
		}
	})
}

// FuzzCard: whatever a terminal sends in clear, the card behind hears nothing of it.
func FuzzCard(f *testing.F) {
	for _, e := range recorded() {
		raw := unhex(f, e[0])
		f.Add(append([]byte{byte(len(raw))}, raw...))
	}
	f.Add([]byte("\x14\x00\x22\xc1\xa4\x0f\x80\x0a" + protocol + "\x83\x01\x02" + "\x07\x10\x86\x00\x00\x02\x7c\x00"))
	f.Fuzz(func(t *testing.T, said []byte) {
		inner := &answers{response: []byte{0x90, 0}}
		field := Contactless(inner, testCAN)
		for s := (&script{said}); len(s.rest) > 0; {
			command, _ := s.Transmit(t.Context(), nil)
			response, err := field.Transmit(t.Context(), command)
			if err != nil || len(response) < 2 || len(response) > 2+shortAnswer {
				t.Fatalf("%x: %x %v", command, response, err)
			}
		}
		if inner.last != nil || field.state.session != nil {
			t.Fatalf("the card behind heard %x", inner.last)
		}
	})
}
