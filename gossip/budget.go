package gossip

import (
	"maps"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/time/rate"
)

// budgets is the rule behind CapFilter, over plain data: what each peer and subnet holds, and ever held. Its owner
// locks.
type budgets struct {
	peers   map[peer.ID]*peerBudget
	subnets map[subnetKey]*subnetBudget
	keys    subnetKeys
	swept   time.Time
}

type peerBudget struct {
	held  map[string]struct{} // now
	known map[string]struct{} // ever paid for: taking one of these again is free
	pay   *rate.Limiter
	gone  time.Time // when it disconnected; zero while it is connected

	revokes     int
	lastRevoked time.Time
}

type subnetBudget struct {
	known map[string]struct{}
	pay   *rate.Limiter
	used  time.Time
}

func newBudgets() budgets {
	return budgets{peers: make(map[peer.ID]*peerBudget), subnets: make(map[subnetKey]*subnetBudget), keys: newSubnetKeys()}
}

// take lets p hold a topic, or says why not.
func (b *budgets) take(p peer.ID, from Subnet, topic string, relay bool, now time.Time) Abuse {
	b.sweep(now)
	pb := b.peer(p)
	pb.gone = time.Time{}
	if _, ok := pb.held[topic]; ok {
		return ""
	}
	if !relay {
		if len(pb.held) >= maxPeerTopics {
			return AbuseCap
		}
		if !b.paidBy(pb, now, topic) {
			return AbuseRate
		}
		if from.Counts() && !b.paidBySubnet(from, now, topic) {
			return AbuseSubnet
		}
	} else if len(pb.held) >= maxRelayTopics {
		return AbuseCap
	}
	pb.held[topic] = struct{}{}
	return ""
}

func (b *budgets) paidBy(pb *peerBudget, now time.Time, topic string) bool {
	if _, ok := pb.known[topic]; ok {
		return true
	}
	if !pb.pay.AllowN(now, 1) {
		return false
	}
	pb.known[topic] = struct{}{}
	return true
}

func (b *budgets) paidBySubnet(from Subnet, now time.Time, topic string) bool {
	key := b.keys.of(from)
	sb := b.subnets[key]
	if sb == nil {
		evictOldest(b.subnets, maxSubnetBudgets, func(s *subnetBudget) time.Time { return s.used })
		sb = &subnetBudget{known: make(map[string]struct{}), pay: rate.NewLimiter(rate.Every(subnetTopicEvery), subnetTopicBurst)}
		b.subnets[key] = sb
	}
	sb.used = now
	if _, ok := sb.known[topic]; ok {
		return true
	}
	if !sb.pay.AllowN(now, 1) {
		return false
	}
	sb.known[topic] = struct{}{}
	return true
}

func (b *budgets) peer(p peer.ID) *peerBudget {
	pb := b.peers[p]
	if pb == nil {
		evictOldest(b.peers, maxPeerBudgets, func(p *peerBudget) time.Time { return p.gone })
		pb = &peerBudget{
			held: make(map[string]struct{}), known: make(map[string]struct{}),
			pay: rate.NewLimiter(rate.Every(peerTopicEvery), peerTopicBurst),
		}
		b.peers[p] = pb
	}
	return pb
}

// drop is an unsubscription.
func (b *budgets) drop(p peer.ID, topic string) {
	if pb := b.peers[p]; pb != nil {
		delete(pb.held, topic)
	}
}

// left is the end of a peer's last connection: it holds nothing any more, but its budget stays for a while.
func (b *budgets) left(p peer.ID, now time.Time) {
	if pb := b.peers[p]; pb != nil {
		clear(pb.held)
		pb.gone = now
	}
}

// holdings lists what each peer holds.
func (b *budgets) holdings() map[peer.ID][]string {
	held := make(map[peer.ID][]string)
	for p, pb := range b.peers {
		if len(pb.held) > 0 {
			held[p] = slices.Collect(maps.Keys(pb.held))
		}
	}
	return held
}

// revoke takes topics from a peer and says whether it keeps its connection.
func (b *budgets) revoke(p peer.ID, topics []string, now time.Time) (gentle bool) {
	pb := b.peers[p]
	if pb == nil {
		return true
	}
	for _, topic := range topics {
		delete(pb.held, topic)
	}
	if now.Sub(pb.lastRevoked) > forgetPeerAfter {
		pb.revokes = 0
	}
	pb.revokes, pb.lastRevoked = pb.revokes+1, now
	return pb.revokes <= revokeGentle
}

// sweep forgets, once a minute, who left long ago, and what a day has paid for.
func (b *budgets) sweep(now time.Time) {
	if now.Sub(b.swept) < time.Minute {
		return
	}
	b.swept = now
	for p, pb := range b.peers {
		if !pb.gone.IsZero() && now.Sub(pb.gone) > forgetPeerAfter {
			delete(b.peers, p)
		}
	}
	for key, sb := range b.subnets {
		if now.Sub(sb.used) > forgetSubnetAfter {
			delete(b.subnets, key)
		}
	}
}

// evictOldest makes room in a map that has limit entries: of some entries, in the map's random order, the one that was
// used longest ago goes. Entries with zero time are in use and stay while there is another.
func evictOldest[K comparable, V any](m map[K]V, limit int, used func(V) time.Time) {
	if len(m) < limit {
		return
	}
	const look = 32 // a full scan for each newcomer would be the better attack
	var oldest K
	var at time.Time
	n, found := 0, false
	for k, v := range m {
		u := used(v)
		if !found || at.IsZero() || (!u.IsZero() && u.Before(at)) {
			oldest, at, found = k, u, true
		}
		if n++; n >= look {
			break
		}
	}
	if found {
		delete(m, oldest)
	}
}
