//go:build pcsc

package pcsc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"pieks/card"
	"pieks/card/pcsc"
	"pieks/card/pcsc/pcscd"
)

// selectRoot is a harmless command.
var selectRoot = []byte{0x00, 0xa4, 0x04, 0x0c}

// TestPulled pulls the card between two commands, before pcscd has noticed and after, and while it works on one.
func TestPulled(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		ours := newCard(t, card.HBA)
		for _, pull := range []func(int){d.Pull, d.Remove} {
			d.Insert(0, ours)
			c := open(t, "1")
			h := driver(t, c)
			sign(t, h)
			pull(0)
			for range 2 {
				_, err := h.SignDigest(t.Context(), make([]byte, 32))
				want(t, "sign with a pulled card", err, pcsc.ErrRemoved)
			}
			closed(t, c)
			gone(t, "1")
			_, err := pcsc.Open(t.Context(), "1")
			want(t, "open an empty reader", err, pcsc.ErrNoCard)
			d.Insert(0, ours)
			locked(t, "")
			works(t, "")
			d.Remove(0)
		}

		slow, asked := silent(ours, 4)
		d.Insert(0, slow)
		check := leaks(t)
		c := open(t, "1")
		h := driver(t, c)
		failed := make(chan error)
		go func() {
			_, err := h.Certificate(t.Context())
			failed <- err
		}()
		<-asked
		d.Pull(0)
		want(t, "pulled while it worked", <-failed, pcsc.ErrRemoved)
		closed(t, c)
		check()
		d.Insert(0, ours)
		works(t, "1")
	})
}

// gone waits until pcscd has noticed that a card was pulled.
func gone(t *testing.T, which string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := pcsc.WaitForRemoval(ctx, which); err != nil {
		t.Fatal(err)
	}
}

// there waits until pcscd has noticed a card.
func there(t *testing.T, which string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := pcsc.WaitForCard(ctx, which); err != nil {
		t.Fatal(err)
	}
}

// TestReinsertedIsAnotherCard: a connection never goes on with a card that was pulled and inserted again.
func TestReinsertedIsAnotherCard(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		ours := newCard(t, card.HBA)
		d.Insert(0, ours)
		c := open(t, "")
		sign(t, driver(t, c))
		d.Remove(0)
		d.Insert(0, ours)
		_, err := c.Transmit(t.Context(), selectRoot)
		if !errors.Is(err, pcsc.ErrRemoved) && !errors.Is(err, pcsc.ErrReset) {
			t.Errorf("went on: %v", err)
		}
		_, again := c.Transmit(t.Context(), selectRoot)
		want(t, "and once more", again, err)
		closed(t, c)
		works(t, "")
	})
}

// TestSilentCard never answers: the caller goes on after the limit or when its context ends, and what it leaves behind ends with the card.
func TestSilentCard(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 4, func(t *testing.T, d *pcscd.Daemon) {
		ours := newCard(t, card.HBA)
		d.Insert(2, newCard(t, card.SMCB))
		for _, test := range []struct {
			limit, timeout time.Duration
			wanted         error
		}{{soon, time.Minute, pcsc.ErrHung}, {time.Minute, soon, context.DeadlineExceeded}} {
			slow, asked := silent(ours, 1)
			check := leaks(t)
			d.Insert(0, slow)
			c, err := pcsc.OpenWithin(t.Context(), test.limit, d.Reader(0))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), test.timeout)
			command := append([]byte{}, selectRoot...)
			_, err = c.Transmit(ctx, command)
			clear(command) // a race if it is still read
			cancel()
			want(t, "ask a silent card", err, test.wanted)
			<-asked
			_, err = c.Transmit(t.Context(), selectRoot)
			want(t, "ask it again", err, test.wanted)
			closed(t, c)
			works(t, d.Reader(2))
			_, err = pcsc.OpenWithin(t.Context(), soon, d.Reader(0))
			want(t, "open a card that hangs", err, pcsc.ErrHung) // it is not another program that has it
			d.Pull(0)
			gone(t, d.Reader(0))
			check()
			d.Insert(0, ours)
			locked(t, d.Reader(0))
			works(t, d.Reader(0))
			d.Remove(0)
		}
	})
}

