package practice

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip"
	"pieks/gossip/place"
	"pieks/node/admission"
	"pieks/node/booking"
	"pieks/node/host"
	"pieks/node/network"
)

const (
	// circuitsWanted: two relays may go down one after the other without a gap; the third is for the time in between.
	circuitsWanted = 3
	// publishAfter: changes that come together go out together.
	publishAfter = 100 * time.Millisecond
	// publishPause: relays ignore the sheets of a pseudonym that follow each other faster for long (gossip/limits_net.go).
	publishPause = 2 * time.Second
)

// front is the practice under the pseudonym of one epoch.
type front struct {
	standing
	node     *Node
	persona  *persona
	log      *slog.Logger
	host     libhost.Host
	feed     *gossip.ZoneFeed
	circuits *host.Circuits
	postbox  *postbox
	cancel   context.CancelFunc
	wg       sync.WaitGroup
	closers  []func() error
	changed  chan struct{}
	seq      uint64 // of the last sheet; the publisher's own

	// ends answers patients, and server is where it does; nil while nothing may be offered. Both are the conductor's own.
	ends   *booking.Front
	server *booking.Server

	mu      sync.Mutex
	until   time.Time // wanted end of the next sheet; zero: publish no more
	expires time.Time // of the last sheet that went out; zero: none did
}

// openFront starts the front of p. It publishes once it is told until when it shows appointments.
func (n *Node) openFront(ctx context.Context, p *persona) (_ *front, err error) {
	at, err := n.standingOf(p.Epoch, place.PLZ(n.told().PLZ))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	f := &front{
		standing: at, node: n, persona: p,
		log: n.log.With("face", "front"), cancel: cancel, changed: make(chan struct{}, 1),
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.close())
		}
	}()
	pub, _ := p.public()
	if err := n.ledger.BeginEpoch(ctx, p.Epoch, pub); err != nil {
		return nil, fmt.Errorf("begin epoch: %w", err)
	}
	if f.host, err = host.Practice(p.P, n.gate, n.cfg.FrontListen, n.cfg.HolePunch); err != nil {
		return nil, err
	}
	f.closers = append(f.closers, func() error { return host.Close(f.host) })
	if err := f.join(ctx); err != nil {
		return nil, err
	}
	if err := f.serve(ctx); err != nil {
		return nil, err
	}
	f.wg.Add(1)
	go func() {
		defer f.wg.Done()
		f.publishChanges(ctx)
	}()
	return f, nil
}

func (f *front) join(ctx context.Context) error {
	ps, err := gossip.NewPubSub(ctx, f.host, gossip.FrontProfile(), gossip.PubSubOptions{IsRelay: f.node.isRelay, Log: f.log})
	if err != nil {
		return err
	}
	policy := f.node.home.Network.Policy()
	f.feed, err = gossip.JoinPool(ps, policy.Map.Zone(f.region), f.node.validator, f.node.pool, f.log)
	if err != nil {
		return err
	}
	f.closers = append(f.closers, f.feed.Close)
	pools := gossip.ServePool(f.host, gossip.ServeConfig{Shelf: f.shelf, Now: f.node.home.Now, Log: f.log})
	f.closers = append(f.closers, pools.Close)
	return nil
}

// shelf shows relays the pool of the front's zone, and nobody else anything.
func (f *front) shelf(id peer.ID) gossip.Shelf {
	if !f.node.isRelay(id) {
		return gossip.Shelf{View: &gossip.View{}}
	}
	policy := f.node.home.Network.Policy()
	zone := policy.Map.Zone(f.region)
	return gossip.Shelf{
		View: f.node.pool.View(), At: f.node.home.Now(), Relay: true,
		Allowed: func(region string) bool { return policy.Map.Zone(region) == zone },
	}
}

func (f *front) serve(ctx context.Context) (err error) {
	n := f.node
	f.ends, err = booking.NewFront(booking.FrontConfig{
		Ledger: n.ledger, Practice: n.signer(), Epoch: f.persona.Epoch, Key: f.persona.P, Log: f.log,
	})
	if err != nil {
		return err
	}
	f.closers = append(f.closers, func() error { return f.receive(false) })
	if err := f.receive(n.usable() == nil && !f.away); err != nil {
		return err
	}
	f.postbox = (&postbox{
		host: f.host, key: f.persona.P, sealing: f.persona.H, handle: f.handleMail, now: n.home.Now, log: f.log,
		send: func(ctx context.Context, to letter) error { return n.deliver(ctx, f.host, to) },
	}).start(ctx)
	f.closers = append(f.closers, func() error { f.postbox.close(); return nil })
	f.circuits, err = host.KeepCircuits(f.host, host.CircuitsConfig{
		Relays: func() []peer.AddrInfo { return n.home.Relays(n.home.Network.Policy().Map.Zone(f.region)) },
		Want:   circuitsWanted,
		Admit:  f.admit,
		Reserved: func(relay peer.ID) {
			f.reserved(ctx, relay)
		},
		Lost: func(relay peer.ID) { f.postbox.shut(relay); f.publishSoon(); n.changes.Changed() },
		Log:  f.log,
	})
	if err != nil {
		return err
	}
	f.closers = append(f.closers, func() error { f.circuits.Close(); return nil })
	return nil
}

// receive has patients answered on streams, or not: not while nothing new may be given out.
func (f *front) receive(open bool) (err error) {
	switch {
	case open && f.server == nil:
		f.server = f.ends.Listen(f.host, nil)
	case !open && f.server != nil:
		err = f.server.Close()
		f.server = nil
	}
	return err
}

// readOnlyAgain: how soon a request in the mailbox is looked at again while nothing may be offered.
const readOnlyAgain = 10 * time.Second

