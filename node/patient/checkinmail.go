package patient

import (
	"context"
	"crypto/ed25519"
	"time"

	"pieks/node/checkin"
	"pieks/node/control"
	"pieks/node/mailbox"
)

// goOn does what is due for an entry. The caller has its turn.
func (c *checkins) goOn(ctx context.Context, e *checkinEntry) {
	n := c.node
	now := n.home.Now()
	if e.reading != nil && now.Sub(e.reading.begun).Abs() >= sessionWithin {
		c.endReading(e)
	}
	r := e.look()
	if r.State != control.CheckinStatePending {
		return
	}
	if r.late(now) {
		c.giveUp(ctx, e, now)
		return
	}
	if n.home.Network.Usable() != nil && r.Via == viaMesh {
		return
	}
	if err := c.post(ctx, e); err != nil && ctx.Err() == nil {
		n.log.Debug("a check-in is not posted yet", "err", err)
	}
	if !e.asked.IsZero() && now.Sub(e.asked).Abs() < askPendingEvery {
		return
	}
	c.askHow(ctx, e)
}

// giveUp ends what waited too long (A_28503, T28).
func (c *checkins) giveUp(ctx context.Context, e *checkinEntry, now time.Time) {
	if err := c.change(ctx, e, func(r *checkinRecord) { r.expire(now) }); err != nil && ctx.Err() == nil {
		c.node.log.Error("check-in not given up", "err", err)
	}
}

// askHow asks whoever decides how a pending check-in stands. The caller has its turn.
func (c *checkins) askHow(ctx context.Context, e *checkinEntry) {
	e.asked = c.node.home.Now()
	ask := c.askDesk
	if e.look().Via == viaService {
		ask = c.askService
	}
	if err := ask(ctx, e); err != nil && ctx.Err() == nil {
		c.node.log.Debug("no news of a check-in", "err", err)
	}
}

// letterboxes are the mailboxes of check-ins in which the practice may say what became of them.
func (c *checkins) letterboxes() map[mailbox.BoxID]letterbox {
	boxes := map[mailbox.BoxID]letterbox{}
	for _, e := range c.all() {
		e.mu.Lock()
		attempt, listens := e.attempt, e.rec.listens(c.node.home.Now())
		e.mu.Unlock()
		if attempt != nil && listens {
			key := attempt.Box()
			boxes[mailbox.BoxID(key.Public().(ed25519.PublicKey))] = letterbox{
				key: key, relays: attempt.Relays(), take: func(ctx context.Context, mail mailbox.Mail) bool { return c.take(ctx, e, attempt, mail) },
			}
		}
	}
	return boxes
}

// take reads one envelope and says whether the relay may forget it.
func (c *checkins) take(ctx context.Context, e *checkinEntry, attempt *checkin.Attempt, mail mailbox.Mail) bool {
	msg, err := mailbox.OpenEnvelope(mail.Box, attempt.Sealing(), mail.Envelope)
	if err != nil {
		return true // not for this check-in: whoever left it
	}
	o, err := attempt.Take(msg)
	if err != nil {
		c.node.log.Debug("mail changes nothing", "err", err)
		return true
	}
	if err := c.hear(ctx, e, o); err != nil {
		c.node.log.Error("check-in not written down", "err", err)
		return false
	}
	return true
}
