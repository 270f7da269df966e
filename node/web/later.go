package web

import (
	"context"
	"time"
)

// Later is the answer of a method that may take longer than a page: a practice or a relay is asked over the network.
type Later[Out any] struct {
	done chan struct{}
	out  Out
	err  error
}

// AskLater calls a method of the node. The call goes on when the browser has its page or went away, and ends with the server. Pages that show
// what changes are told when the answer is there.
func AskLater[Out any](c *Call, method string, in any) *Later[Out] {
	s := c.server
	l := &Later[Out]{done: make(chan struct{})}
	s.later.Go(func() {
		l.out, l.err = ask[Out](s.ctx, s.cfg.Handlers, method, in)
		close(l.done)
		if s.cfg.Changes != nil {
			s.cfg.Changes.Changed()
		}
	})
	return l
}

// Within waits for the answer for a while, or with 0 not at all. ok says whether it is there.
func (l *Later[Out]) Within(ctx context.Context, patience time.Duration) (out Out, ok bool, err error) {
	select {
	case <-l.done: // also when ctx has ended, or the patience
		return l.out, true, l.err
	default:
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-l.done:
		return l.out, true, l.err
	case <-ctx.Done():
	case <-timer.C:
	}
	return out, false, nil
}
