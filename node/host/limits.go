package host

import (
	"net/netip"
	"time"

	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/libp2p/go-libp2p/x/rate"
)

// All limits of the hosts stand in this file. Please do not set any elsewhere.

const mib = 1 << 20

const (
	// relayConns: a volunteer's 1 GiB server holds 2,000 idle patients at 120 KiB each (design 19) with room for practices.
	relayConns = 2400
	// relayConnsLow is where trimming starts to aim: 400 below the limit, so that a burst of arrivals finds room.
	relayConnsLow = 2000
	// practiceConns: two or three relays and the patients of one morning; home routers lose track above some dozens.
	practiceConns = 512
	// patientConns: one relay, one practice through another, and their successors while they change.
	patientConns = 12

	// relayConnsPerIP: a mobile carrier puts thousands behind one address; the default of 8 would shut most of them out.
	relayConnsPerIP = 64
	// maxCircuits to one front at one relay: as many patients as may wait for one draw in the first half minute of a cycle.
	maxCircuits = 96
	// connGrace: a young connection is spared while its peer still says who it is.
	connGrace = 30 * time.Second
)

func relayLimits() rcmgr.PartialLimitConfig {
	return rcmgr.PartialLimitConfig{
		System: rcmgr.ResourceLimits{
			// A patient has one connection, its identify, gossip and mailbox streams: 8 streams each are ample.
			Conns: relayConns, ConnsInbound: relayConns, ConnsOutbound: 128,
			Streams: 8 * relayConns, StreamsInbound: 8 * relayConns, StreamsOutbound: 8 * relayConns,
			// Half of the smallest server, leaving the rest to Go's heap and the page cache of the store.
			Memory: 512 * mib, FD: 8192,
		},
		Transient: rcmgr.ResourceLimits{Conns: 512, ConnsInbound: 512, Streams: 1024, StreamsInbound: 1024, Memory: 64 * mib},
		// Each circuit to a front is a stream to it, beside its gossip, mailbox and sync.
		PeerDefault: rcmgr.ResourceLimits{
			Conns: 4, ConnsInbound: 4, Streams: maxCircuits + 80, StreamsInbound: 48, StreamsOutbound: maxCircuits + 32, Memory: 8 * mib,
		},
	}
}

func practiceLimits() rcmgr.PartialLimitConfig {
	return rcmgr.PartialLimitConfig{
		System: rcmgr.ResourceLimits{
			Conns: practiceConns, ConnsInbound: practiceConns, ConnsOutbound: 32,
			Streams: 4 * practiceConns, StreamsInbound: 4 * practiceConns, StreamsOutbound: 512,
			Memory: 128 * mib, FD: 1024,
		},
		Transient: rcmgr.ResourceLimits{Conns: 256, ConnsInbound: 256, Streams: 512, StreamsInbound: 512, Memory: 32 * mib},
		// A relay is one peer with a stream for each of its circuits.
		PeerDefault: rcmgr.ResourceLimits{Conns: 8, ConnsInbound: 8, Streams: maxCircuits + 80, StreamsInbound: maxCircuits + 48, Memory: 16 * mib},
	}
}

func patientLimits() rcmgr.PartialLimitConfig {
	return rcmgr.PartialLimitConfig{
		System: rcmgr.ResourceLimits{
			// Nobody can dial a patient; what comes in are streams of its relay and of practices that it dialled.
			Conns: patientConns, ConnsInbound: 4, ConnsOutbound: patientConns,
			Streams: 128, StreamsInbound: 64, StreamsOutbound: 64, Memory: 32 * mib, FD: 64,
		},
		Transient:   rcmgr.ResourceLimits{Conns: patientConns, Streams: 64, Memory: 8 * mib},
		PeerDefault: rcmgr.ResourceLimits{Conns: 4, Streams: 64, StreamsInbound: 32, Memory: 8 * mib},
	}
}

// circuitResources are the limits of a relay's circuits. A booking needs 16 KiB and seconds; two minutes and 128 KiB
// make a relay worthless for anything else (p2p.md 1.4).
func circuitResources() relay.Resources {
	return relay.Resources{
		Limit:          &relay.RelayLimit{Duration: 2 * time.Minute, Data: 128 << 10},
		ReservationTTL: 30 * time.Minute,
		// Two hosts for each practice of a few regions.
		MaxReservations: 512,
		MaxCircuits:     maxCircuits,
		BufferSize:      2048,
		// Practices of one health centre share an address; AS3320 alone holds most of a region.
		MaxReservationsPerIP:  32,
		MaxReservationsPerASN: 512,
	}
}

// unlimitedNetworks are left alone by per-address limits: the machine itself and its own network.
var unlimitedNetworks = []netip.Prefix{
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"),
}

func connRates() *rate.Limiter {
	free := make([]rate.PrefixLimit, len(unlimitedNetworks))
	for i, n := range unlimitedNetworks {
		free[i] = rate.PrefixLimit{Prefix: n}
	}
	return &rate.Limiter{
		NetworkPrefixLimits: free,
		SubnetRateLimiter: rate.SubnetLimiter{
			// One a second, 64 at once: a waiting room behind one address opens the app at the same minute.
			IPv4SubnetLimits: []rate.SubnetLimit{{PrefixLength: 32, Limit: rate.Limit{RPS: 1, Burst: 64}}},
			IPv6SubnetLimits: []rate.SubnetLimit{
				{PrefixLength: 56, Limit: rate.Limit{RPS: 1, Burst: 32}},
				{PrefixLength: 48, Limit: rate.Limit{RPS: 4, Burst: 256}},
			},
			GracePeriod: time.Minute,
		},
	}
}

func connsPerSubnet() []rcmgr.Option {
	const unlimited = 1 << 30
	var v4, v6 []rcmgr.NetworkPrefixLimit
	for _, n := range unlimitedNetworks {
		l := rcmgr.NetworkPrefixLimit{Network: n, ConnCount: unlimited}
		if n.Addr().Is4() {
			v4 = append(v4, l)
		} else {
			v6 = append(v6, l)
		}
	}
	return []rcmgr.Option{
		rcmgr.WithNetworkPrefixLimit(v4, v6),
		rcmgr.WithLimitPerSubnet(
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 32, ConnCount: relayConnsPerIP}},
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 56, ConnCount: 32}, {PrefixLength: 48, ConnCount: 256}},
		),
	}
}
