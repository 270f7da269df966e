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
	return RunLater(c, func(ctx context.Context) (Out, error) { return ask[Out](ctx, s.cfg.Handlers, method, in) })
}

// RunLater is AskLater for work that takes more than one call, such as a dialogue with a card: see [AskIn] and [Call.Changed].
func RunLater[Out any](c *Call, work func(context.Context) (Out, error)) *Later[Out] {
	s := c.server
	l := &Later[Out]{done: make(chan struct{})}
	s.later.Go(func() {
		l.out, l.err = work(s.ctx)
		close(l.done)
		s.changed()
	})
	return l
}

// AskIn is Ask for work that goes on when the browser has its page.
func AskIn[Out any](ctx context.Context, c *Call, method string, in any) (Out, error) {
	return ask[Out](ctx, c.server.cfg.Handlers, method, in)
}

// Changed tells pages that show what changes that they may look different now. It may be called when the browser has its page.
func (c *Call) Changed() { c.server.changed() }

func (s *Server) changed() {
	if s.cfg.Changes != nil {
		s.cfg.Changes.Changed()
	}
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