// TestCancelledBefore: a context that has ended sends nothing and ends nothing.
func TestCancelledBefore(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		d.Insert(0, newCard(t, card.HBA))
		c := open(t, "")
		defer closed(t, c)
		over, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := c.Transmit(over, selectRoot)
		want(t, "transmit", err, context.Canceled)
		want(t, "reset", c.Reset(over), context.Canceled)
		sign(t, driver(t, c))
		_, err = pcsc.Open(over, "")
		want(t, "open", err, context.Canceled)
		_, err = pcsc.Readers(over)
		want(t, "list", err, context.Canceled)
	})
}

// TestMuteCard: a card that is there but gives no answer to reset that a reader takes, as one inserted upside down.
func TestMuteCard(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		conn, err := net.Dial("tcp", d.Addr(0))
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for frame := make([]byte, 3); ; {
				if _, err := io.ReadFull(conn, frame); err != nil {
					return
				}
				if frame[2] == 4 { // get ATR: 40 bytes, which no card has
					if _, err := conn.Write(append([]byte{0, 40}, make([]byte, 40)...)); err != nil {
						return
					}
				}
			}
		}()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		r, err := pcsc.WaitForCard(ctx, "1")
		if err != nil || r.State != pcsc.Mute && r.State != pcsc.Present {
			t.Errorf("%+v %v", r, err)
		}
		_, err = pcsc.Open(t.Context(), "1")
		want(t, "open a mute card", err, pcsc.ErrMute)
		if readers, err := pcsc.Readers(t.Context()); err != nil || readers[0].State != pcsc.Mute {
			t.Errorf("%+v %v", readers, err)
		}
		conn.Close()
		<-ended
		gone(t, "1")
		d.Insert(0, newCard(t, card.HBA))
		works(t, "1")
	})
}

// TestServiceStopped stops pcscd under a connection, and starts it again.
func TestServiceStopped(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		d.Insert(0, newCard(t, card.HBA))
		c := open(t, "")
		h := driver(t, c)
		sign(t, h)
		d.Stop()
		_, err := c.Transmit(t.Context(), selectRoot)
		want(t, "transmit", err, pcsc.ErrNoService)
		closed(t, c)
		_, err = pcsc.Open(t.Context(), "")
		want(t, "open", err, pcsc.ErrNoService)
		_, err = pcsc.Readers(t.Context())
		want(t, "list", err, pcsc.ErrNoService)
		_, err = pcsc.WaitForCard(t.Context(), "")
		want(t, "wait", err, pcsc.ErrNoService)
		d.Start()
		there(t, "")
		locked(t, "")
		works(t, "")

		c = open(t, "")
		sign(t, driver(t, c))
		d.Stop()
		d.Start()
		_, err = c.Transmit(t.Context(), selectRoot)
		if !errors.Is(err, pcsc.ErrLost) && !errors.Is(err, pcsc.ErrNoService) {
			t.Errorf("transmit to the pcscd before: %v", err)
		}
		closed(t, c)
		there(t, "")
		locked(t, "")
	})
}

// TestServiceFrozen: pcscd is there and does not answer, to more callers than may wait for it.
func TestServiceFrozen(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		d.Insert(0, newCard(t, card.HBA))
		c, err := pcsc.OpenWithin(t.Context(), soon, "")
		if err != nil {
			t.Fatal(err)
		}
		check := leaks(t)
		d.Freeze()
		_, err = c.Transmit(t.Context(), selectRoot)
		want(t, "transmit", err, pcsc.ErrHung)
		closed(t, c)
		const callers = pcsc.MaxCalls + 8
		failed := make(chan error, callers)
		for range callers {
			go func() {
				_, err := pcsc.ReadersWithin(t.Context(), soon)
				failed <- err
			}()
		}
		for i := range callers {
			want(t, fmt.Sprint("caller ", i), <-failed, pcsc.ErrHung)
		}
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		defer cancel()
		_, err = pcsc.WaitForCard(ctx, "")
		want(t, "wait", err, context.DeadlineExceeded)
		d.Thaw()
		check()
		locked(t, "")
		works(t, "")
	})
}

// TestClosedAfterPull: closing is no error when the card is gone, whether pcscd has noticed or not, and the next card is seen.
func TestClosedAfterPull(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		ours := newCard(t, card.HBA)
		for _, pull := range []func(int){d.Pull, d.Remove} {
			d.Insert(0, ours)
			c := open(t, "1")
			sign(t, driver(t, c))
			pull(0)
			closed(t, c)
			d.Insert(0, ours)
			locked(t, "1")
			works(t, "1")
			d.Pull(0)
		}
	})
}
