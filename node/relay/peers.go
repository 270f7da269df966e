package relay

import (
	"context"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip"
	"pieks/node/admission"
	"pieks/node/disclosure"
	nodehost "pieks/node/host"
	bundle "pieks/node/network"
)

const (
	// syncEvery: what gossip lost is missing for a minute at most (design.md 6).
	syncEvery = time.Minute
	// dialEvery: a relay that restarts is found again within seconds.
	dialEvery = 3 * time.Second
	// peerTimeout covers dial and sync with one peer; a slow one does not hold up the others for longer.
	peerTimeout = 20 * time.Second
	// listsTimeout: lists of two weeks from a relay that was away.
	listsTimeout = 3 * time.Minute
	// refreshQueue: practices that were admitted at the same moment; for one that does not fit, its next publication counts.
	refreshQueue = 256
)

// run keeps the relay in touch with the other relays and its practices until ctx ends.
func (n *Node) run(ctx context.Context) {
	n.keeper.run(ctx)
	for _, loop := range []func(context.Context){n.dialRelays, n.syncRelays, n.syncAdmitted, n.syncDisclosed, n.judgeDirectory, n.expire, n.watchTraffic} {
		n.wg.Add(1)
		go func() {
			defer n.wg.Done()
			loop(ctx)
		}()
	}
	n.onClose(func() error {
		n.cancel()
		n.wg.Wait()
		n.keeper.wg.Wait()
		return nil
	})
}

// admitted is told by admission of each peer that said who it is.
func (n *Node) admitted(_ context.Context, a admission.Admitted) {
	n.changes.Changed()
	if a.Kind != admission.Client {
		n.closeOlder(a.Peer)
	}
	if a.Kind != admission.Front {
		return
	}
	n.host.ConnManager().Protect(a.Peer, "practice")
	n.mu.Lock()
	n.fronts[a.Peer] = a.Until
	n.mu.Unlock()
	select {
	case n.refresh <- a:
	default:
	}
}

// closeOlder leaves a practice's host its newest connection. After a crash the ones before are dead, QUIC notices that half a minute later
// only, and until then circuits to the practice would go there.
func (n *Node) closeOlder(id peer.ID) {
	conns := n.host.Network().ConnsToPeer(id)
	slices.SortFunc(conns, func(a, b network.Conn) int { return a.Stat().Opened.Compare(b.Stat().Opened) })
	for _, c := range conns[:max(len(conns)-1, 0)] {
		_ = c.Close()
	}
}

// syncAdmitted fetches the sheet of a practice that has just come, in case it was published while nobody listened.
func (n *Node) syncAdmitted(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case a := <-n.refresh:
			n.sync(ctx, a.Peer)
		}
	}
}

// dialRelays connects to the other relays and syncs with each once it is there.
func (n *Node) dialRelays(ctx context.Context) {
	every(ctx, dialEvery, func() {
		for _, relay := range n.others() {
			n.host.ConnManager().Protect(relay.ID, "relay") // whoever of the two dialled
			if n.host.Network().Connectedness(relay.ID) == network.Connected {
				continue
			}
			dial, cancel := context.WithTimeout(ctx, peerTimeout)
			err := nodehost.Connect(dial, n.host, relay)
			cancel()
			if err != nil {
				n.log.Debug("other relay not reached", "relay", relay.ID, "err", err)
				continue
			}
			n.sync(ctx, relay.ID)
		}
	})
}

func (n *Node) syncRelays(ctx context.Context) {
	every(ctx, syncEvery, func() { n.SyncNow(ctx) })
}

// syncDisclosed fetches what the other relays have published of disclosures.
func (n *Node) syncDisclosed(ctx context.Context) {
	for ctx.Err() == nil {
		for _, relay := range n.others() {
			if n.host.Network().Connectedness(relay.ID) != network.Connected {
				continue
			}
			ctx, cancel := context.WithTimeout(ctx, listsTimeout)
			if _, err := n.disclosed.Sync(ctx, relay.ID); err != nil {
				n.log.Debug("lists of disclosures not fetched", "relay", relay.ID, "err", err)
			}
			cancel()
		}
		cycle := n.home.Network.Get().DisclosureRules().Cycle
		_ = disclosure.Wait(ctx, min(max(cycle/4, time.Second), syncEvery))
	}
}

// SyncNow reconciles with all relays and fronts that are connected.
func (n *Node) SyncNow(ctx context.Context) {
	for _, id := range append(n.connectedFronts(), ids(n.others())...) {
		if ctx.Err() == nil && n.host.Network().Connectedness(id) == network.Connected {
			n.sync(ctx, id)
		}
	}
}

// connectedFronts forgets the fronts whose pass has ended and lists the others.
func (n *Node) connectedFronts() []peer.ID {
	n.mu.Lock()
	defer n.mu.Unlock()
	var fronts []peer.ID
	for id, until := range n.fronts {
		if n.home.Now().After(until) {
			delete(n.fronts, id)
			n.host.ConnManager().Unprotect(id, "practice")
		} else {
			fronts = append(fronts, id)
		}
	}
	return fronts
}

func ids(infos []peer.AddrInfo) []peer.ID {
	ids := make([]peer.ID, len(infos))
	for i, info := range infos {
		ids[i] = info.ID
	}
	return ids
}

func (n *Node) sync(ctx context.Context, id peer.ID) {
	n.syncPool(ctx, id)
	if n.isRelay(id) {
		n.syncDirectory(ctx, id)
	}
}

func (n *Node) syncPool(ctx context.Context, id peer.ID) {
	ctx, cancel := context.WithTimeout(ctx, peerTimeout)
	defer cancel()
	if n.isRelay(id) {
		if _, err := bundle.Fetch(ctx, n.host, id, n.home.Network); err != nil {
			n.log.Debug("network file not fetched", "err", err)
		}
	}
	if _, err := gossip.SyncAll(ctx, n.host, id, n.pool, n.validator); err != nil {
		n.log.Debug("pool not synced", "err", err)
		return
	}
	// After a start, what other relays have shown already need not wait for the next tick.
	if n.isRelay(id) {
		n.caughtUp.Do(n.broadcast.CatchUp)
	}
}

func (n *Node) others() []peer.AddrInfo {
	var others []peer.AddrInfo
	for _, relay := range n.home.Relays("") {
		if relay.ID != n.host.ID() {
			others = append(others, relay)
		}
	}
	return others
}

// expire drops sheets that have expired, and checks all again when the network file has changed.
func (n *Node) expire(ctx context.Context) {
	changed := make(chan struct{}, 1)
	stop := n.home.Network.OnChange(func(*bundle.Bundle) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	defer stop()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
			n.pool.Recheck(n.validator)
			n.admission.Recheck()
			n.changes.Changed()
		case <-tick.C:
			n.pool.Expire(n.home.Now())
		}
	}
}

// every calls f now and then at each interval until ctx ends.
func every(ctx context.Context, interval time.Duration, f func()) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		f()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
