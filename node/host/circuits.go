package host

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	ma "github.com/multiformats/go-multiaddr"
)

// CircuitsConfig says at which relays a practice's host keeps circuit reservations.
type CircuitsConfig struct {
	// Relays are the candidates, best first. It is asked again after each failure.
	Relays func() []peer.AddrInfo
	// Want is at how many relays at once, normally 2 or 3.
	Want int
	// Admit tells the relay who this host is; without it no reservation is granted.
	Admit func(ctx context.Context, relay peer.ID) error
	// Reserved is called when a relay granted a reservation that was not there before, Lost when it is gone.
	Reserved, Lost func(relay peer.ID)
	Log            *slog.Logger
}

const (
	// retryFirst and retryLast: a relay that restarts is back within seconds; one that is gone is asked twice a minute.
	retryFirst = 250 * time.Millisecond
	retryLast  = 30 * time.Second
	// attemptTimeout covers dial, admission and reservation.
	attemptTimeout = 15 * time.Second
	// renewLeast: a relay grants half an hour; one that grants moments is not asked without end.
	renewLeast = 5 * time.Second
)

// Circuits keeps a host reachable through relays until it is closed.
type Circuits struct {
	host   host.Host
	cfg    CircuitsConfig
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu       sync.Mutex
	taken    map[peer.ID]bool // relays that a seat works on
	reserved map[peer.ID]bool
	lost     map[peer.ID]chan struct{} // closed when the connection to a reserved relay ends
	hurry    chan struct{}             // closed and replaced by Hurry
}

// KeepCircuits starts to reserve circuits for h and returns at once.
func KeepCircuits(h host.Host, cfg CircuitsConfig) (*Circuits, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	sub, err := h.EventBus().Subscribe(new(event.EvtPeerConnectednessChanged))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &Circuits{
		host: h, cfg: cfg, cancel: cancel,
		taken: map[peer.ID]bool{}, reserved: map[peer.ID]bool{}, lost: map[peer.ID]chan struct{}{}, hurry: make(chan struct{}),
	}
	c.wg.Add(1 + cfg.Want)
	go c.watch(ctx, sub)
	for range cfg.Want {
		go c.seat(ctx)
	}
	return c, nil
}

// Hurry has seats that wait after a failure try again at once: something has changed that made them fail.
func (c *Circuits) Hurry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.hurry)
	c.hurry = make(chan struct{})
}

func (c *Circuits) hurried() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hurry
}

// Close ends all seats. The relays forget the reservations when the host's connections end.
func (c *Circuits) Close() {
	c.cancel()
	c.wg.Wait()
}

// Reserved are the relays through which the host can be reached now.
func (c *Circuits) Reserved() []peer.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := make([]peer.ID, 0, len(c.reserved))
	for id := range c.reserved {
		ids = append(ids, id)
	}
	return ids
}

func (c *Circuits) watch(ctx context.Context, sub event.Subscription) {
	defer c.wg.Done()
	defer sub.Close()
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-sub.Out():
			if change, ok := e.(event.EvtPeerConnectednessChanged); ok && change.Connectedness == network.NotConnected {
				c.mu.Lock()
				if ch := c.lost[change.Peer]; ch != nil {
					close(ch)
					delete(c.lost, change.Peer)
				}
				c.mu.Unlock()
			}
		}
	}
}

// seat holds a reservation at one relay at a time and moves on to the next candidate when it fails.
func (c *Circuits) seat(ctx context.Context) {
	defer c.wg.Done()
	wait := retryFirst
	for failed := 0; ctx.Err() == nil; {
		hurried := c.hurried()
		relay, ok := c.take(failed)
		if ok {
			if c.hold(ctx, relay) {
				failed, wait = 0, retryFirst
			} else {
				failed++
			}
			c.release(relay.ID)
		}
		select {
		case <-ctx.Done():
		case <-hurried:
			failed, wait = 0, retryFirst
		case <-time.After(wait):
			wait = min(2*wait, retryLast)
		}
	}
}

// take picks the first candidate that no other seat has, after skipping as many as have just failed.
func (c *Circuits) take(skip int) (peer.AddrInfo, bool) {
	candidates := c.cfg.Relays()
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range candidates {
		relay := candidates[(i+skip)%len(candidates)]
		if !c.taken[relay.ID] {
			c.taken[relay.ID] = true
			return relay, true
		}
	}
	return peer.AddrInfo{}, false
}

func (c *Circuits) release(id peer.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.taken, id)
}

// hold reserves at relay and renews until the connection is lost. It reports whether a reservation was ever granted.
func (c *Circuits) hold(ctx context.Context, relay peer.AddrInfo) (granted bool) {
	defer func() {
		if granted {
			c.setReserved(relay.ID, false)
		}
	}()
	for ctx.Err() == nil {
		lost := c.expectLoss(relay.ID)
		until, err := c.reserve(ctx, relay)
		if err != nil {
			c.cfg.Log.Info("no circuit at relay", "relay", relay.ID, "err", err)
			return granted
		}
		if !granted {
			granted = true
			c.setReserved(relay.ID, true)
		}
		renew := time.NewTimer(max(time.Until(until)/2, renewLeast))
		select {
		case <-ctx.Done():
		case <-lost:
			renew.Stop()
			return granted
		case <-renew.C:
		}
		renew.Stop()
	}
	return granted
}

func (c *Circuits) reserve(ctx context.Context, relay peer.AddrInfo) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	if err := Connect(ctx, c.host, relay); err != nil {
		return time.Time{}, err
	}
	if err := c.cfg.Admit(ctx, relay.ID); err != nil {
		return time.Time{}, err
	}
	reservation, err := client.Reserve(ctx, c.host, relay)
	if err != nil {
		return time.Time{}, err
	}
	c.host.ConnManager().Protect(relay.ID, "circuit")
	return reservation.Expiration, nil
}

func (c *Circuits) expectLoss(id peer.ID) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost[id] == nil {
		c.lost[id] = make(chan struct{})
	}
	return c.lost[id]
}

func (c *Circuits) setReserved(id peer.ID, is bool) {
	c.mu.Lock()
	call := c.cfg.Lost
	if is {
		c.reserved[id] = true
		call = c.cfg.Reserved
	} else {
		delete(c.reserved, id)
	}
	c.mu.Unlock()
	if call != nil {
		call(id)
	}
}

// Through tells h to reach id by a circuit of each of the relays.
func Through(h host.Host, id peer.ID, relays []peer.AddrInfo, ttl time.Duration) {
	var addrs []ma.Multiaddr
	for _, r := range relays {
		if r.ID == h.ID() {
			continue
		}
		circuit := ma.StringCast("/p2p/" + r.ID.String() + "/p2p-circuit")
		for _, a := range r.Addrs {
			addrs = append(addrs, a.Encapsulate(circuit))
		}
	}
	h.Peerstore().AddAddrs(id, addrs, ttl)
}
