//go:build pcsc

package pcsc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"pieks/card"
	"pieks/card/pcsc"
	"pieks/card/pcsc/pcscd"
)

func TestNoReader(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 0, func(t *testing.T, d *pcscd.Daemon) {
		readers, err := pcsc.Readers(t.Context())
		if err != nil || len(readers) != 0 {
			t.Errorf("readers: %v %v", readers, err)
		}
		for _, which := range []string{"", "1", "Pieks"} {
			_, err := pcsc.Open(t.Context(), which)
			want(t, fmt.Sprintf("open %q", which), err, pcsc.ErrNoReader)
		}
	})
}

func TestReaders(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		check := leaks(t)
		show := func(states ...pcsc.State) {
			t.Helper()
			readers, err := pcsc.Readers(t.Context())
			if err != nil || len(readers) != len(states) {
				t.Fatalf("%v %v", readers, err)
			}
			for i, r := range readers {
				if r.Index != i+1 || r.Name != d.Reader(i) || r.State != states[i] || r.HasCard() != (states[i] != pcsc.Empty) {
					t.Errorf("reader %d: %+v", i, r)
				}
				if r.HasCard() && !bytes.Equal(r.ATR, inserted{}.ATR()) || !r.HasCard() && r.ATR != nil {
					t.Errorf("reader %d: ATR %x", i, r.ATR)
				}
			}
		}
		show(pcsc.Empty, pcsc.Empty)
		for _, which := range []string{"", "1", d.Reader(1)} {
			_, err := pcsc.Open(t.Context(), which)
			want(t, fmt.Sprintf("open %q without cards", which), err, pcsc.ErrNoCard)
		}
		check()
		d.Insert(1, newCard(t, card.SMCB))
		check = leaks(t)
		show(pcsc.Empty, pcsc.Present)
		for _, which := range []string{"", "2", d.Reader(1), "00 01", "a 00 01"} {
			c := open(t, which)
			if r := c.Reader(); r.Index != 2 || r.Name != d.Reader(1) || !bytes.Equal(c.ATR(), inserted{}.ATR()) {
				t.Errorf("%q opened %v with ATR %x", which, r, c.ATR())
			}
			show(pcsc.Empty, pcsc.InUse)
			closed(t, c)
			closed(t, c)
			_, err := c.Transmit(t.Context(), []byte{0, 0xa4, 4, 0x0c})
			want(t, "transmit after close", err, pcsc.ErrClosed)
		}
		for which, wanted := range map[string]error{
			"1": pcsc.ErrNoCard, "3": pcsc.ErrNoSuchReader, "0": pcsc.ErrNoSuchReader, "Cherry": pcsc.ErrNoSuchReader, "pieks": pcsc.ErrAmbiguous,
		} {
			_, err := pcsc.Open(t.Context(), which)
			want(t, fmt.Sprintf("open %q", which), err, wanted)
		}
		if _, err := pcsc.Open(t.Context(), "Cherry"); !strings.Contains(err.Error(), d.Reader(1)) {
			t.Errorf("does not say which readers there are: %v", err)
		}
		check()
	})
}

// TestDialogue is what an enrolment does, with both kinds of card.
func TestDialogue(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		d.Insert(0, newCard(t, card.HBA))
		d.Insert(1, newCard(t, card.SMCB))
		check := leaks(t)
		for slot, kind := range []card.Kind{card.HBA, card.SMCB} {
			c := open(t, d.Reader(slot))
			h := driver(t, c)
			if h.Kind() != kind {
				t.Errorf("%s is a %s", kind, h.Kind())
			}
			left := func(wanted int) {
				t.Helper()
				if tries, err := h.PINTries(t.Context()); tries != wanted || err != nil {
					t.Errorf("%d tries are left, want %d (%v)", tries, wanted, err)
				}
			}
			left(3)
			unverified(t, h)
			for tries := 2; tries > 0; tries-- {
				var wrong *card.PINError
				if err := h.VerifyPIN(t.Context(), wrongPIN); !errors.As(err, &wrong) || wrong.Tries != tries {
					t.Errorf("wrong PIN: %v, want %d tries left", err, tries)
				}
				left(tries)
			}
			sign(t, h)
			left(3)
			closed(t, c)
			locked(t, d.Reader(slot))
		}
		check()
	})
}

