package practice

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip"
	"pieks/node/booking"
	"pieks/node/checkin"
	"pieks/node/checkin/healthid"
	"pieks/node/control"
	"pieks/node/home"
	"pieks/node/host"
	"pieks/node/network"
	"pieks/store"
)

const role = "practice"

// Config says how a practice runs.
type Config struct {
	Home    string
	Network string  // path of the network file; empty: the one that the home knows
	Details Details // what is empty stays as it was
	Secret  store.Secret
	// Listen are the desk's multiaddrs; none: any port of this machine. FrontListen are the fronts': none, as a rule, since a
	// front is reached through circuits.
	Listen, FrontListen []string
	MDNS                bool            // announce the desk on the local network
	HolePunch           bool            // let patients find a direct way, which shows addresses to both
	HealthID            healthid.Config // whose logins are taken at check-ins; none: cards only
	Service             ServiceConfig   // which PoPP service brings check-ins, too
	Now                 func() time.Time
	Log                 *slog.Logger
	Stop                func() // begins the stop when a command asks for it
	// Show serves the app before commands are answered, so that whoever finds the node running finds its app, too. What it returns ends that. May be nil.
	Show func(*Node) (hide func() error, err error)
}

// mailHolds is how many times longer an offer stands that goes through a mailbox: its patient may be away when it arrives.
const mailHolds = 6

// defaultListen is any free port on all addresses: only circuits and the local network know it.
var defaultListen = []string{"/ip4/0.0.0.0/udp/0/quic-v1", "/ip4/0.0.0.0/tcp/0"}

// Node is a running practice.
type Node struct {
	home      *home.Home
	cfg       Config
	log       *slog.Logger
	gate      *host.Gate
	identity  *identity
	ledger    *booking.Ledger
	arrivals  *checkin.Arrivals
	trust     cardTrust
	service   *poppService // nil: there is none
	stock     stock
	pool      *gossip.Pool
	validator *gossip.Validator
	cancel    context.CancelFunc
	wg        sync.WaitGroup
	closers   []func() error
	woken     chan struct{} // for the conductor
	renewed   chan struct{} // for the buyer: there is a newer network file
	drafts    drafts        // of disclosures
	listing   *lister       // in the directory
	changes   control.Changes
	enrolling sync.Mutex // one change of details or enrolment at a time
	checked   uint64     // number of the network file that the pool was last checked against; the conductor's own

	mu     sync.Mutex
	desk   *desk
	fronts map[uint64]*front
	active uint64 // epoch of the front that shows appointments; 0: none
	next   time.Time
}

// Start runs a practice until Close. It returns when the practice can be used, though relays may not be reached yet.
func Start(ctx context.Context, cfg Config) (_ *Node, err error) {
	h, err := home.Open(ctx, home.Config{Dir: cfg.Home, Role: role, Network: cfg.Network, Secret: cfg.Secret, Now: cfg.Now, Log: cfg.Log})
	if err != nil {
		return nil, err
	}
	if len(cfg.Listen) == 0 {
		cfg.Listen = defaultListen
	}
	life, cancel := context.WithCancel(context.Background())
	n := &Node{
		home: h, cfg: cfg, log: h.Log, gate: &host.Gate{Now: h.Now}, cancel: cancel, stock: stock{h.Store.Keys(), h.Now},
		woken: make(chan struct{}, 1), renewed: make(chan struct{}, 1), fronts: map[uint64]*front{},
		drafts: drafts{all: map[string]*draft{}},
	}
	n.closers = append(n.closers, h.Close)
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
		}
	}()
	if n.identity, err = loadIdentity(ctx, h, cfg.Details); err != nil {
		return nil, err
	}
	if n.ledger, err = booking.OpenLedger(ctx, booking.LedgerConfig{
		Store: h.Store, Rules: n.rules, Now: h.Now, OnChange: n.changed,
		MailHold: mailHolds * n.rules().Hold, Log: h.Log,
	}); err != nil {
		return nil, err
	}
	n.arrivals = checkin.OpenArrivals(checkin.ArrivalsConfig{Store: h.Store, Now: h.Now, OnChange: n.changes.Changed})
	if n.service, err = openService(life, n, cfg.Service); err != nil {
		return nil, err
	}
	if err := n.blockRestored(ctx); err != nil {
		return nil, err
	}
	if n.listing, err = loadLister(h.Store); err != nil {
		return nil, err
	}
	n.pool = gossip.NewPool(h.Now)
	n.validator = gossip.NewValidator(h.Network.Policy, h.Now).Against(n.pool)
	opened, err := n.openDesk(life)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	n.desk = opened
	n.mu.Unlock()
	n.closers = append(n.closers, opened.close)
	n.closers = append(n.closers, n.onNetwork())
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

func (n *Node) rules() gossip.Rules {
	if policy := n.home.Network.Policy(); policy != nil {
		return policy.Rules
	}
	return gossip.DefaultRules()
}

func (n *Node) isRelay(id peer.ID) bool {
	bundle := n.home.Network.Get()
	if bundle == nil {
		return false
	}
	text := id.String()
	for _, r := range bundle.Relays {
		if r.Peer == text {
			return true
		}
	}
	return false
}

// enrolment is the practice card that holds now, nil when there is none.
func (n *Node) enrolment() []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.identity.cms
}

// told are the details as they are now.
func (n *Node) told() Details {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.identity.details
}

// usable says whether anything may be offered now: the network file is in force and the practice enrolled. If not it says why.
func (n *Node) usable() error {
	if err := n.home.Network.Usable(); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.identity.holds(n.home.Network.Get(), n.home.Now())
}

func (n *Node) openedDesk() *desk {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.desk
}

// changed is told by the ledger of everything that a sheet or a patient should hear of. It must not block.
func (n *Node) changed() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, f := range n.fronts {
		f.publishSoon()
	}
	if n.desk != nil {
		n.desk.sendSoon()
	}
	n.changes.Changed()
}

// Changes wakes when what the practice shows may look different: its appointments, bookings, enrolment, relays, and with each sheet that goes out.
func (n *Node) Changes() *control.Changes { return &n.changes }

// Home is the practice's folder.
func (n *Node) Home() *home.Home { return n.home }

// onNetwork has a newer network file looked at as soon as it is there, until the returned function is called.
func (n *Node) onNetwork() func() error {
	stop := n.home.Network.OnChange(func(*network.Bundle) { n.wake() })
	return func() error { stop(); return nil }
}

// wake has the conductor look at the time and the stock now.
func (n *Node) wake() {
	select {
	case n.woken <- struct{}{}:
	default:
	}
}

// hosts are the desk and all fronts.
func (n *Node) hosts() []libhost.Host {
	n.mu.Lock()
	defer n.mu.Unlock()
	var hosts []libhost.Host
	if n.desk != nil {
		hosts = append(hosts, n.desk.host)
	}
	for _, f := range n.fronts {
		hosts = append(hosts, f.host)
	}
	return hosts
}

// Front is where the active front listens itself, for peers that need no circuit. It is empty unless FrontListen was set.
func (n *Node) Front() peer.AddrInfo {
	n.mu.Lock()
	defer n.mu.Unlock()
	if f := n.fronts[n.active]; f != nil {
		return peer.AddrInfo{ID: f.host.ID(), Addrs: f.host.Addrs()}
	}
	return peer.AddrInfo{}
}

// Desk is where the desk listens itself, for peers that need no circuit.
func (n *Node) Desk() peer.AddrInfo {
	d := n.openedDesk()
	return peer.AddrInfo{ID: d.host.ID(), Addrs: d.host.Addrs()}
}
