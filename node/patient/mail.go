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

// readMail watches the mailboxes of all open bookings at the node's relay, and looks into those at other relays.
func (b *bookings) readMail(ctx context.Context) {
	n := b.node
	for ctx.Err() == nil {
		changed, relay, more := n.relayChange(), n.relay.Load(), b.changes()
		keys := b.boxKeys()
		if relay == nil || len(keys) == 0 {
			select {
			case <-ctx.Done():
			case <-changed:
			case <-more:
			case <-time.After(elsewhereEvery):
				b.fetchElsewhere(ctx)
			}
			continue
		}
		b.fetchElsewhere(ctx)
		b.watch(ctx, relay.ID, keys, changed)
		wait(ctx, watchAgain)
	}
}

// watch takes what the relay pushes until the relay or the set of boxes changes.
func (b *bookings) watch(ctx context.Context, relay peer.ID, keys map[mailbox.BoxID]*entry, changed <-chan struct{}) {
	n := b.node
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var private []ed25519.PrivateKey
	for _, e := range keys {
		if len(private) < watchAtOnce {
			private = append(private, e.attempt.Box())
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
	for {
		more := b.changes()
		if !maps.Equal(b.boxKeys(), keys) {
			return // watch all of them anew
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
			return
		case <-more:
		case <-elsewhere.C:
			b.fetchElsewhere(ctx)
		case mail, open := <-w.Mail():
			if !open {
				return
			}
			if e := keys[mail.Box]; e != nil && b.take(ctx, e, mail) {
				if err := w.Delete(ctx, e.attempt.Box(), mail.ID); err != nil {
					n.log.Debug("read mail stays at the relay", "err", err)
				}
			}
		}
	}
}

// boxKeys are the mailboxes in which an answer or a notice may come.
func (b *bookings) boxKeys() map[mailbox.BoxID]*entry {
	keys := map[mailbox.BoxID]*entry{}
	for _, e := range b.all() {
		e.mu.Lock()
		if e.listens(b.node.home.Now()) {
			keys[mailbox.BoxID(e.attempt.Box().Public().(ed25519.PublicKey))] = e
		}
		e.mu.Unlock()
	}
	return keys
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
func (b *bookings) fetchElsewhere(ctx context.Context) {
	n := b.node
	boxes := map[string][]*entry{}
	for _, e := range b.boxKeys() {
		for _, relay := range e.attempt.Relays() {
			boxes[relay] = append(boxes[relay], e)
		}
	}
	for relay, entries := range boxes {
		infos := n.home.RelayInfos([]string{relay})
		if len(infos) == 0 || n.isMyRelay(infos[0].ID) || ctx.Err() != nil {
			continue
		}
		b.visit(ctx, infos[0], entries)
	}
}

func (b *bookings) visit(ctx context.Context, relay peer.AddrInfo, entries []*entry) {
	n := b.node
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	defer n.visit([]peer.AddrInfo{relay})()
	if err := host.Connect(ctx, n.host, relay); err != nil {
		return
	}
	for _, e := range entries {
		key := e.attempt.Box()
		mails, err := mailbox.Fetch(ctx, n.host, relay.ID, key)
		if err != nil {
			return
		}
		for _, mail := range mails {
			if b.take(ctx, e, mail) {
				_ = mailbox.Delete(ctx, n.host, relay.ID, key, mail.ID)
			}
		}
	}
}