func TestTwoReaders(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 4, func(t *testing.T, d *pcscd.Daemon) {
		d.Insert(0, newCard(t, card.HBA))
		d.Insert(3, newCard(t, card.SMCB))
		_, err := pcsc.Open(t.Context(), "")
		want(t, "open one of two", err, pcsc.ErrSeveralCards)
		if err != nil && (!strings.Contains(err.Error(), d.Reader(0)) || !strings.Contains(err.Error(), d.Reader(3))) {
			t.Errorf("does not say which: %v", err)
		}
		first, second := open(t, "1"), open(t, "4")
		one, other := driver(t, first), driver(t, second)
		if one.Kind() != card.HBA || other.Kind() != card.SMCB {
			t.Errorf("%s, %s", one.Kind(), other.Kind())
		}
		sign(t, one)
		unverified(t, other)
		sign(t, other)
		closed(t, first)
		sign(t, other)
		closed(t, second)
		d.Remove(0)
		works(t, "")
	})
}

func TestForeignCard(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		d.Insert(0, respond(func(context.Context, []byte) ([]byte, error) { return []byte{0x6a, 0x82}, nil }))
		c := open(t, "")
		_, err := card.Open(t.Context(), c)
		want(t, "a card of another kind", err, card.ErrForeignCard)
		closed(t, c)
		d.Remove(0)
		d.Insert(0, newCard(t, card.HBA))
		works(t, "")
	})
}

func TestReset(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		d.Insert(0, newCard(t, card.HBA))
		c := open(t, "")
		defer closed(t, c)
		h := driver(t, c)
		sign(t, h)
		if err := c.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		h = driver(t, c)
		unverified(t, h)
		sign(t, h)
		if !bytes.Equal(c.ATR(), inserted{}.ATR()) {
			t.Errorf("ATR %x after a reset", c.ATR())
		}
		_, err := pcsc.OpenWithin(t.Context(), soon, "")
		want(t, "open a card that was reset by its user", err, pcsc.ErrInUse)
	})
}

// TestLength: whatever the length, the same bytes arrive, both ways.
func TestLength(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		var mu sync.Mutex // the race detector does not see the way through pcscd
		var got []byte
		answer := 0
		d.Insert(0, respond(func(_ context.Context, command []byte) ([]byte, error) {
			mu.Lock()
			defer mu.Unlock()
			got = bytes.Clone(command)
			return append(bytes.Repeat([]byte{0x5a}, answer), 0x90, 0x00), nil
		}))
		c := open(t, "")
		defer closed(t, c)
		for _, sizes := range [][2]int{{0, 0}, {1, 0}, {0, 1}, {255, 256}, {256, 0}, {1000, 0}, {0, 2000}, {1500, 1500}, {60000, 60000}} {
			mu.Lock()
			answer = sizes[1]
			mu.Unlock()
			command, err := card.Command{CLA: 0x80, INS: 0x12, Data: bytes.Repeat([]byte{0xa5}, sizes[0]), Ne: sizes[1]}.Encode()
			if err != nil {
				t.Fatal(err)
			}
			sent := bytes.Clone(command)
			response, err := c.Transmit(t.Context(), command)
			if err != nil {
				t.Fatalf("%v: %v", sizes, err)
			}
			mu.Lock()
			if !bytes.Equal(got, sent) || !bytes.Equal(command, sent) {
				t.Errorf("%v: %d bytes were sent, %d came", sizes, len(sent), len(got))
			}
			mu.Unlock()
			if len(response) != sizes[1]+2 || bytes.Count(response, []byte{0x5a}) != sizes[1] {
				t.Errorf("%v: %d bytes are the answer", sizes, len(response))
			}
		}
		for _, size := range []int{0, 3, 65545} {
			_, err := c.Transmit(t.Context(), make([]byte, size))
			want(t, fmt.Sprint(size, " bytes"), err, pcsc.ErrCommand)
		}
		if _, err := c.Transmit(t.Context(), []byte{0x80, 0x12, 0, 0}); err != nil {
			t.Errorf("after a command of a wrong length: %v", err)
		}
	})
}
