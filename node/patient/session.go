package patient

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip"
	"pieks/node/admission"
	"pieks/node/host"
	bundle "pieks/node/network"
)

const (
	// retryFirst and retryLast: another relay is tried at once, and all of them again at growing intervals.
	retryFirst = 250 * time.Millisecond
	retryLast  = 20 * time.Second
	// greetTimeout covers dial, hello and the first sync.
	greetTimeout = 15 * time.Second
	// spread is over how long the patients of a relay come back to it after a tick that went wrong.
	spread = 2 * time.Second
	// reports queue up while a sync is under way; one sync answers them all.
	reportQueue = 16
)

// stayConnected keeps the node client of one relay and goes to another when that one is lost. Without a postcode there is nothing to ask for, and
// no relay hears of this node.
func (n *Node) stayConnected(ctx context.Context) {
	delay := retryFirst
	var lost peer.ID
	for ctx.Err() == nil {
		if n.preferences().PLZ == "" {
			select {
			case <-ctx.Done():
			case <-n.wished:
			}
			continue
		}
		relay, ok := n.choose(lost)
		if !ok {
			wait(ctx, retryLast)
			continue
		}
		began := n.home.Now()
		err := n.session(ctx, relay)
		n.setRelay(nil)
		if ctx.Err() != nil {
			return
		}
		n.log.Info("relay lost", "relay", relay.ID, "err", err)
		lost = relay.ID
		if n.home.Now().Sub(began) > retryLast {
			delay = retryFirst
		}
		wait(ctx, delay)
		delay = min(2*delay, retryLast)
	}
}

// choose draws a relay of the home region, not the one just lost unless it is the only one.
func (n *Node) choose(lost peer.ID) (peer.AddrInfo, bool) {
	zone := ""
	if regions := n.regions(n.preferences().PLZ); len(regions) > 0 {
		zone = n.home.Network.Policy().Map.Zone(regions[0])
	}
	relays := n.home.Relays(zone)
	for _, relay := range relays {
		if relay.ID != lost || len(relays) == 1 {
			return relay, true
		}
	}
	return peer.AddrInfo{}, false
}

func (n *Node) setRelay(relay *peer.AddrInfo) {
	n.relay.Store(relay)
	n.mu.Lock()
	close(n.present)
	n.present = make(chan struct{})
	turned := n.offline.IsZero() != (relay != nil)
	switch {
	case relay != nil:
		n.offline = time.Time{}
	case turned:
		n.offline = n.home.Now()
	}
	n.mu.Unlock()
	if turned {
		n.changes.Changed()
	}
}

// offlineSince is since when no relay is reached; zero when one is, or when none is wanted.
func (n *Node) offlineSince() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.offline
}

// relayChange is closed at the next change of the relay.
func (n *Node) relayChange() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.present
}

// session is client of relay until it is lost or ctx ends.
func (n *Node) session(ctx context.Context, relay peer.AddrInfo) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events, err := n.host.EventBus().Subscribe(new(event.EvtPeerConnectednessChanged))
	if err != nil {
		return err
	}
	defer events.Close()
	// Gossip is spoken with the relay only if it is known as such before it connects.
	_ = n.host.Network().ClosePeer(relay.ID)
	n.relay.Store(&relay)
	defer func() {
		n.host.ConnManager().Unprotect(relay.ID, "relay")
		_ = n.host.Network().ClosePeer(relay.ID)
	}()
	s := &session{node: n, relay: relay.ID, reports: make(chan gossip.Report, reportQueue)}
	if err := s.begin(ctx, relay); err != nil {
		return err
	}
	defer s.listener.Close()
	n.setRelay(&relay)
	return s.follow(ctx, events)
}

// session is the node as client of one relay.
type session struct {
	node     *Node
	relay    peer.ID
	listener *gossip.Listener
	reports  chan gossip.Report
	moving   moving
}

