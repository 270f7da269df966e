package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/card"
	"pieks/gossip"
	"pieks/node/admission"
	"pieks/node/checkin/directory"
	"pieks/node/control"
	"pieks/node/disclosure"
	"pieks/node/home"
	"pieks/node/host"
	"pieks/node/issuance"
	"pieks/node/mailbox"
	"pieks/node/network"
	"pieks/store"
)

const role = "relay"

// ErrNotInNetwork says that the bundle does not list this relay.
var ErrNotInNetwork = errors.New("this relay is not in the network file: ask the operators to add it, or use the file that came with this home")

// Config says how a relay runs.
type Config struct {
	Home    string
	Network string // path of the network file; empty: the one that the home knows
	Secret  store.Secret
	// Listen are the multiaddrs to listen on; none: those that the network file names for this relay.
	Listen []string
	// CRLs are files with revocation lists of card CAs, DER or PEM.
	CRLs []string
	// LimitLocal counts loopback and private addresses as subnets like any other.
	LimitLocal bool
	// MonthlyBytes is the volume of a month, in and out together, after which no new patients are taken; 0: any.
	MonthlyBytes uint64
	Now          func() time.Time // nil is time.Now
	Log          *slog.Logger     // nil discards
	Stop         func()           // begins the stop when a command asks for it
	// Show serves the app before commands are answered, so that whoever finds the node running finds its app, too. What it returns ends that. May be nil.
	Show func(*Node) (hide func() error, err error)
}

// Node is a running relay.
type Node struct {
	home    *home.Home
	cfg     Config
	gate    *host.Gate
	host    libhost.Host
	meter   host.Meter
	log     *slog.Logger
	cancel  context.CancelFunc
	wg      sync.WaitGroup
	closers []func() error // in the order in which they were started

	regions   []string // zones that the network file gives this relay; none: all
	zones     func(zone string) bool
	pool      *gossip.Pool
	validator *gossip.Validator
	filter    *gossip.CapFilter
	admission *admission.Server
	broadcast *gossip.Broadcaster
	mailbox   *mailbox.Server
	disclosed *disclosure.Server
	directory *directory.Server
	revoked   *revocations
	keeper    *keeper
	traffic   *traffic
	changes   control.Changes
	refresh   chan admission.Admitted
	caughtUp  sync.Once

	mu     sync.Mutex
	fronts map[peer.ID]time.Time // admitted fronts and when their passes end
}

// Start runs a relay until Close. Everything that it needs is ready when it returns, or nothing is left running.
func Start(ctx context.Context, cfg Config) (_ *Node, err error) {
	h, err := home.Open(ctx, home.Config{
		Dir: cfg.Home, Role: role, Network: cfg.Network, Secret: cfg.Secret, Now: cfg.Now, Log: cfg.Log,
	})
	if err != nil {
		return nil, err
	}
	life, cancel := context.WithCancel(context.Background())
	n := &Node{home: h, cfg: cfg, gate: &host.Gate{Now: h.Now}, log: h.Log, cancel: cancel, refresh: make(chan admission.Admitted, refreshQueue), fronts: map[peer.ID]time.Time{}}
	n.onClose(h.Close)
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
		}
	}()
	if n.revoked, err = loadRevocations(cfg.CRLs, h.Log); err != nil {
		return nil, err
	}
	secrets, err := loadSecrets(h.Store)
	if err != nil {
		return nil, err
	}
	if err := takeKeys(ctx, cfg.Home, h.Store, secrets); err != nil {
		return nil, err
	}
	entry, err := n.entry(secrets.Peer)
	if err != nil {
		return nil, err
	}
	n.regions, n.zones = entry.Zones, zonesOf(entry)
	if n.traffic, err = openTraffic(h.Store, cfg.MonthlyBytes, h.Log, h.Now()); err != nil {
		return nil, err
	}
	if err := n.openPool(); err != nil {
		return nil, err
	}
	if err := n.listen(secrets, entry); err != nil {
		return nil, err
	}
	if err := n.serve(life, secrets); err != nil {
		return nil, err
	}
	n.run(life)
	if err := n.control(); err != nil {
		return nil, err
	}
	return n, nil
}

