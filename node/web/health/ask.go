package health

import (
	"context"
	"fmt"
	"time"

	"pieks/node/control"
)

// ask calls a method of the node in this process.
func ask[T any](ctx context.Context, handlers control.Handlers, method string) (T, error) {
	var none T
	handler, ok := handlers[method]
	if !ok {
		return none, fmt.Errorf("this node has no method %s", method)
	}
	answer, err := handler(ctx, nil)
	if err != nil {
		return none, err
	}
	got, ok := answer.(T)
	if !ok {
		return none, fmt.Errorf("%s answered with %T", method, answer)
	}
	return got, nil
}

// cached makes an answer at most once in a while, for all who ask.
type cached[T any] struct {
	life time.Duration
	now  func() time.Time
	make func(context.Context) T

	turn   chan struct{} // held by whoever makes or takes the answer
	made   time.Time
	answer T
}

func newCached[T any](life time.Duration, now func() time.Time, make func(context.Context) T) *cached[T] {
	return &cached[T]{life: life, now: now, make: make, turn: newTurn()}
}

func newTurn() chan struct{} { return make(chan struct{}, 1) }

// get waits its turn, unless the asker goes away. The answer is made for all, so it does not end with the one who asked.
func (c *cached[T]) get(ctx context.Context) (answer T, err error) {
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return answer, ctx.Err()
	}
	defer func() { <-c.turn }()
	if now := c.now(); c.made.IsZero() || now.Sub(c.made).Abs() >= c.life {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTimeout)
		defer cancel()
		c.answer, c.made = c.make(ctx), c.now()
	}
	return c.answer, nil
}

// findings are what the node's doctor says, once a minute.
type findings struct {
	list []control.Finding
	err  error
}

// snapshot is all that an answer is made of.
type snapshot struct {
	at        time.Time
	status    control.Status
	statusErr error
	traffic   *control.Traffic // relay
	open      int              // practice: open appointments; -1: not known
	doctor    findings
}

// node asks a node, seldom.
type node struct {
	role     string
	handlers control.Handlers
	now      func() time.Time
	doctor   *cached[findings]
}

func newNode(role string, handlers control.Handlers, now func() time.Time) *node {
	n := &node{role: role, handlers: handlers, now: now}
	n.doctor = newCached(doctorKept, now, func(ctx context.Context) (f findings) {
		f.list, f.err = ask[[]control.Finding](ctx, handlers, control.MethodDoctor)
		return f
	})
	return n
}

func (n *node) look(ctx context.Context) snapshot {
	s := snapshot{at: n.now(), open: -1}
	s.status, s.statusErr = ask[control.Status](ctx, n.handlers, control.MethodStatus)
	if traffic, err := ask[control.Traffic](ctx, n.handlers, control.MethodTraffic); err == nil {
		s.traffic = &traffic
	}
	if appointments, err := ask[[]control.Appointment](ctx, n.handlers, control.MethodSlotsList); err == nil {
		s.open = 0
		for _, a := range appointments {
			if a.State == "open" {
				s.open++
			}
		}
	}
	return s
}
