//go:build pcsc

package pcsc

import (
	"context"
	"time"
)

// stack is the PC/SC of this computer, with the longest time that a call may take.
type stack struct{ limit time.Duration }

var system = stack{limit: callLimit}

// lanes hold a number for each call that may run.
var lanes = make(chan int, maxCalls)

func init() {
	for lane := range maxCalls {
		lanes <- lane
	}
}

// call runs a blocking call in a goroutine of its own, until ctx ends or the limit is over. Then the caller is gone (left): interrupt is
// started, which may do what ends the call, and once it has ended abandoned cleans up.
func (s stack) call(ctx context.Context, do func(lane int) error, interrupt, abandoned func()) (left bool, err error) {
	timer := time.NewTimer(s.limit)
	defer timer.Stop()
	return bounded(ctx, timer.C, do, interrupt, abandoned)
}

// bounded is call with an end of one's own; nil is none.
func bounded(ctx context.Context, end <-chan time.Time, do func(lane int) error, interrupt, abandoned func()) (left bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	var lane int
	select {
	case lane = <-lanes:
	case <-ctx.Done():
		return false, ctx.Err()
	case <-end:
		return false, ErrHung
	}
	done, gone := make(chan error), make(chan struct{})
	go func() {
		err := do(lane)
		select {
		case done <- err:
		case <-gone:
			abandoned()
		}
		lanes <- lane
	}()
	select {
	case err := <-done:
		return false, err
	case <-ctx.Done():
		err = ctx.Err()
	case <-end:
		err = ErrHung
	}
	close(gone)
	go interrupt()
	return true, err
}

func nothing() {}
