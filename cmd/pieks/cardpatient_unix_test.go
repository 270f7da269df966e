//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"pieks/card"
	"pieks/card/egk"
	"pieks/card/pace"
	"pieks/card/pcsc"
	"pieks/card/pcsc/pcscd"
	"pieks/node/web/patient"
)

var _ patient.Cards = (*patientCards)(nil)

func virtualOf(t *testing.T, kind card.Kind) *card.Virtual {
	t.Helper()
	v, _, err := card.NewVirtualOf(kind, card.VirtualOptions{Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// proof is a verifier's end: it counts what it is asked for, and may do something before a command goes out.
type proof struct {
	dialogue    *egk.Dialogue
	steps       int
	contactless bool
	before      func(step int) error
}

func newProof() *proof { return &proof{dialogue: egk.NewDialogue(egk.Nonce{1}, egk.Options{})} }

func (p *proof) step(_ context.Context, response []byte, contactless bool) ([]byte, error) {
	p.contactless = contactless
	p.steps++
	step, _, err := p.dialogue.Next(response)
	if err == nil && p.before != nil {
		err = p.before(p.steps)
	}
	return step.Command, err
}

// TestProve: the app and a command prove with a real reader, with and without contacts, and every way in which that fails has its own error, after which the
// same card works again.
func TestProve(t *testing.T) {
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		a := &app{cards: &cardDesk{}}
		cards := openPatientCards(a.cards, func() {})
		if cards == nil {
			t.Fatal("built without readers")
		}
		defer cards.Close()
		const can pace.CAN = "123123"
		works := func(contactless bool) {
			t.Helper()
			p := newProof()
			if err := cards.Prove(t.Context(), d.Reader(0), can, p.step); err != nil {
				t.Fatal(err)
			}
			if who, err := p.dialogue.Answers().Claimed(); err != nil || who.KVNR != "X110540756" || p.contactless != contactless || p.steps != 10 {
				t.Fatalf("%+v, contactless %v, %d steps: %v", who, p.contactless, p.steps, err)
			}
		}
		fails := func(can pace.CAN, p *proof, want error, steps int) {
			t.Helper()
			if err := a.proveWithCard(t.Context(), "1", can, p.step); !errors.Is(err, want) || p.steps != steps {
				t.Errorf("after %d steps: %v, want %v", p.steps, err, want)
			}
			if !bytes.Equal(p.dialogue.Answers().Signature, nil) {
				t.Error("there are answers")
			}
		}
		fails(can, newProof(), pcsc.ErrNoCard, 0)
		v := virtualOf(t, card.EGK)
		field := pace.Contactless(v, can)
		for _, contactless := range []bool{false, true} {
			insert := func() {
				if contactless {
					d.Insert(0, field)
				} else {
					d.Insert(0, v)
				}
			}
			insert()
			works(contactless)

			refused := errors.New("the verifier refuses")
			p := newProof()
			p.before = func(step int) error {
				if step == 3 {
					return refused
				}
				return nil
			}
			fails(can, p, refused, 3)
			works(contactless)

			p = newProof()
			p.before = func(step int) error {
				if step == 5 {
					d.Remove(0)
				}
				return nil
			}
			fails(can, p, pcsc.ErrRemoved, 5)
			insert()
			works(contactless)

			ctx, cancel := context.WithCancel(t.Context())
			p = newProof()
			p.before = func(step int) error {
				if step == 4 {
					cancel()
				}
				return nil
			}
			if err := cards.Prove(ctx, d.Reader(0), can, p.step); !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: %v", err)
			}
			works(contactless)
			if contactless {
				fails("123124", newProof(), pace.ErrWrongCAN, 0)
				fails("", newProof(), card.ErrContactless, 0)
				fails("12312", newProof(), pace.ErrCAN, 0)
				works(contactless)
			}
			a.cards.mu.Lock()
			fails(can, newProof(), patient.ErrBusy, 0)
			a.cards.mu.Unlock()
			d.Remove(0)
		}
		d.Insert(0, virtualOf(t, card.SMCB))
		fails(can, newProof(), egk.ErrNotEGK, 0)
		d.Stop()
		fails(can, newProof(), pcsc.ErrNoService, 0)
	})
}

// TestPatientCards: what a patient's pages see of real readers: what a card is, and nothing that is on it.
func TestPatientCards(t *testing.T) {
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		changed := make(chan struct{}, 99)
		desk := &cardDesk{}
		cards := openPatientCards(desk, func() { changed <- struct{}{} })
		if cards == nil {
			t.Fatal("built without readers")
		}
		defer cards.Close()
		see := func(want patient.Reader) {
			t.Helper()
			list, err := cards.Readers(t.Context())
			if err != nil || len(list) != 2 {
				t.Fatal(list, err)
			}
			got := list[0]
			if got.Name != d.Reader(0) || got.Card != want.Card || got.Contactless != want.Contactless || !errors.Is(got.Err, want.Err) {
				t.Errorf("%+v, want %+v", got, want)
			}
		}
		see(patient.Reader{})
		heard := &listener{Virtual: virtualOf(t, card.EGK)}
		d.Insert(0, heard)
		select {
		case <-changed:
		case <-time.After(20 * time.Second):
			t.Fatal("pages are not told that a card came")
		}
		desk.mu.Lock() // the terminal works with a card
		see(patient.Reader{Card: true, Err: patient.ErrBusy})
		desk.mu.Unlock()
		see(patient.Reader{Card: true})
		desk.mu.Lock() // what was read once is not read again
		see(patient.Reader{Card: true})
		desk.mu.Unlock()
		d.Remove(0)
		for _, command := range heard.commands {
			if command[1] != 0xa4 && !bytes.Equal(command, []byte{0x00, 0xb0, 0x82, 0x00, 0x00}) {
				t.Errorf("the card was asked %x", command)
			}
		}
		if len(heard.commands) == 0 {
			t.Error("the card was asked nothing")
		}
		d.Insert(0, pace.Contactless(virtualOf(t, card.EGK), "123123"))
		see(patient.Reader{Card: true, Contactless: true})
		d.Remove(0)
		d.Insert(0, virtualOf(t, card.PIV))
		see(patient.Reader{Card: true, Err: egk.ErrNotEGK})
		d.Remove(0)
		see(patient.Reader{})
		d.Stop()
		if _, err := cards.Readers(t.Context()); !errors.Is(err, pcsc.ErrNoService) {
			t.Errorf("without the service: %v", err)
		}
	})
}

// listener is a card that remembers what it was asked.
type listener struct {
	*card.Virtual
	commands [][]byte
}

func (l *listener) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	l.commands = append(l.commands, bytes.Clone(command))
	return l.Virtual.Transmit(ctx, command)
}
