package patient

import (
	"context"
	"encoding/json"

	"pieks/node/booking"
	"pieks/node/control"
)

// erase deletes all that this node has kept, and stops it. What it has left at relays ends there by itself, and what practices know of a visit stays with
// them: so visits to come are to be cancelled first.
func (n *Node) erase(ctx context.Context, in control.EraseRequest) (any, error) {
	if !n.erased.CompareAndSwap(false, true) {
		return nil, nil
	}
	if !in.Anyway && n.awaited() {
		n.erased.Store(false)
		return nil, control.Coded(control.KindConflict, control.CodeVisits, "Visits are booked: cancel them first, or the practices wait in vain.")
	}
	if err := n.home.Erase(); err != nil {
		n.erased.Store(false)
		return nil, err
	}
	n.cancel() // nothing more is sent
	if n.cfg.Stop != nil {
		context.AfterFunc(ctx, n.cfg.Stop) // a request's context ends when it was answered
	}
	return nil, nil
}

// awaited says whether some practice waits for a visit, or will, as far as this node knows. A cancellation that lies at a relay reaches it without this node.
func (n *Node) awaited() bool {
	now := n.home.Now()
	for _, e := range n.bookings.all() {
		e.mu.Lock()
		state, posted := e.attempt.State(), e.leaving() && e.waitsAtRelay()
		toCome := false
		for _, v := range e.attempt.Visits() {
			toCome = toCome || now.Before(v.Start) && v.State != booking.Cancelled && v.State != booking.Attended
		}
		e.mu.Unlock()
		if toCome && (state == booking.Confirmed || state == booking.Booked && !posted) {
			return true
		}
	}
	return false
}

// unlessErased refuses all calls once everything is to be deleted.
func (n *Node) unlessErased(handlers control.Handlers) control.Handlers {
	for name, handle := range handlers {
		if name == control.MethodErase || name == control.MethodStatus {
			continue
		}
		handlers[name] = func(ctx context.Context, in json.RawMessage) (any, error) {
			if n.erased.Load() {
				return nil, control.Errorf(control.KindConflict, "Everything here is being deleted.")
			}
			return handle(ctx, in)
		}
	}
	return handlers
}
