package host

import (
	"net/netip"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// maxDenied bounds the list that a relay's operator keeps by hand.
const maxDenied = 4096

// Gate refuses connections with peers and networks that were denied, until the denial ends. The zero Gate lets all pass.
// It implements libp2p's connmgr.ConnectionGater.
type Gate struct {
	Now func() time.Time // nil is time.Now

	mu       sync.Mutex
	peers    map[peer.ID]time.Time
	networks map[netip.Prefix]time.Time
}

// DenyPeer refuses id until the given time, closing what h has open with it. It reports false when the list is full.
func (g *Gate) DenyPeer(h host.Host, id peer.ID, until time.Time) bool {
	g.mu.Lock()
	g.forget()
	_, known := g.peers[id]
	ok := known || len(g.peers) < maxDenied
	if ok {
		if g.peers == nil {
			g.peers = map[peer.ID]time.Time{}
		}
		g.peers[id] = until
	}
	g.mu.Unlock()
	if ok && h != nil {
		h.Network().ClosePeer(id)
	}
	return ok
}

// DenyNetwork refuses all addresses of n until the given time. Open connections stay.
func (g *Gate) DenyNetwork(n netip.Prefix, until time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forget()
	if _, known := g.networks[n.Masked()]; !known && len(g.networks) >= maxDenied {
		return false
	}
	if g.networks == nil {
		g.networks = map[netip.Prefix]time.Time{}
	}
	g.networks[n.Masked()] = until
	return true
}

// AllowPeer ends a denial.
func (g *Gate) AllowPeer(id peer.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.peers, id)
}

func (g *Gate) now() time.Time {
	if g.Now == nil {
		return time.Now()
	}
	return g.Now()
}

func (g *Gate) forget() {
	now := g.now()
	for id, until := range g.peers {
		if !now.Before(until) {
			delete(g.peers, id)
		}
	}
	for n, until := range g.networks {
		if !now.Before(until) {
			delete(g.networks, n)
		}
	}
}

func (g *Gate) peerAllowed(id peer.ID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	until, denied := g.peers[id]
	return !denied || !g.now().Before(until)
}

func (g *Gate) addrAllowed(a ma.Multiaddr) bool {
	ip, err := manet.ToIP(a)
	if err != nil {
		return true // a circuit: its relay was checked when it was dialled
	}
	addr, ok := netip.AddrFromSlice(ip)
	if !ok {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	for n, until := range g.networks {
		if n.Contains(addr.Unmap()) && now.Before(until) {
			return false
		}
	}
	return true
}

func (g *Gate) InterceptPeerDial(id peer.ID) bool { return g.peerAllowed(id) }

func (g *Gate) InterceptAddrDial(id peer.ID, a ma.Multiaddr) bool {
	return g.addrAllowed(a)
}

func (g *Gate) InterceptAccept(a network.ConnMultiaddrs) bool {
	return g.addrAllowed(a.RemoteMultiaddr())
}

func (g *Gate) InterceptSecured(_ network.Direction, id peer.ID, _ network.ConnMultiaddrs) bool {
	return g.peerAllowed(id)
}

func (g *Gate) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason) { return true, 0 }
