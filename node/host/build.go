package host

import (
	"errors"
	"slices"
	"sync"

	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/metrics"
	"github.com/libp2p/go-libp2p/core/network"
	basic "github.com/libp2p/go-libp2p/p2p/host/basic"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	"github.com/libp2p/go-libp2p/p2p/host/observedaddrs"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	ma "github.com/multiformats/go-multiaddr"
)

// Hosts are put together here from the parts of go-libp2p, and not with libp2p.New: that links WebRTC, WebTransport, WebSocket and a
// framework for dependencies into every program, six MB on disk and more than one MiB of memory that no node uses. The order of things and
// the defaults are those of its config.go and defaults.go (v0.51.0).

// settings are what hosts differ in.
type settings struct {
	key       crypto.PrivKey
	userAgent string
	listen    []ma.Multiaddr
	gate      connmgr.ConnectionGater
	limits    network.ResourceManager
	conns     connmgr.ConnManager
	reporter  metrics.Reporter // nil counts nothing

	ping      bool
	observe   bool // learn from peers at which address they see this host
	holePunch bool
	probe     bool // AutoNAT 2: ask peers which addresses can be reached, and do the same for them
	public    bool // known to be reachable: answers AutoNAT 1, too
	relay     []relay.Option
}

// start makes the host. limits and conns are closed with it, or when it fails.
func (s settings) start() (_ host.Host, err error) {
	var undo []func() error
	defer func() {
		if err != nil {
			for _, f := range slices.Backward(undo) {
				err = errors.Join(err, f())
			}
		}
	}()
	undo = append(undo, s.limits.Close, s.conns.Close)
	bus := eventbus.NewBus()
	l, err := s.link(bus, s.key, throughBlackHoles()...)
	if err != nil {
		return nil, err
	}
	undo = append(undo, l.Peerstore().Close, l.close)
	h := &built{link: l}
	opts := &basic.HostOpts{
		EventBus: bus, ConnManager: s.conns, UserAgent: s.userAgent, EnablePing: s.ping, EnableHolePunching: s.holePunch,
		EnableRelayService: s.relay != nil, RelayServiceOpts: s.relay, DisableNonPublicAddrPublishing: true,
	}
	if s.observe {
		if h.observed, err = observedaddrs.NewManager(bus, l.Swarm); err != nil {
			return nil, err
		}
		undo = append(undo, h.observed.Close)
		opts.ObservedAddrsManager = h.observed
	}
	if s.probe {
		if opts.AutoNATv2, err = s.prober(); err != nil {
			return nil, err
		}
		undo = append(undo, func() error { opts.AutoNATv2.Close(); return nil })
	}
	if h.BasicHost, err = basic.NewHost(l.Swarm, opts); err != nil {
		return nil, err
	}
	undo = []func() error{h.Close} // it has all of them now
	if err := circuit.AddTransport(h.BasicHost, l.upgrader); err != nil {
		return nil, err
	}
	if err := l.Listen(s.listen...); err != nil {
		return nil, err
	}
	if h.observed != nil {
		h.observed.Start(l.Swarm)
	}
	h.Start()
	return h, s.judge(h.BasicHost)
}

// built is a host with the parts that it does not close itself.
type built struct {
	*basic.BasicHost
	link     *link
	observed *observedaddrs.Manager // nil: it does not ask
	once     sync.Once
	err      error
}

// Close closes the host and all its parts. Closing it again does nothing.
func (h *built) Close() error {
	h.once.Do(func() {
		if h.observed != nil {
			h.err = h.observed.Close()
		}
		h.err = errors.Join(h.err, h.link.close(), h.BasicHost.Close())
	})
	return h.err
}