// handleMail answers what comes by mail. While nothing may be offered requests stay where they are; what was offered before may
// still be confirmed.
func (f *front) handleMail(ctx context.Context, msg []byte) (booking.Mailed, error) {
	if f.node.usable() != nil || f.away {
		if m, err := booking.Decode(msg); err == nil && m.Kind == booking.KindRequest {
			return booking.Mailed{RetryAt: f.node.home.Now().Add(readOnlyAgain)}, nil
		}
	}
	return f.ends.HandleMail(ctx, msg)
}

// admit shows the pass to a relay, which then takes this host's subscription and reservation.
func (f *front) admit(ctx context.Context, relay peer.ID) error {
	reply, err := admission.HelloFront(ctx, f.host, relay, f.region, f.persona.Pass)
	if err != nil {
		return err
	}
	if b := f.node.home.Network.Get(); b != nil && reply.Bundle > b.Number {
		_, err = network.Fetch(ctx, f.host, relay, f.node.home.Network)
	}
	return err
}

func (f *front) reserved(ctx context.Context, relay peer.ID) {
	f.postbox.open(ctx, relay)
	f.node.changes.Changed()
	if err := f.feed.Announce(); err != nil {
		f.log.Debug("pool topic not announced", "err", err)
	}
	f.wg.Add(1)
	go func() {
		defer f.wg.Done()
		if _, err := gossip.SyncAll(ctx, f.host, relay, f.node.pool, f.node.validator); err != nil {
			f.log.Debug("pool not synced", "err", err)
		}
		f.publishSoon()
	}()
}

// show has the front publish sheets that end at until; the zero time ends publishing.
func (f *front) show(until time.Time) {
	f.mu.Lock()
	again := !f.until.Equal(until) || f.ending(until)
	f.until = until
	f.mu.Unlock()
	if again {
		f.publishSoon()
	}
}

// ending says that the last sheet expires within two cycles although appointments are to be shown for longer: no sheet may live
// as long as a front does.
func (f *front) ending(until time.Time) bool {
	soon := f.node.home.Now().Add(2 * f.node.rules().Cycle)
	return !f.expires.IsZero() && f.expires.Before(until) && f.expires.Before(soon)
}

func (f *front) publishSoon() {
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

func (f *front) publishChanges(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.changed:
		}
		wait(ctx, publishAfter)
		if err := f.publish(ctx); err != nil && ctx.Err() == nil {
			f.log.Warn("appointments not published yet", "err", err)
			wait(ctx, publishPause)
			f.publishSoon()
		}
		wait(ctx, publishPause)
	}
}

// publish signs the list of open appointments as it is now and sends it to the relays. While nothing may be offered nothing
// goes out; the conductor has it published again when there is a newer network file or enrolment.
func (f *front) publish(ctx context.Context) error {
	n, now := f.node, f.node.home.Now()
	if n.usable() != nil {
		return nil
	}
	f.mu.Lock()
	until, last := f.until, f.expires
	f.mu.Unlock()
	relays := f.circuits.Reserved()
	slots, err := n.ledger.Slots(f.persona.Epoch)
	if err != nil {
		return err
	}
	if f.away {
		slots = nil // and what was shown here before is taken back
	}
	if until.IsZero() || len(relays) == 0 || (len(slots) == 0 && last.IsZero() && !f.away) {
		return nil // nothing to show yet, or nobody to show it
	}
	if err := n.ledger.Published(ctx, f.persona.Epoch, slots, now); err != nil {
		return err
	}
	// Of the second that the sheet will name, or it could live a tick too long.
	expires := n.home.Network.Policy().Rules.SheetExpiry(now.Truncate(time.Second), until, f.persona.Epoch)
	if expires.Before(last) {
		expires = last // a life never gets shorter, see gossip.Sheet
	}
	signed, err := f.sign(slots, relays, now, expires)
	if err != nil {
		return err
	}
	f.mu.Lock()
	f.expires = expires // before it leaves: from then on somebody may ask for what it shows
	f.mu.Unlock()
	err = f.feed.Publish(ctx, signed)
	n.changes.Changed()
	return err
}

// sign makes the next sheet of this pseudonym.
func (f *front) sign(slots []gossip.Slot, relays []peer.ID, now, expires time.Time) (*gossip.Signed, error) {
	f.seq = max(f.seq+1, f.knownSeq()+1, uint64(now.UnixMilli()))
	sheet := gossip.Sheet{
		Version: gossip.SheetVersion, Pass: f.persona.Pass, Area: f.area, Seq: f.seq,
		Issued: uint64(now.Unix()), Expires: uint64(expires.Unix()), Slots: slots,
	}
	for _, id := range relays[:min(len(relays), gossip.MaxRelays)] {
		sheet.Relays = append(sheet.Relays, id.String())
	}
	signed, err := gossip.SignSheet(sheet, f.persona.P)
	if err != nil {
		return nil, err
	}
	signed.Region = f.region
	return signed, nil
}

// knownSeq is the number of this pseudonym's newest sheet that the network knows: after a restart it is above ours.
func (f *front) knownSeq() uint64 {
	if known, ok := f.node.pool.Lookup([32]byte(f.persona.P.Public().(ed25519.PublicKey))); ok {
		return known.Sheet.Seq
	}
	return 0
}

// shownUntil is when the last sheet that went out expires.
func (f *front) shownUntil() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.expires
}

func (f *front) close() error {
	f.cancel()
	var errs error
	for i := len(f.closers) - 1; i >= 0; i-- {
		errs = errors.Join(errs, f.closers[i]())
	}
	f.wg.Wait()
	return errs
}
