package patient

import (
	"context"
	"fmt"

	"pieks/node/booking"
	"pieks/node/control"
)

// A patient moves a visit by booking another one first. The old booking is cancelled once the new one is booked for certain, and not before: whatever
// happens in between, one of the two stands.

// replaceable refuses a booking that none can take the place of.
func (b *bookings) replaceable(id string) error {
	if id == "" {
		return nil
	}
	old, err := b.node.find(id)
	if err != nil {
		return err
	}
	old.mu.Lock()
	defer old.mu.Unlock()
	if old.attempt.State() != booking.Booked || old.rec.Cancel {
		return control.Coded(control.KindConflict, control.CodeState, "Only a booked appointment can be exchanged for another one; this one is %s.", old.attempt.State())
	}
	return nil
}

// replaces says that another booking is still to be told to go. It stays when its user does not want the new one any more. Call it with the entry's mutex held.
func (e *entry) replaces() bool {
	return e.attempt.State() == booking.Booked && e.rec.Instead != "" && !e.rec.Replaced && !e.rec.Cancel
}

// replace has the booking cancelled that e takes the place of. That it was told to go is written down after it was: a crash in between tells it again.
func (b *bookings) replace(ctx context.Context, e *entry) error {
	e.mu.Lock()
	due, id := e.replaces(), e.rec.Instead
	e.mu.Unlock()
	if !due {
		return nil
	}
	if old, err := b.node.find(id); err == nil {
		if err := b.leave(ctx, old); err != nil {
			return fmt.Errorf("cancel the booking that is replaced: %w", err)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.rec.Replaced = true
	if err := b.save(ctx, e); err != nil {
		e.rec.Replaced = false
		return err
	}
	b.wake()
	return nil
}

// leave writes down that its user does not want a booking any more. What is cancelled or over is left as it is.
func (b *bookings) leave(ctx context.Context, e *entry) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	state := e.attempt.State()
	if e.rec.Cancel || state != booking.Booked && state != booking.Confirmed {
		return nil
	}
	before := e.rec
	e.rec.Cancel = true
	if state == booking.Booked {
		e.rec.Mailed = 0
	}
	if err := b.save(ctx, e); err != nil {
		e.rec = before
		return err
	}
	return nil
}
