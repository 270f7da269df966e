package gossip

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/host"
	p2pnet "github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/x/simlibp2p"
	"github.com/marcopolo/simnet"
)

// sim is a network of full libp2p hosts over simulated QUIC in virtual time. Its clock starts at noon.
type sim struct {
	t       *testing.T
	net     *simnet.Simnet
	rules   Rules
	relays  []*simRelay
	isRelay map[peer.ID]bool
	hosts   int

	lost float64                  // share of packets
	cut  func(from, to byte) bool // sides of a partition, by simNode.side
	mu   sync.Mutex
	side map[string]byte // by address
}

// simulate runs play in virtual time. All nodes made in it are closed at its end, and no goroutine may be left.
func simulate(t *testing.T, play func(*sim)) {
	network() // made outside: its locks belong to no bubble
	if raceEnabled {
		// Two timers of a bubble that fire on two threads at once share one context of the race detector, which then crashes: golang/go#78156.
		threads := runtime.GOMAXPROCS(1)
		defer runtime.GOMAXPROCS(threads)
	}
	synctest.Test(t, func(t *testing.T) {
		s := &sim{t: t, rules: DefaultRules(), isRelay: make(map[peer.ID]bool), side: make(map[string]byte)}
		s.net = &simnet.Simnet{LatencyFunc: s.latency, Logger: slog.New(slog.DiscardHandler)}
		s.net.Start()
		t.Cleanup(s.net.Close)
		play(s)
	})
}

// Mbit/s of a small server and of a home or practice. Downlinks have 50.
const relayUplink, homeUplink = 100, 10

// bubbleStart is when virtual time starts.
var bubbleStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// now is the true time of the simulation.
func (s *sim) now() time.Time { return noon.Add(time.Since(bubbleStart)) }

// latency is 10 to 50 ms for each packet. A lost packet takes an hour.
func (s *sim) latency(p *simnet.Packet) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, to := s.side[p.From.(*net.UDPAddr).IP.String()], s.side[p.To.(*net.UDPAddr).IP.String()]
	if s.cut != nil && s.cut(from, to) || s.lost > 0 && rand.Float64() < s.lost {
		return time.Hour
	}
	return 10*time.Millisecond + rand.N(40*time.Millisecond)
}

func (s *sim) setNet(lost float64, cut func(from, to byte) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost, s.cut = lost, cut
}

// simNode is one node: host, pubsub and pool.
type simNode struct {
	s      *sim
	host   host.Host
	ps     *pubsub.PubSub
	pool   *Pool
	check  *Validator
	feed   *ZoneFeed
	stop   context.CancelFunc
	skew   atomic.Int64 // how far its clock is ahead
	sheet  practice     // of a front
	relays []*simRelay

	mu      sync.Mutex
	arrived map[[32]byte]time.Time // true time, by hash
}

func (n *simNode) now() time.Time { return n.s.now().Add(time.Duration(n.skew.Load())) }

func (n *simNode) policy() *Policy {
	p := *network().policy
	p.Rules = n.s.rules
	return &p
}

func (s *sim) newHost(side byte, uplink int) host.Host {
	ip := simnet.IntToPublicIPv4(s.hosts * 256).To4() // a subnet each
	s.hosts++
	s.mu.Lock()
	s.side[ip.String()] = side
	s.mu.Unlock()
	link := simnet.NodeBiDiLinkSettings{
		Downlink: simnet.LinkSettings{BitsPerSecond: 50 * simlibp2p.OneMbps},
		Uplink:   simnet.LinkSettings{BitsPerSecond: uplink * simlibp2p.OneMbps},
	}
	h, err := libp2p.New(
		libp2p.ListenAddrStrings(fmt.Sprintf("/ip4/%s/udp/8000/quic-v1", ip)),
		simlibp2p.QUICSimnet(s.net, link),
		libp2p.DisableIdentifyAddressDiscovery(), libp2p.DisableMetrics(), libp2p.DisableRelay(),
		libp2p.ResourceManager(&p2pnet.NullResourceManager{}),
	)
	if err != nil {
		s.t.Fatal(err)
	}
	return h
}

