package patient

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip"
	"pieks/gossip/place"
	"pieks/node/control"
	"pieks/node/home"
	"pieks/node/host"
	"pieks/store"
)

const role = "patient"

// Config says how a patient's node runs.
type Config struct {
	Home     string
	Network  string // path of the network file; empty: the one that the home knows
	PLZ      string // may be left out; the first one is in force at once, another one later is a change of postcode
	RadiusKM uint32 // of the search as a rule; 0: as before, 20 at first
	Secret   store.Secret
	// HolePunch lets a practice and this node find a direct way, which shows the address of each to the other.
	HolePunch bool
	Checkin   CheckinConfig
	Now       func() time.Time
	Log       *slog.Logger
	Stop      func() // begins the stop when a command asks for it
	// Show serves the app before commands are answered, so that whoever finds the node running finds its app, too. What it returns ends that. May be nil.
	Show func(*Node) (hide func() error, err error)
}

// defaultRadiusKM is half an hour by tram or car.
const defaultRadiusKM = 20

// Node is a running patient's node.
type Node struct {
	home      *home.Home
	cfg       Config
	log       *slog.Logger
	gate      *host.Gate
	host      libhost.Host
	pubsub    *pubsub.PubSub
	pool      *gossip.Pool
	validator *gossip.Validator
	bookings  *bookings
	lists     lists // of practices whose poster the user has
	// disclosures are what this node's people let be published.
	disclosures *disclosures
	watches     *watches
	checkins    *checkins
	cancel      context.CancelFunc
	wg          sync.WaitGroup
	closers     []func() error

	changes control.Changes
	erased  atomic.Bool // everything is to be deleted

	relay   atomic.Pointer[peer.AddrInfo] // the one that this node is client of; nil between two
	present chan struct{}                 // closed and replaced when the relay changes

	changing sync.Mutex // held while changed preferences are written down

	mu     sync.Mutex
	prefs  preferences
	wish   *wish         // who waits for the answer to a new postcode; nil: nobody
	wished chan struct{} // there is a first or a new postcode, or another radius, to ask a relay for

	listing listing

	offline time.Time // since when no relay is reached; zero: one is. Guarded by mu

	visiting sync.Mutex
	visits   map[peer.ID]int // who is being talked to, and how often at once
}

// Start runs a patient's node until Close. It returns when its user can work with it, though no relay may be reached yet.
func Start(ctx context.Context, cfg Config) (_ *Node, err error) {
	h, err := home.Open(ctx, home.Config{Dir: cfg.Home, Role: role, Network: cfg.Network, Secret: cfg.Secret, Now: cfg.Now, Log: cfg.Log})
	if err != nil {
		return nil, err
	}
	life, cancel := context.WithCancel(context.Background())
	n := &Node{
		home: h, cfg: cfg, log: h.Log, gate: &host.Gate{Now: h.Now}, cancel: cancel,
		present: make(chan struct{}), wished: make(chan struct{}, 1), visits: map[peer.ID]int{},
	}
	n.closers = append(n.closers, h.Close)
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
		}
	}()
	if n.prefs, err = startPreferences(ctx, h.Store, cfg.PLZ, cfg.RadiusKM, h.Now()); err != nil {
		return nil, err
	}
	if n.prefs.PLZ != "" {
		n.offline = h.Now()
	}
	if n.host, err = host.Patient(n.gate, cfg.HolePunch); err != nil {
		return nil, err
	}
	n.closers = append(n.closers, func() error { return host.Close(n.host) })
	n.pool = gossip.NewPool(h.Now)
	n.validator = gossip.NewValidator(h.Network.Policy, h.Now).Against(n.pool)
	n.pubsub, err = gossip.NewPubSub(life, n.host, gossip.ClientProfile(), gossip.PubSubOptions{IsRelay: n.isMyRelay, Log: h.Log})
	if err != nil {
		return nil, fmt.Errorf("start gossip: %w", err)
	}
	if n.bookings, err = openBookings(n); err != nil {
		return nil, err
	}
	if n.watches, err = openWatches(n); err != nil {
		return nil, err
	}
	if n.checkins, err = openCheckins(n, cfg.Checkin); err != nil {
		return nil, err
	}
	h.Store.Retain(disclosureBucket, retainDisclosure)
	h.Store.Retain(disclosedBucket, retainDisclosed)
	h.Store.Retain(listBucket, retainIssued(func(r *listRecord) uint64 { return r.Issued }))
	h.Store.Retain(warningBucket, retainIssued(func(r *warningRecord) uint64 { return r.Issued }))
	if n.disclosures, err = openDisclosures(life, n); err != nil {
		return nil, err
	}
	n.closers = append(n.closers, func() error { n.cancel(); n.disclosures.wg.Wait(); return nil })
	n.run(life)
	if cfg.Show != nil {
		hide, err := cfg.Show(n)
		if err != nil {
			return nil, err
		}
		n.closers = append(n.closers, hide)
	}
	server, err := control.Serve(control.Config{Home: h.Dir, Role: role, Handlers: n.Handlers(), Stop: cfg.Stop, Log: h.Log})
	if err != nil {
		return nil, err
	}
	n.closers = append(n.closers, server.Close)
	return n, nil
}

func (n *Node) run(ctx context.Context) {
	for _, loop := range []func(context.Context){n.stayConnected, n.bookings.run, n.checkins.run, n.readMail, n.expire, n.readLists, n.imitate} {
		n.wg.Add(1)
		go func() {
			defer n.wg.Done()
			loop(ctx)
		}()
	}
	n.closers = append(n.closers, func() error {
		n.cancel()
		n.wg.Wait()
		return nil
	})
}

// Changes wakes who shows this node's bookings, list, watches and preferences.
func (n *Node) Changes() *control.Changes { return &n.changes }

// Home is the node's open folder, for what is kept beside the node: its app's sessions.
func (n *Node) Home() *home.Home { return n.home }

// Close ends everything in the reverse order of its start and waits for it.
func (n *Node) Close() error {
	n.cancel()
	var errs error
	for len(n.closers) > 0 {
		last := len(n.closers) - 1
		errs = errors.Join(errs, n.closers[last]())
		n.closers = n.closers[:last]
	}
	return errs
}

func (n *Node) isMyRelay(id peer.ID) bool {
	relay := n.relay.Load()
	return relay != nil && relay.ID == id
}

func (n *Node) radiusKM() float64 {
	if r := n.preferences().RadiusKM; r != 0 {
		return float64(r)
	}
	return defaultRadiusKM
}

// maxRegions is the home region and three neighbours (design.md 7).
const maxRegions = 4

// regions are those to ask a relay for: home first.
func (n *Node) regions(plz string) []string {
	policy := n.home.Network.Policy()
	if policy == nil {
		return nil
	}
	return policy.Map.RegionsWithin(place.PLZ(plz), n.radiusKM(), maxRegions)
}

// expire drops sheets that are over, and tells when the list has changed.
func (n *Node) expire(ctx context.Context) {
	checked := n.home.Network.Get().Number
	var seen *gossip.View
	var looked time.Time
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			n.pool.Expire(n.home.Now())
			if b := n.home.Network.Get(); b.Number != checked {
				n.pool.Recheck(n.validator) // a newer network file may no longer allow what was listed
				checked = b.Number
				n.changes.Changed()
			}
			now := n.pool.View() // however many sheets came within this second
			fresh, at := now != seen, n.home.Now()
			if fresh {
				seen = now
				n.changes.Changed()
			}
			if fresh || at.Sub(looked).Abs() > lookAtWatches {
				looked = at
				n.watches.look(ctx)
			}
		}
	}
}

func wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