func (s *session) begin(ctx context.Context, relay peer.AddrInfo) error {
	n := s.node
	ctx, cancel := context.WithTimeout(ctx, greetTimeout)
	defer cancel()
	if err := host.Connect(ctx, n.host, relay); err != nil {
		return err
	}
	n.host.ConnManager().Protect(relay.ID, "relay")
	if err := n.change(ctx, func(*preferences) {}); err != nil { // a postcode that came into force meanwhile
		return err
	}
	var err error
	s.listener, err = gossip.Listen(gossip.ListenConfig{
		PubSub: n.pubsub, Relay: relay.ID, Pool: n.pool, Validator: n.validator, Policy: n.home.Network.Policy,
		Report: s.report, Now: n.home.Now, Log: n.log,
	})
	if err != nil {
		return err
	}
	if err := s.greet(ctx, n.preferences().PLZ); err != nil {
		return errors.Join(err, s.listener.Close())
	}
	s.sync(ctx)
	return nil
}

// hello asks the relay for the regions around a postcode. The relay hears regions, never the postcode.
func (s *session) hello(ctx context.Context, plz string) (*admission.Reply, error) {
	n := s.node
	regions := n.regions(plz)
	if len(regions) == 0 {
		return nil, errors.New("no region of this network has the postcode")
	}
	reply, err := admission.HelloClient(ctx, n.host, s.relay, regions[0], regions[1:])
	if err != nil {
		return nil, err
	}
	s.moving.regions = regions
	if b := n.home.Network.Get(); reply.Bundle > b.Number {
		if _, err := bundle.Fetch(ctx, n.host, s.relay, n.home.Network); err != nil {
			n.log.Debug("network file not fetched", "err", err)
		}
	}
	return reply, nil
}

func (s *session) report(r gossip.Report) {
	if r.State == gossip.InStep {
		s.node.listing.renew(s.node.home.Now(), r.Region)
		return
	}
	select {
	case s.reports <- r:
	default:
	}
}

// follow reacts to gaps, to a new postcode, and to the end of the connection.
func (s *session) follow(ctx context.Context, events event.Subscription) error {
	n := s.node
	move := time.NewTimer(s.untilMove())
	defer move.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e := <-events.Out():
			change, ok := e.(event.EvtPeerConnectednessChanged)
			if ok && change.Peer == s.relay && change.Connectedness == network.NotConnected {
				return errors.New("connection ended")
			}
		case r := <-s.reports:
			if err := s.catchUp(ctx, r); err != nil {
				return err
			}
		case <-n.wished:
			s.moving.asked, s.moving.failed = "", time.Time{}
			if err := s.widen(ctx); err != nil {
				return err
			}
		case <-move.C:
			if err := s.move(ctx); err != nil {
				return err
			}
		}
		move.Reset(s.untilMove())
	}
}

// catchUp fetches what a cycle lacked.
func (s *session) catchUp(ctx context.Context, r gossip.Report) error {
	wait(ctx, rand.N(spread)) // all patients of a relay hear of a gap at the same moment
	s.drain()
	if r.State == gossip.Silent {
		// The relay may have restarted and forgotten who asks.
		if err := errors.Join(s.greet(ctx, s.node.preferences().PLZ), s.listener.Announce()); err != nil {
			return err
		}
	}
	s.sync(ctx)
	return nil
}

func (s *session) drain() {
	for {
		select {
		case <-s.reports:
		default:
			return
		}
	}
}

// sync fetches what the pool lacks of the regions that the relay shows.
func (s *session) sync(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, greetTimeout)
	defer cancel()
	if err := s.node.syncWith(ctx, s.relay); err != nil {
		s.node.log.Debug("pool not synced", "err", err)
	}
}

// syncWith fetches what the pool lacks of the regions that a relay shows, and notes how fresh the list is now.
func (n *Node) syncWith(ctx context.Context, relay peer.ID) error {
	asked := n.home.Now()
	if _, err := gossip.SyncAll(ctx, n.host, relay, n.pool, n.validator); err != nil {
		return err
	}
	n.listing.renew(asked)
	n.changes.Changed()
	return nil
}