func (n *Node) onClose(f func() error) { n.closers = append(n.closers, f) }

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

func (n *Node) entry(id string) (network.Relay, error) {
	for _, r := range n.home.Network.Get().Relays {
		if r.Peer == id {
			return r, nil
		}
	}
	return network.Relay{}, ErrNotInNetwork
}

func zonesOf(entry network.Relay) func(string) bool {
	served := map[string]bool{}
	for _, z := range entry.Zones {
		served[z] = true
	}
	return func(zone string) bool { return len(served) == 0 || served[zone] }
}

func (n *Node) openPool() error {
	n.pool = gossip.NewPool(n.home.Now)
	n.validator = gossip.NewValidator(n.home.Network.Policy, n.home.Now).Against(n.pool)
	n.keeper = newKeeper(n.home.Store, n.home.Now, n.log)
	n.home.Store.Retain(sheetBucket, retain)
	if err := n.keeper.load(n.validator, n.pool); err != nil {
		return fmt.Errorf("read kept sheets: %w", err)
	}
	n.pool.OnChange(n.keeper.put)
	return nil
}

func (n *Node) listen(secrets *network.RelayHome, entry network.Relay) error {
	n.admission = admission.New(admission.Config{
		Policy: n.home.Network.Policy, CheckPass: n.validator.CheckPass, Roots: n.roots, Bundle: n.bundleNumber,
		IsRelay: n.isRelay, Serves: n.serves, Full: func() bool { return n.traffic.full(n.home.Now()) },
		LimitLocal: n.cfg.LimitLocal, OnAdmit: n.admitted, Now: n.home.Now, Log: n.log,
	})
	listen := n.cfg.Listen
	if len(listen) == 0 {
		listen = entry.Addrs
	}
	h, err := host.Relay(secrets.Identity, n.gate, listen, n.admission, &n.meter)
	if err != nil {
		return err
	}
	n.host = h
	n.onClose(func() error { return host.Close(h) })
	return nil
}

func (n *Node) serve(ctx context.Context, secrets *network.RelayHome) error {
	n.filter = gossip.NewCapFilter(gossip.CapConfig{
		Allowed: n.admission.AllowedTopics, IsRelay: n.isRelay, LimitLocal: n.cfg.LimitLocal, Now: n.home.Now,
	})
	ps, err := gossip.NewPubSub(ctx, n.host, gossip.RelayProfile(), gossip.PubSubOptions{IsRelay: n.isRelay, Filter: n.filter, Log: n.log})
	if err != nil {
		return err
	}
	if err := n.joinZones(ps); err != nil {
		return err
	}
	bundles, err := network.Join(ps, n.home.Network)
	if err != nil {
		return err
	}
	n.onClose(bundles.Close)
	n.broadcast, err = gossip.StartBroadcast(gossip.BroadcastConfig{
		PubSub: ps, Key: secrets.Identity, Live: n.pool, Policy: n.home.Network.Policy,
		Serves: n.serves, Filter: n.filter, Now: n.home.Now, Log: n.log,
	})
	if err != nil {
		return err
	}
	n.onClose(n.broadcast.Close)
	pools := gossip.ServePool(n.host, gossip.ServeConfig{Shelf: n.shelf, Now: n.home.Now, Log: n.log})
	n.onClose(pools.Close)
	stop := network.Serve(n.host, n.home.Network)
	n.onClose(func() error { stop(); return nil })
	if n.mailbox, err = mailbox.Serve(mailbox.Config{
		Host: n.host, Store: n.home.Store, LimitLocal: n.cfg.LimitLocal, Now: n.home.Now, Log: n.log,
	}); err != nil {
		return err
	}
	n.onClose(n.mailbox.Close)
	keys, err := secrets.PrivateKeys()
	if err != nil {
		return err
	}
	issuer, err := issuance.Serve(issuance.Config{
		Host: n.host, Store: n.home.Store, Keys: keys, Policy: n.usablePolicy, Roots: n.roots,
		LimitLocal: n.cfg.LimitLocal, Now: n.home.Now, Log: n.log,
	})
	if err != nil {
		return err
	}
	n.onClose(issuer.Close)
	if n.disclosed, err = disclosure.Serve(disclosure.Config{
		Host: n.host, Store: n.home.Store, Key: secrets.Identity, Roots: n.roots,
		Rules:        func() disclosure.Rules { return n.home.Network.Get().DisclosureRules() },
		Professional: func(id peer.ID) bool { return n.admission.KindOf(id) == admission.Desk },
		Usable:       func() bool { return n.home.Network.Usable() == nil },
		Relays:       n.isRelay, LimitLocal: n.cfg.LimitLocal, Now: n.home.Now, Log: n.log,
	}); err != nil {
		return err
	}
	n.onClose(n.disclosed.Close)
	if err := n.openDirectory(); err != nil {
		return err
	}
	// Last, since an admitted peer uses all the others at once.
	n.admission.Serve(n.host)
	n.onClose(n.admission.Close)
	return nil
}

