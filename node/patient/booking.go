package patient

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip"
	"pieks/node/booking"
	"pieks/node/host"
	"pieks/node/mailbox"
)

const (
	// driveEvery: open bookings are taken up again.
	driveEvery = 10 * time.Second
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
	return &bookings{node: n, entries: entries, moved: make(chan struct{}), woken: make(chan struct{}, 1)}, nil
}

// begin writes a new attempt down. Nothing has been sent yet.
func (b *bookings) begin(ctx context.Context, tokens []string) (*entry, error) {
	n := b.node
	if err := n.home.Network.Usable(); err != nil {
		return nil, err
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
	attempt, err := booking.NewAttempt(sheet, ids, n.mailRelays(), n.home.Now())
	if err != nil {
		return nil, err
	}
	e := &entry{attempt: attempt}
	if err := e.save(ctx, n.home.Store); err != nil {
		return nil, err
	}
	b.mu.Lock()
	b.entries[attempt.ID()] = e
	b.mu.Unlock()
	return e, nil
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

// run takes up what is open again and again, and reads the mailboxes.
func (b *bookings) run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		b.readMail(ctx)
	}()
	defer wg.Wait()
	tick := time.NewTicker(driveEvery)
	defer tick.Stop()
	for {
		for _, e := range b.all() {
			if ctx.Err() == nil && b.due(e) {
				b.drive(ctx, e)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-b.woken:
		}
	}
}

// due says whether an entry waits for an answer that this node can ask for.
func (b *bookings) due(e *entry) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	state := e.attempt.State()
	return (!state.Ended() && state != booking.Booked && state != booking.Offered) ||
		(state == booking.Offered && e.rec.Consent != nil) || (state == booking.Offered && !b.node.home.Now().Before(e.attempt.Deadline())) ||
		(state == booking.Booked && e.rec.Cancel)
}

// drive takes an entry as far as it goes now: each step is written down, sent, and its answer written down.
func (b *bookings) drive(ctx context.Context, e *entry) {
	e.driving.Lock()
	defer e.driving.Unlock()
	for ctx.Err() == nil {
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
	next, err := b.next(ctx, e)
	if err != nil || next == nil {
		return false, err
	}
	reply, err := n.ask(ctx, next)
	if err != nil && e.state() == booking.Confirmed {
		reply, err = b.askDesk(ctx, e)
	}
	if err != nil {
		return false, errors.Join(err, b.mail(ctx, e, next))
	}
	if until, wants := booking.RetryAt(reply); wants {
		wait(ctx, time.Until(until))
		return true, nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	before := e.attempt.State()
	_, err = e.attempt.Take(reply, n.check(), n.home.Now())
	e.settle(err)
	if saved := e.save(ctx, n.home.Store); saved != nil {
		return false, saved
	}
	return e.attempt.State() != before && !e.attempt.State().Ended(), err
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

// question is a message for a practice and the way to it.
type question struct {
	msg     []byte
	desk    bool // for its desk, else for the front that showed the appointment
	key     [32]byte
	sealing [32]byte
	relays  []string
}

// next is what an entry has to say now, written down before it is said; nil when it waits for its user or for nothing.
func (b *bookings) next(ctx context.Context, e *entry) (*question, error) {
	n, now := b.node, b.node.home.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.attempt.Expire(now) {
		return nil, e.save(ctx, n.home.Store)
	}
	var q question
	var err error
	q.key, q.sealing, q.relays = e.attempt.Front()
	switch state := e.attempt.State(); {
	case state == booking.Pending:
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
	return &q, e.save(ctx, n.home.Store)
}

// settle notes for people why an entry ended, and that a cancellation was heard.
func (e *entry) settle(err error) {
	if err != nil && e.attempt.State().Ended() {
		e.rec.Message = err.Error()
	}
	if e.attempt.State() == booking.Cancelled {
		e.rec.Cancel = false
	}
}

// ask says one message to the practice on a stream, through its relays.
func (n *Node) ask(ctx context.Context, q *question) ([]byte, error) {
	id, err := host.PeerID(q.key[:])
	if err != nil {
		return nil, err
	}
	dial := booking.Dial
	if q.desk {
		dial = booking.DialDesk
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	through := n.through(q.relays)
	host.Through(n.host, id, through, reachTTL)
	defer n.leave(id, through)
	talk, err := dial(ctx, n.host, id)
	if err != nil {
		return nil, err
	}
	defer talk.Close()
	return talk.Ask(ctx, q.msg)
}

// through is this node's own relay where the practice is there too, else all relays of the practice.
func (n *Node) through(relays []string) []peer.AddrInfo {
	infos := n.home.RelayInfos(relays)
	for _, info := range infos {
		if n.isMyRelay(info.ID) {
			return []peer.AddrInfo{info}
		}
	}
	return infos
}

// leave ends connections that only served one question: a patient hangs on one relay.
func (n *Node) leave(practice peer.ID, through []peer.AddrInfo) {
	_ = n.host.Network().ClosePeer(practice)
	for _, info := range through {
		if !n.isMyRelay(info.ID) {
			_ = n.host.Network().ClosePeer(info.ID)
		}
	}
}

// mail leaves a message sealed for a practice that does not answer, each kind once.
func (b *bookings) mail(ctx context.Context, e *entry, q *question) error {
	m, err := booking.Decode(q.msg)
	if err != nil || e.mailed() == m.Kind {
		return err
	}
	box := mailbox.BoxID(q.key)
	envelope, err := mailbox.SealEnvelope(box, q.sealing, q.msg)
	if err != nil {
		return err
	}
	n := b.node
	infos := n.home.RelayInfos(q.relays)
	defer n.leave("", infos)
	var reached []peer.ID
	for _, info := range infos {
		dial, cancel := context.WithTimeout(ctx, askTimeout)
		if err := host.Connect(dial, n.host, info); err == nil {
			reached = append(reached, info.ID)
		}
		cancel()
	}
	if len(reached) == 0 {
		return errors.New("no relay of the practice is reachable")
	}
	put, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if _, err := mailbox.Put(put, n.host, reached, box, envelope); err != nil {
		return fmt.Errorf("leave mail for the practice: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.rec.Mailed = m.Kind
	return e.save(ctx, n.home.Store)
}
