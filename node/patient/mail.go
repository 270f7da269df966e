package patient

import (
	"context"
	"crypto/ed25519"
	"maps"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/node/booking"
	"pieks/node/host"
	"pieks/node/mailbox"
)

const (
	// watchAgain: how soon a watch that ended is opened again.
	watchAgain = 2 * time.Second
	// watchAtOnce: what a relay takes on one stream (package mailbox). Nobody has more bookings open; who has is served in turn.
	watchAtOnce = 64
	// elsewhereEvery: mailboxes at relays that this node is not client of are looked into now and then.
	elsewhereEvery = time.Minute
)

// letterbox is a mailbox in which a practice may answer.
type letterbox struct {
	key    ed25519.PrivateKey
	relays []string                                          // that keep it
	take   func(ctx context.Context, mail mailbox.Mail) bool // whether the relay may forget it
}

// letterboxes are those of all open bookings and check-ins.
func (n *Node) letterboxes() map[mailbox.BoxID]letterbox {
	boxes := n.bookings.letterboxes()
	maps.Copy(boxes, n.checkins.letterboxes())
	return boxes
}

// readMail watches all mailboxes at the node's relay on one stream, and looks into those at other relays.
func (n *Node) readMail(ctx context.Context) {
	for ctx.Err() == nil {
		changed, relay, more, others := n.relayChange(), n.relay.Load(), n.bookings.changes(), n.checkins.changes()
		boxes := n.letterboxes()
		if relay == nil || len(boxes) == 0 {
			timer := time.NewTimer(elsewhereEvery)
			select {
			case <-ctx.Done():
			case <-changed:
			case <-more:
			case <-others:
			case <-timer.C:
				n.fetchElsewhere(ctx)
			}
			timer.Stop()
			continue
		}
		n.fetchElsewhere(ctx)
		n.watchMail(ctx, relay.ID, boxes, changed)
		wait(ctx, watchAgain)
	}
}

// watchMail takes what the relay pushes until the relay or the set of boxes changes.
func (n *Node) watchMail(ctx context.Context, relay peer.ID, boxes map[mailbox.BoxID]letterbox, changed <-chan struct{}) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var private []ed25519.PrivateKey
	for _, box := range boxes {
		if len(private) < watchAtOnce {
			private = append(private, box.key)
		}
	}
	w, err := mailbox.Watch(ctx, n.host, relay, private...)
	if err != nil {
		n.log.Debug("mailbox not watched", "err", err)
		return
	}
	defer w.Close()
	elsewhere := time.NewTicker(elsewhereEvery)
	defer elsewhere.Stop()
	same := func(x, y letterbox) bool { return x.key.Equal(y.key) }
	for {
		more, others := n.bookings.changes(), n.checkins.changes()
		if !maps.EqualFunc(n.letterboxes(), boxes, same) {
			return // watch all of them anew
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
			return
		case <-more:
		case <-others:
		case <-elsewhere.C:
			n.fetchElsewhere(ctx)
		case mail, open := <-w.Mail():
			if !open {
				return
			}
			if box, ok := boxes[mail.Box]; ok && box.take(ctx, mail) {
				if err := w.Delete(ctx, box.key, mail.ID); err != nil {
					n.log.Debug("read mail stays at the relay", "err", err)
				}
			}
		}
	}
}

// letterboxes are the mailboxes in which an answer or a notice may come.
func (b *bookings) letterboxes() map[mailbox.BoxID]letterbox {
	boxes := map[mailbox.BoxID]letterbox{}
	for _, e := range b.all() {
		e.mu.Lock()
		if e.listens(b.node.home.Now()) {
			key := e.attempt.Box()
			boxes[mailbox.BoxID(key.Public().(ed25519.PublicKey))] = letterbox{
				key: key, relays: e.attempt.Relays(), take: func(ctx context.Context, mail mailbox.Mail) bool { return b.take(ctx, e, mail) },
			}
		}
		e.mu.Unlock()
	}
	return boxes
}

// listenAfter is how long a mailbox is watched once its booking is cancelled: a practice takes its own cancellation back within ten minutes, and a relay keeps
// what it says for three days (design.md 10).
const listenAfter = 72 * time.Hour

// listens says whether an answer or a notice may still come. Call it with the entry's mutex held.
func (e *entry) listens(now time.Time) bool {
	if e.attempt.State() == booking.Cancelled {
		return now.Before(time.Unix(int64(e.rec.Over), 0).Add(listenAfter))
	}
	return !e.attempt.State().Ended()
}

// take reads one envelope into its booking and says whether the relay may forget it.
func (b *bookings) take(ctx context.Context, e *entry, mail mailbox.Mail) bool {
	n := b.node
	msg, err := mailbox.OpenEnvelope(mail.Box, e.attempt.Sealing(), mail.Envelope)
	if err != nil {
		return true // not for this booking: whoever left it
	}
	if q := e.declines(msg); q != nil {
		b.giveBack(ctx, q)
		return true
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	was := e.standing()
	_, err = e.attempt.Take(msg, n.check(), n.home.Now())
	e.settle(was, err, n.home.Now())
	if err != nil {
		n.log.Debug("mail changes nothing", "err", err)
	}
	err = b.save(ctx, e)
	if err == nil {
		err = e.rememberRooms(ctx, n.home.Store, n.home.Now())
	}
	if err != nil {
		n.log.Error("booking not written down", "err", err)
		return false
	}
	b.announce()
	b.wake()
	return true
}

// fetchElsewhere looks into mailboxes at relays that this node is not client of, one short visit each.
func (n *Node) fetchElsewhere(ctx context.Context) {
	at := map[string][]letterbox{}
	for _, box := range n.letterboxes() {
		for _, relay := range box.relays {
			at[relay] = append(at[relay], box)
		}
	}
	for relay, boxes := range at {
		infos := n.home.RelayInfos([]string{relay})
		if len(infos) == 0 || n.isMyRelay(infos[0].ID) || ctx.Err() != nil {
			continue
		}
		n.fetchAt(ctx, infos[0], boxes)
	}
}

func (n *Node) fetchAt(ctx context.Context, relay peer.AddrInfo, boxes []letterbox) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	defer n.visit([]peer.AddrInfo{relay})()
	if err := host.Connect(ctx, n.host, relay); err != nil {
		return
	}
	for _, box := range boxes {
		mails, err := mailbox.Fetch(ctx, n.host, relay.ID, box.key)
		if err != nil {
			return
		}
		for _, mail := range mails {
			if box.take(ctx, mail) {
				_ = mailbox.Delete(ctx, n.host, relay.ID, box.key, mail.ID)
			}
		}
	}
}
