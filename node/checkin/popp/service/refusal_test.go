package service_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"pieks/card"
	"pieks/card/egk"
	"pieks/node/checkin/popp/client"
)

// TestUnexpectedWord is T22: a status word that was not expected ends the dialogue. The service hears of it, the card hears nothing more.
func TestUnexpectedWord(t *testing.T) {
	for name, test := range map[string]struct {
		at   int // command that is refused, from 1
		word uint16
		code string
	}{
		"root":      {1, 0x6a82, "79506"},
		"version":   {2, 0x6982, "79506"},
		"Sub-CA":    {3, 0x6982, "79504"},
		"key":       {6, 0x6a88, "79504"},
		"challenge": {8, 0x6985, "79504"},
		"file was damaged, which only reading may say": {5, 0x6281, "79504"},
	} {
		t.Run(name, func(t *testing.T) {
			w := setup(t, nil, client.Compat{})
			w.list(t)
			good, commands := cardA(t), 0
			sent, status, err := prove(t.Context(), w.patient, reception, channel(func(ctx context.Context, command []byte) ([]byte, error) {
				if commands++; commands == test.at {
					return []byte{byte(test.word >> 8), byte(test.word)}, nil
				}
				return good.Transmit(ctx, command)
			}))
			var word *card.StatusError
			var report *client.ServiceError
			if status != nil || !errors.As(err, &word) || word.SW != test.word {
				t.Fatalf("%v %v, want status word %04X", status, err, test.word)
			}
			if !errors.As(err, &report) || report.Code != test.code || !errors.Is(err, client.ErrCard) {
				t.Fatalf("%v, want %s", err, test.code)
			}
			if len(sent) != test.at || commands != test.at {
				t.Fatalf("%d commands, want %d", commands, test.at)
			}
		})
	}
}

// TestOldCard: a card of another generation is told from others. So is one of generation 3, which the scenario is not for.
func TestOldCard(t *testing.T) {
	for name, version := range map[string]string{"old": "\x04\x03\x00", "generation 3": "\x05\x00\x00"} {
		t.Run(name, func(t *testing.T) {
			w := setup(t, nil, client.Compat{})
			p := patientA(t)
			p.Version2 = bytes.Replace(p.Version2, []byte("\x04\x05\x02"), []byte(version), 1)
			v, err := card.VirtualPatient(p)
			if err != nil {
				t.Fatal(err)
			}
			sent, _, err := prove(t.Context(), w.patient, reception, v)
			if !errors.Is(err, egk.ErrOldCard) || len(sent) != 2 {
				t.Fatal(len(sent), err)
			}
		})
	}
}

// TestPulled: a card that is pulled in the middle is an error of the reader, and the next dialogue begins with a new challenge.
func TestPulled(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	w.list(t)
	for after := range 8 {
		good, commands := cardA(t), 0
		_, _, err := prove(t.Context(), w.patient, reception, channel(func(ctx context.Context, command []byte) ([]byte, error) {
			if commands == after {
				return nil, errPulled
			}
			commands++
			return good.Transmit(ctx, command)
		}))
		if !errors.Is(err, errPulled) {
			t.Fatal(after, err)
		}
	}
	nonces := map[string]bool{}
	for range 3 {
		sent, status, err := prove(t.Context(), w.patient, reception, cardA(t))
		if err != nil || status == nil {
			t.Fatal(err)
		}
		if nonces[string(sent[7])] {
			t.Fatal("the same challenge twice")
		}
		nonces[string(sent[7])] = true
	}
}

// TestWrongChallenge: what was signed before, or something else, proves nothing.
func TestWrongChallenge(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	w.list(t)
	var kept []byte
	good := cardA(t)
	if _, _, err := prove(t.Context(), w.patient, reception, channel(func(ctx context.Context, command []byte) ([]byte, error) {
		answer, err := good.Transmit(ctx, command)
		if command[1] == 0x88 {
			kept = answer
		}
		return answer, err
	})); err != nil {
		t.Fatal(err)
	}
	again := cardA(t)
	_, _, err := prove(t.Context(), w.patient, reception, channel(func(ctx context.Context, command []byte) ([]byte, error) {
		if command[1] == 0x88 {
			return kept, nil
		}
		return again.Transmit(ctx, command)
	}))
	if !errors.Is(err, egk.ErrChallenge) {
		t.Fatal(err)
	}
	for bit := range 3 {
		third := cardA(t)
		_, _, err := prove(t.Context(), w.patient, reception, channel(func(ctx context.Context, command []byte) ([]byte, error) {
			answer, err := third.Transmit(ctx, command)
			if command[1] == 0x88 {
				answer = bytes.Clone(answer)
				answer[bit*20] ^= 1
			}
			return answer, err
		}))
		if !errors.Is(err, egk.ErrChallenge) {
			t.Fatal(err)
		}
	}
}

// TestExpiredCard: after its last day the card proves nothing.
func TestExpiredCard(t *testing.T) {
	w := setup(t, nil, client.Compat{})
	w.list(t)
	w.add(time.Date(2028, 9, 20, 12, 0, 0, 0, time.UTC).Sub(w.now()))
	if _, _, err := prove(t.Context(), w.patient, reception, cardA(t)); !errors.Is(err, client.ErrCard) {
		t.Fatal(err)
	}
}
