package patient

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"pieks/card"
	"pieks/gossip"
	"pieks/node/booking"
	"pieks/node/control"
	"pieks/node/network"
)

const (
	// driveEvery: open bookings are taken up again.
	driveEvery = 10 * time.Second
	// driveTimeout covers a draw of the usual length and all steps; what takes longer goes on with the next round.
	driveTimeout = 90 * time.Second
	// drivenAtOnce: one who books for a family has no more under way.
	drivenAtOnce = 8
	// waitMost and waitLeast of what a practice asks to wait for while it draws: half a minute of a ten minute cycle (design.md 7).
	waitMost  = time.Minute
	waitLeast = 250 * time.Millisecond
	// askTimeout covers the dial and one question. A practice that was reached answers within milliseconds.
	askTimeout = 10 * time.Second
	// mailboxRelays keep a booking's mailbox: one may go down.
	mailboxRelays = 2
	// reachTTL: how long the way to a practice is remembered.
	reachTTL = 10 * time.Minute
)

// ErrTokenGone says that a token is not in this node's list.
var ErrTokenGone = errors.New("this appointment is no longer listed: search again")

// bookings are all bookings of this patient and what drives them on.
type bookings struct {
	node *Node

	mu      sync.Mutex
	entries map[booking.BookingID]*entry
	moved   chan struct{} // closed and replaced after each change of an entry
	woken   chan struct{}
}

func openBookings(n *Node) (*bookings, error) {
	entries, err := loadEntries(n.home.Store)
	if err != nil {
		return nil, fmt.Errorf("read bookings: %w", err)
	}
	n.home.Store.Retain(attemptBucket, retainRecord)
	n.home.Store.Retain(roomBucket, retainRoom)
	return &bookings{node: n, entries: entries, moved: make(chan struct{}), woken: make(chan struct{}, 1)}, nil
}

// begin writes a new attempt down. Nothing has been sent yet.
// instead is the booking that it is to take the place of, "" for none.
func (b *bookings) begin(ctx context.Context, tokens []string, instead string) (*entry, error) {
	n := b.node
	if err := n.home.Network.Usable(); err != nil {
		return nil, err
	}
	if err := b.replaceable(instead); err != nil {
		return nil, err
	}
	attempt, err := n.attempt(tokens)
	if err != nil {
		return nil, err
	}
	e := newEntry(attempt)
	e.rec.Instead = instead
	if err := b.save(ctx, e); err != nil {
		return nil, err
	}
	b.mu.Lock()
	b.entries[attempt.ID()] = e
	b.mu.Unlock()
	b.announce() // its mailbox is to be watched
	return e, nil
}

// attempt is one for slots of a sheet or, when the first token is of such, of a practice's own list.
func (n *Node) attempt(tokens []string) (*booking.Attempt, error) {
	if list, ok := n.lists.of(tokens, n.home.Now()); ok {
		return n.ownAttempt(list, tokens)
	}
	var sheet *gossip.Signed
	var ids []gossip.SlotID
	var slots []gossip.Slot
	view := n.pool.View()
	for _, text := range tokens {
		name, err := gossip.ParseTokenName(text)
		if err != nil {
			return nil, err
		}
		found, slot, ok := view.FindToken(name)
		if !ok || !n.home.Now().Before(found.Sheet.ExpiresAt()) {
			return nil, ErrTokenGone
		}
		if sheet != nil && sheet != found {
			return nil, booking.ErrSlots
		}
		sheet, ids, slots = found, append(ids, slot.ID), append(slots, slot)
	}
	if sheet == nil {
		return nil, booking.ErrSlots
	}
	if err := fits(n.home.Network.Policy(), slots); err != nil {
		return nil, err
	}
	return booking.NewAttempt(sheet, ids, n.mailRelays(), n.home.Now())
}

// mailRelays are where a new booking's mailbox is: at this node's relay and one more.
func (n *Node) mailRelays() []string {
	var ids []string
	if relay := n.relay.Load(); relay != nil {
		ids = append(ids, relay.ID.String())
	}
	for _, r := range n.home.Relays("") {
		if len(ids) < mailboxRelays && !n.isMyRelay(r.ID) {
			ids = append(ids, r.ID.String())
		}
	}
	return ids
}