// joinZones joins the pool topics of all zones served, before any peer is connected.
func (n *Node) joinZones(ps *pubsub.PubSub) error {
	for _, zone := range n.home.Network.Policy().Map.Zones() {
		if !n.zones(zone) {
			continue
		}
		feed, err := gossip.JoinPool(ps, zone, n.validator, n.pool, n.log)
		if err != nil {
			return fmt.Errorf("join the pool of zone %s: %w", zone, err)
		}
		n.onClose(feed.Close)
	}
	return nil
}

// usablePolicy is nil once the network file has expired: then no pass is issued.
func (n *Node) usablePolicy() *gossip.Policy {
	if n.home.Network.Usable() != nil {
		return nil
	}
	return n.home.Network.Policy()
}

func (n *Node) roots() card.Roots {
	b := n.home.Network.Get()
	if b == nil {
		return card.Roots{}
	}
	roots := b.CardRoots()
	roots.CRLs = n.revoked.lists()
	return roots
}

func (n *Node) bundleNumber() uint64 {
	if b := n.home.Network.Get(); b != nil {
		return b.Number
	}
	return 0
}

func (n *Node) isRelay(id peer.ID) bool {
	if b := n.home.Network.Get(); b != nil {
		text := id.String()
		for _, r := range b.Relays {
			if r.Peer == text {
				return true
			}
		}
	}
	return false
}

func (n *Node) serves(region string) bool {
	policy := n.home.Network.Policy()
	return policy != nil && n.zones(policy.Map.Zone(region))
}

// shelf is what one peer may read of the pool: a patient what the last tick released, a practice or relay all there is.
func (n *Node) shelf(id peer.ID) gossip.Shelf {
	kind := n.admission.KindOf(id)
	if kind == admission.Relay || kind == admission.Front {
		return gossip.Shelf{View: n.pool.View(), At: n.home.Now(), Allowed: n.admission.AllowedRegions(id), Relay: true}
	}
	view, cycle := n.broadcast.Released()
	shelf := gossip.Shelf{View: view, Cycle: cycle, Allowed: n.admission.AllowedRegions(id)}
	if policy := n.home.Network.Policy(); policy != nil {
		shelf.At = policy.Rules.TickOf(cycle)
	}
	return shelf
}

func (n *Node) control() error {
	if n.cfg.Show != nil {
		hide, err := n.cfg.Show(n)
		if err != nil {
			return err
		}
		n.onClose(hide)
	}
	server, err := control.Serve(control.Config{Home: n.home.Dir, Role: role, Handlers: n.Handlers(), Stop: n.cfg.Stop, Log: n.log})
	if err != nil {
		return err
	}
	n.onClose(server.Close)
	return nil
}

// Home is the relay's folder and what every role has.
func (n *Node) Home() *home.Home { return n.home }

// Changes wakes who shows the relay: each second, and at once when somebody was admitted or the network file has changed.
func (n *Node) Changes() *control.Changes { return &n.changes }

// Pool is what the relay holds now.
func (n *Node) Pool() *gossip.View { return n.pool.View() }
