//go:build pcsc

package pcsc_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"pieks/card"
	"pieks/card/pcsc"
	"pieks/card/pcsc/pcscd"
)

// begun is a context that tells when a wait has begun: a listing asks for its end twice, what comes next is the wait for a change.
type begun struct {
	context.Context
	asked   atomic.Int32
	waiting chan struct{}
}

func (b *begun) Done() <-chan struct{} {
	if b.asked.Add(1) == 4 {
		close(b.waiting)
	}
	return b.Context.Done()
}

// waits starts a wait and returns when it has looked at all readers in vain; then over gives what it says at last.
func waits[T any](t *testing.T, wait func(ctx context.Context) (T, error)) (over func() (T, error)) {
	t.Helper()
	ctx := &begun{Context: t.Context(), waiting: make(chan struct{})}
	var got T
	done := make(chan error, 1)
	go func() {
		var err error
		got, err = wait(ctx)
		done <- err
	}()
	limit := time.NewTimer(patience)
	select {
	case <-ctx.waiting:
	case err := <-done:
		t.Fatalf("did not wait: %v %v", got, err)
	case <-limit.C:
		t.Fatal("does not begin to wait")
	}
	return func() (T, error) {
		t.Helper()
		defer limit.Stop()
		select {
		case err := <-done:
			return got, err
		case <-limit.C:
			t.Fatal("still waiting")
			return got, nil
		}
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		ours := newCard(t, card.HBA)
		forCard := func(which string) func(context.Context) (pcsc.Reader, error) {
			return func(ctx context.Context) (pcsc.Reader, error) { return pcsc.WaitForCard(ctx, which) }
		}
		forRemoval := func(which string) func(context.Context) (bool, error) {
			return func(ctx context.Context) (bool, error) { return true, pcsc.WaitForRemoval(ctx, which) }
		}
		for _, which := range []string{"", "2", d.Reader(1)} {
			over := waits(t, forCard(which))
			d.Insert(1, ours)
			if r, err := over(); err != nil || r.Name != d.Reader(1) || r.State != pcsc.Present {
				t.Errorf("wait for a card in %q: %+v %v", which, r, err)
			}
			if r, err := pcsc.WaitForCard(t.Context(), which); err != nil || r.Name != d.Reader(1) {
				t.Errorf("a card that is there: %+v %v", r, err)
			}
			gone := waits(t, forRemoval(which))
			d.Remove(1)
			if _, err := gone(); err != nil {
				t.Errorf("wait for removal from %q: %v", which, err)
			}
			if err := pcsc.WaitForRemoval(t.Context(), which); err != nil {
				t.Errorf("a card that is not there: %v", err)
			}
		}
		d.Insert(0, ours)
		d.Insert(1, newCard(t, card.SMCB))
		_, err := pcsc.WaitForCard(t.Context(), "")
		want(t, "wait for one card of two", err, pcsc.ErrSeveralCards)
		_, err = pcsc.WaitForCard(t.Context(), "pieks")
		want(t, "wait for one reader of two", err, pcsc.ErrAmbiguous)
		want(t, "wait for removal from a reader that is not there", pcsc.WaitForRemoval(t.Context(), "3"), pcsc.ErrNoSuchReader)
		all := waits(t, forRemoval(""))
		d.Remove(0)
		d.Remove(1)
		if _, err := all(); err != nil {
			t.Errorf("wait until all cards are pulled: %v", err)
		}
	})
}

// TestWaitEnds: with its context, at once and without leaving anything behind.
func TestWaitEnds(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
		check := leaks(t)
		for _, after := range []time.Duration{0, time.Millisecond, 5 * time.Millisecond, 30 * time.Millisecond, 300 * time.Millisecond} {
			ctx, cancel := context.WithTimeout(t.Context(), after)
			_, err := pcsc.WaitForCard(ctx, "")
			want(t, "wait", err, context.DeadlineExceeded)
			check()
			cancel()
		}
		d.Insert(0, newCard(t, card.HBA))
		check = leaks(t)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		want(t, "wait for removal", pcsc.WaitForRemoval(ctx, ""), context.Canceled)
		check()
	})
}

// TestWaitForReader: the card comes in a reader that is plugged in later, and pcscd is started again meanwhile.
func TestWaitForReader(t *testing.T) {
	t.Parallel()
	pcscd.Run(t, 0, func(t *testing.T, d *pcscd.Daemon) {
		over := waits(t, func(ctx context.Context) (pcsc.Reader, error) { return pcsc.WaitForCard(ctx, "Test A 00 01") })
		d.Plug()
		d.Insert(1, newCard(t, card.HBA))
		if r, err := over(); err != nil || r.Name != d.Reader(1) {
			t.Errorf("a reader that was plugged in: %+v %v", r, err)
		}
		d.Remove(1)
		over = waits(t, func(ctx context.Context) (pcsc.Reader, error) { return pcsc.WaitForCard(ctx, "") })
		d.Stop()
		d.Push(0, newCard(t, card.SMCB))
		d.Start()
		if r, err := over(); err != nil || r.Name != d.Reader(0) {
			t.Errorf("after a new start of pcscd: %+v %v", r, err)
		}
		works(t, "")
	})
}