func (b *bookings) get(id booking.BookingID) (*entry, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, ok := b.entries[id]
	return e, ok
}

func (b *bookings) all() []*entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]*entry, 0, len(b.entries))
	for _, e := range b.entries {
		all = append(all, e)
	}
	return all
}

// changes is closed at the next change of any entry.
func (b *bookings) changes() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.moved
}

func (b *bookings) announce() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.moved)
	b.moved = make(chan struct{})
}

func (b *bookings) wake() {
	select {
	case b.woken <- struct{}{}:
	default:
	}
}

// run takes up what is open again and again. A practice that keeps one booking waiting does not hold up the others.
func (b *bookings) run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	atOnce := make(chan struct{}, drivenAtOnce)
	tick := time.NewTicker(driveEvery)
	defer tick.Stop()
	for {
		for _, e := range b.all() {
			if !b.due(e) || !e.tryDrive() {
				continue
			}
			wg.Go(func() {
				defer e.driven()
				select {
				case atOnce <- struct{}{}:
					b.drive(ctx, e)
					<-atOnce
				case <-ctx.Done():
				}
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			b.prune()
		case <-b.woken:
		}
	}
}

// prune forgets what the store's sweeper has deleted.
func (b *bookings) prune() {
	now := uint64(b.node.home.Now().Unix())
	for _, e := range b.all() {
		e.mu.Lock()
		over, id := now >= e.rec.Ends, e.attempt.ID()
		e.mu.Unlock()
		if over {
			b.mu.Lock()
			delete(b.entries, id)
			b.mu.Unlock()
		}
	}
}

// due says whether an entry waits for an answer that this node can ask for.
func (b *bookings) due(e *entry) bool {
	now, usable := b.node.home.Now(), b.node.home.Network.Usable() == nil
	e.mu.Lock()
	defer e.mu.Unlock()
	switch e.attempt.State() {
	case booking.Pending:
		return usable || now.After(e.attempt.Deadline())
	case booking.Offered:
		return usable && e.rec.Consent != nil || now.After(e.attempt.Deadline())
	case booking.Confirmed:
		return true
	case booking.Booked:
		return e.rec.Cancel || e.replaces()
	}
	return false
}

// drive takes an entry as far as it goes now: each step is written down, sent, and its answer written down. The caller has it to itself, by
// tryDrive or startDrive.
func (b *bookings) drive(ctx context.Context, e *entry) {
	ctx, cancel := context.WithTimeout(ctx, driveTimeout)
	defer cancel()
	for ctx.Err() == nil {
		if err := b.replace(ctx, e); err != nil {
			b.node.log.Error("the booking that is replaced stays for now", "err", err)
			return
		}
		before := e.state()
		again, err := b.step(ctx, e)
		if err != nil {
			b.node.log.Info("booking waits", "state", before.String(), "err", err)
		}
		if e.state() != before {
			b.announce()
		}
		if !again {
			return
		}
	}
}

// step sends the next message of an entry and takes the answer. It says whether there is another step to do at once.
func (b *bookings) step(ctx context.Context, e *entry) (again bool, err error) {
	n := b.node
	n.askBundle(ctx)
	next, err := b.next(ctx, e)
	if err != nil || next == nil {
		return false, err
	}
	reply, err := n.ask(ctx, next)
	if err != nil && e.state() == booking.Confirmed {
		reply, err = b.askDesk(ctx, e)
	}
	if next.held {
		return b.stillHeld(ctx, e, reply, err)
	}
	if err != nil {
		left := b.mail(ctx, e, next)
		e.setAway(left != nil, &n.changes)
		return false, errors.Join(err, left)
	}
	e.setAway(false, &n.changes)
	if until, wants := booking.RetryAt(reply); wants {
		pause := until.Sub(n.home.Now())
		if pause > waitMost {
			return false, nil // asked again with the next round
		}
		wait(ctx, max(pause, waitLeast))
		return true, nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	was := e.standing()
	_, err = e.attempt.Take(reply, n.check(), n.home.Now())
	if refutes(err) && e.attempt.Refuse() {
		n.log.Warn("an offer was refused", "err", err)
	}
	e.settle(was, err, n.home.Now())
	if saved := b.save(ctx, e); saved != nil {
		return false, saved
	}
	if saved := e.rememberRooms(ctx, n.home.Store, n.home.Now()); saved != nil {
		return false, saved
	}
	return e.attempt.State() != was.state && !e.attempt.State().Ended(), err
}

// deskGrace: the hold ends by the practice's clock, which may differ from this one (design.md 17).
const deskGrace = 10 * time.Minute

// askDesk asks what became of a confirm when the front that made the offer no longer answers. That the desk knows no booking says
// something only when the hold is over for certain: before, the confirm may still be on its way.
func (b *bookings) askDesk(ctx context.Context, e *entry) ([]byte, error) {
	n, now := b.node, b.node.home.Now()
	q := question{desk: true}
	e.mu.Lock()
	view, offered := e.attempt.View()
	var known bool
	var err error
	q.key, q.sealing, q.relays, known = e.attempt.Desk()
	if known {
		q.msg, err = e.attempt.Order(booking.ActionStatus, now)
	}
	e.mu.Unlock()
	if err != nil || !known || !offered {
		return nil, errors.Join(err, booking.ErrStep)
	}
	reply, err := n.ask(ctx, &q)
	if err != nil {
		return nil, err
	}
	if refusal := booking.RefusalIn(reply); refusal != nil && now.Before(view.Until.Add(deskGrace)) {
		return nil, refusal
	}
	return reply, nil
}

// next is what an entry has to say now, written down before it is said; nil when it waits for its user or for nothing.
func (b *bookings) next(ctx context.Context, e *entry) (*question, error) {
	n, now := b.node, b.node.home.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.expire(now) {
		return nil, b.save(ctx, e)
	}
	if s := e.attempt.State(); n.home.Network.Usable() != nil && (s == booking.Pending || s == booking.Offered) {
		return nil, nil // nothing new while the network file has expired; what was confirmed goes on
	}
	if e.withdraw(n.home.Network.Get()) {
		return nil, b.save(ctx, e)
	}
	var q question
	var err error
	q.key, q.sealing, q.relays = e.attempt.Front()
	switch state := e.attempt.State(); {
	case state == booking.Pending:
		q.msg, err = e.attempt.Request()
	case state == booking.Offered && e.rec.Consent != nil && !e.asked && now.After(e.attempt.Deadline()):
		q.held = true
		q.msg, err = e.attempt.Request()
	case (state == booking.Offered || state == booking.Confirmed) && e.rec.Consent != nil:
		q.msg, err = e.attempt.Confirm(*e.rec.Consent, now)
	case state == booking.Booked && e.rec.Cancel:
		q.key, q.sealing, q.relays, q.desk = e.attempt.Desk()
		q.msg, err = e.attempt.Order(booking.ActionCancel, now)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &q, b.save(ctx, e)
}

// askBundle asks this node's relay for a newer network file. It is asked before each step of a booking: a practice may have been shut out a moment ago, and
// what was not sent to it then need not be regretted.
func (n *Node) askBundle(ctx context.Context) {
	relay := n.relay.Load()
	if relay == nil || !n.reached() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if _, err := network.Fetch(ctx, n.host, relay.ID, n.home.Network); err != nil {
		n.log.Debug("network file not fetched", "err", err)
	}
}

// withdraw takes consent back when the practice that made the offer was shut out meanwhile: no personal data go there.
func (e *entry) withdraw(bundle *network.Bundle) bool {
	view, offered := e.attempt.View()
	if !offered || e.attempt.State() != booking.Offered || e.rec.Consent == nil || !bundle.IsRevoked(view.Licence.Statement.Device) {
		return false
	}
	e.rec.Consent, e.rec.Message, e.rec.Why = nil, card.ErrRevoked.Error(), control.WhyRevoked
	return true
}