func (s *sim) newNode(side byte, skew time.Duration, uplink int) *simNode {
	n := &simNode{s: s, host: s.newHost(side, uplink), arrived: make(map[[32]byte]time.Time)}
	n.skew.Store(int64(skew))
	n.pool = NewPool(n.now)
	n.check = NewValidator(n.policy, n.now).Against(n.pool)
	n.pool.OnChange(func(sheet *Signed) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.arrived[sheet.Hash] = s.now()
	})
	s.t.Cleanup(n.close)
	return n
}

func (n *simNode) close() {
	if n.stop != nil {
		n.stop()
	}
	n.host.Close()
}

func (n *simNode) pubsub(profile Profile, o PubSubOptions) {
	ctx, cancel := context.WithCancel(context.Background())
	n.stop = cancel
	ps, err := NewPubSub(ctx, n.host, profile, o)
	if err != nil {
		n.s.t.Fatal(err)
	}
	n.ps = ps
}

// simRelay is a relay with the parts that gossip gives it, and a table in place of admission.
type simRelay struct {
	*simNode
	key      ed25519.PrivateKey
	filter   *CapFilter
	server   *PoolServer
	claims   *Claims
	cast     *Broadcaster
	admitted sync.Map // peer.ID of a front -> zone
	abuses   atomic.Int64
}

// relay makes a relay of zone 50 that all fronts and clients know.
func (s *sim) relay(side byte, skew time.Duration) *simRelay {
	n := &simRelay{simNode: s.newNode(side, skew, relayUplink)}
	raw, err := n.host.Peerstore().PrivKey(n.host.ID()).Raw()
	if err != nil {
		s.t.Fatal(err)
	}
	n.key = raw
	s.isRelay[n.host.ID()] = true
	n.claims = NewClaims(ClaimsConfig{Policy: n.policy})
	n.filter = NewCapFilter(CapConfig{Allowed: n.allowed, IsRelay: s.known, OnAbuse: func(peer.ID, Abuse) { n.abuses.Add(1) }, Now: n.now})
	n.pubsub(RelayProfile(), PubSubOptions{IsRelay: s.known, Filter: n.filter})
	n.join()
	n.server = ServePool(n.host, ServeConfig{Shelf: n.shelf, Now: n.now})
	s.t.Cleanup(func() { n.server.Close() })
	s.relays = append(s.relays, n)
	return n
}

func (s *sim) known(p peer.ID) bool { return s.isRelay[p] }

// broadcast starts the cycles of a relay.
func (n *simRelay) broadcast() {
	var err error
	n.cast, err = StartBroadcast(BroadcastConfig{PubSub: n.ps, Key: n.key, Live: n.pool, Policy: n.policy, Filter: n.filter, Now: n.now})
	if err != nil {
		n.s.t.Fatal(err)
	}
	n.s.t.Cleanup(func() { n.cast.Close() })
}

// allowed stands for admission: relays and admitted fronts have the pool topic, patients their regions.
func (n *simRelay) allowed(p peer.ID) func(string) bool {
	return func(topic string) bool {
		if region, ok := RegionOfTopic(topic); ok {
			return slices.Contains(n.claims.Effective(p, n.now()), region)
		}
		zone, ok := n.admitted.Load(p)
		return n.s.isRelay[p] || ok && topic == PoolTopic(zone.(string))
	}
}

func (n *simRelay) shelf(p peer.ID) Shelf {
	_, front := n.admitted.Load(p)
	if front || n.s.isRelay[p] {
		return Shelf{View: n.pool.View(), At: n.now(), Allowed: func(string) bool { return true }, Relay: true}
	}
	if n.cast == nil {
		return Shelf{}
	}
	view, cycle := n.cast.Released()
	regions := n.claims.Effective(p, n.now())
	return Shelf{View: view, Cycle: cycle, At: n.s.rules.TickOf(cycle), Allowed: func(r string) bool { return slices.Contains(regions, r) }}
}

func (n *simNode) join() {
	var err error
	if n.feed, err = JoinPool(n.ps, "50", n.check, n.pool, nil); err != nil {
		n.s.t.Fatal(err)
	}
}

// front makes the i-th practice, admitted at all relays that it will connect to.
func (s *sim) front(i int, side byte, skew time.Duration, relays ...*simRelay) *simNode {
	n := s.newNode(side, skew, homeUplink)
	n.sheet, n.relays = practiceOf(uint64(i)), relays
	n.pubsub(FrontProfile(), PubSubOptions{IsRelay: s.known})
	for _, r := range relays {
		r.admitted.Store(n.host.ID(), "50")
	}
	n.join()
	for _, r := range relays {
		n.connect(r.simNode)
	}
	return n
}

