package egk

import (
	"bytes"
	"context"
	"testing"
	"time"

	"pieks/card"
)

var testNow = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)

func testSeed(b byte) [32]byte { return [32]byte(bytes.Repeat([]byte{b}, 32)) }

var testNonce = Nonce(unhex("000102030405060708090a0b0c0d0e0f1011121314151617"))

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// testPKI is made once: it takes some milliseconds.
var testPKI = must(TestPKIOf(must(card.NewTestCA(testSeed(1), testNow)), testNow))

// goodPatient is made once, too.
var goodPatient = must(NewPatient(testPKI, VirtualOptions{Seed: testSeed(2), Now: testNow}))

// testPatient is what stands on a good card, to be changed.
func testPatient(t testing.TB) card.Patient {
	t.Helper()
	p := goodPatient
	for _, file := range []*[]byte{&p.Version2, &p.GDO, &p.SubCA, &p.EndEntity, &p.X509} {
		*file = bytes.Clone(*file)
	}
	return p
}

// drive runs a dialogue with a card, and says which commands it got.
func drive(t testing.TB, ch card.Channel, d *Dialogue) (sent [][]byte, err error) {
	t.Helper()
	var response []byte
	for {
		step, done, err := d.Next(response)
		if err != nil || done {
			return sent, err
		}
		sent = append(sent, step.Command)
		if response, err = ch.Transmit(context.Background(), step.Command); err != nil {
			t.Fatal(err)
		}
	}
}

// answersOf are what a card with these files says to testNonce.
func answersOf(t testing.TB, p card.Patient, o Options) Answers {
	t.Helper()
	v, err := card.VirtualPatient(p)
	if err != nil {
		t.Fatal(err)
	}
	d := NewDialogue(testNonce, o)
	if _, err := drive(t, v, d); err != nil {
		t.Fatal(err)
	}
	return d.Answers()
}
