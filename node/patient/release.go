package patient

import (
	"context"
	"time"

	"pieks/node/booking"
	"pieks/node/control"
)

// releaseTimeout: who goes back does not wait for it, and a hold that is not given back ends by itself.
const releaseTimeout = 2 * time.Second

// stillHeld reads what a practice says, past the end of a hold by this node's clock, to the same request again. Only when it makes the same offer again are
// the patient's data sent: the two clocks may differ (design.md 17). Who cannot be asked has not heard of the patient, and the hold counts as over.
func (b *bookings) stillHeld(ctx context.Context, e *entry, reply []byte, failed error) (again bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if ctx.Err() != nil {
		return false, ctx.Err() // nobody waited for the answer
	}
	if failed == nil {
		m, err := booking.Decode(reply)
		if err != nil {
			return false, err
		}
		if m.Kind == booking.KindOffer {
			e.asked = true
			return true, nil
		}
		if refused := booking.RefusalIn(reply); refused != nil && (refused.Reason == booking.ReasonBusy || refused.Reason == booking.ReasonWait) {
			return false, refused
		}
	}
	was := e.standing()
	if e.attempt.Lapse() {
		e.settle(was, booking.ErrExpired, b.node.home.Now())
	}
	return false, b.save(ctx, e)
}

// release gives an entry up that was not confirmed, and the hold behind it, if there is one, back to the practice.
func (b *bookings) release(ctx context.Context, e *entry) error {
	e.mu.Lock()
	was := e.attempt.State()
	if !e.attempt.GiveUp() {
		e.mu.Unlock()
		return nil
	}
	e.rec.Consent, e.rec.Message, e.rec.Why, e.rec.Over = nil, "Given back.", control.WhyReleased, uint64(b.node.home.Now().Unix())
	err := b.save(ctx, e)
	var q question
	q.key, q.sealing, q.relays = e.attempt.Front()
	var none error
	q.msg, none = e.attempt.ReleaseShown()
	e.mu.Unlock()
	b.announce()
	if err != nil || was != booking.Offered || none != nil {
		return err
	}
	b.giveBack(ctx, &q)
	return nil
}

// declines is the answer to an offer that came by mail for what its user has given up meanwhile; nil when msg is something else.
func (e *entry) declines(msg []byte) *question {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.rec.Why != control.WhyReleased {
		return nil
	}
	var q question
	var err error
	q.key, q.sealing, q.relays = e.attempt.Front()
	if q.msg, err = e.attempt.Release(msg); err != nil {
		return nil
	}
	return &q
}

func (b *bookings) giveBack(ctx context.Context, q *question) {
	ctx, cancel := context.WithTimeout(ctx, releaseTimeout)
	defer cancel()
	if _, err := b.node.ask(ctx, q); err != nil {
		b.node.log.Debug("hold not given back, it ends by itself", "err", err)
	}
}