// simClient is a patient.
type simClient struct {
	*simNode
	listener *Listener
	mu       sync.Mutex
	reports  []Report
}

// client makes a patient of one relay that has claimed its region, and is in its topics.
func (s *sim) client(relay *simRelay, skew time.Duration, regions ...string) *simClient {
	c := &simClient{simNode: s.newNode(0, skew, homeUplink)}
	c.pubsub(ClientProfile(), PubSubOptions{IsRelay: func(p peer.ID) bool { return p == relay.host.ID() }})
	var err error
	c.listener, err = Listen(ListenConfig{
		PubSub: c.ps, Relay: relay.host.ID(), Pool: c.pool, Validator: c.check, Policy: c.policy, Now: c.now,
		Report: func(r Report) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.reports = append(c.reports, r)
		},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.listener.Close() })
	if len(regions) > 0 {
		if _, err := relay.claims.Claim(c.host.ID(), Subnet{}, regions[0], regions[1:], relay.now()); err != nil {
			s.t.Fatal(err)
		}
		c.listener.SetRegions(regions, 0)
	}
	c.connect(relay.simNode)
	return c
}

func (c *simClient) states() []State {
	c.mu.Lock()
	defer c.mu.Unlock()
	var states []State
	for _, r := range c.reports {
		states = append(states, r.State)
	}
	c.reports = nil
	return states
}

func (n *simNode) connect(to *simNode) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := n.host.Connect(ctx, peer.AddrInfo{ID: to.host.ID(), Addrs: to.host.Addrs()}); err != nil {
		n.s.t.Fatalf("connect: %v", err)
	}
}

// sheetAt is a sheet of a front, issued now by its own clock.
func (n *simNode) sheetAt(seq uint64, slots int) *Signed {
	now := n.now()
	sheet := n.sheet.sheet(slots)
	sheet.Seq, sheet.Issued = seq, unixOf(now)
	sheet.Expires = unixOf(n.s.rules.SheetExpiry(now, now.Add(20*time.Hour), sheet.Pass.Epoch))
	return n.sheet.sign(n.s.t, sheet)
}

// publish sends the front's next sheet and returns it.
func (n *simNode) publish(seq uint64, slots int) *Signed {
	n.s.t.Helper()
	s := n.sheetAt(seq, slots)
	if err := n.feed.Publish(context.Background(), s); err != nil {
		n.s.t.Errorf("publish: %v", err)
	}
	return s
}

func (n *simNode) has(s *Signed) bool {
	got, ok := n.pool.Lookup(s.Sheet.Pass.P)
	return ok && got.Hash == s.Hash
}

// sync fetches from a relay, as a test that does not care about the figures does.
func (n *simNode) sync(from *simRelay) SyncResult {
	n.s.t.Helper()
	r, err := SyncAll(context.Background(), n.host, from.host.ID(), n.pool, n.check)
	if err != nil {
		n.s.t.Errorf("sync: %v", err)
	}
	return r
}

// nextTick sleeps until a little after the next tick.
func (s *sim) nextTick() {
	now := s.now()
	time.Sleep(s.rules.NextTick(now).Sub(now) + 2*time.Second)
}

func quantile(d []time.Duration, q float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[min(int(float64(len(d))*q), len(d)-1)]
}

type peerID = peer.ID

// asOwn publishes what the sender's own validator would not let out.
var asOwn = pubsub.WithValidatorData(ownSheet)

// syncFrom fetches from a node that is no relay.
func (n *simRelay) syncFrom(from *simNode) SyncResult {
	n.s.t.Helper()
	r, err := SyncAll(context.Background(), n.host, from.host.ID(), n.pool, n.check)
	if err != nil {
		n.s.t.Errorf("sync: %v", err)
	}
	return r
}

var practices sync.Map

// practiceOf is network().good(i), made once: a pass takes some milliseconds of RSA.
func practiceOf(i uint64) practice {
	p, ok := practices.Load(i)
	if !ok {
		p, _ = practices.LoadOrStore(i, network().good(i))
	}
	return p.(practice)
}
