package gossip

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	p2pnet "github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Abuse is why a subscription was not taken.
type Abuse string

// The kinds of abuse. Honest peers cause AbuseNotAllowed when they subscribe before they were admitted.
const (
	AbuseFlood      Abuse = "flood"       // one RPC named more topics than anybody needs; all of it was dropped
	AbuseTopic      Abuse = "topic"       // not a topic of this network
	AbuseNotAllowed Abuse = "not-allowed" // a topic that this peer may not hold now
	AbuseCap        Abuse = "cap"         // more topics at a time than a peer may hold
	AbuseRate       Abuse = "rate"        // new topics faster than a peer may take them
	AbuseSubnet     Abuse = "subnet"      // new topics faster than a subnet may take them
)

// CapConfig says who may hold what. Its functions are called in pubsub's event loop: they must return at once and never
// call into pubsub.
type CapConfig struct {
	// Allowed says which topics a peer may hold now. Every peer may hold NetworkTopic; it is not asked for that.
	Allowed func(p peer.ID) func(topic string) bool
	// IsRelay names the relays of the network: they hold more topics and count in no subnet.
	IsRelay func(peer.ID) bool
	// LimitLocal counts loopback and private addresses as subnets like any other.
	LimitLocal bool
	// OnAbuse is told of each subscription that was not taken; nil = only counted.
	OnAbuse func(peer.ID, Abuse)
	Now     func() time.Time // nil = time.Now
}

// CapFilter decides which subscriptions of other peers count, and who is heard and served on a topic. Its budgets are
// cumulative: they hold over many RPCs, and over reconnects. It is safe for concurrent use.
type CapFilter struct {
	cfg  CapConfig
	host host.Host
	log  *slog.Logger

	mu      sync.Mutex
	budgets budgets
	revoked uint64
	unheard uint64
	refused map[Abuse]uint64
}

// NewCapFilter makes a filter. NewPubSub puts it to work.
func NewCapFilter(cfg CapConfig) *CapFilter {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &CapFilter{cfg: cfg, log: slog.New(slog.DiscardHandler), budgets: newBudgets(), refused: make(map[Abuse]uint64)}
}

// attach tells the filter where peers come from and when they leave.
func (f *CapFilter) attach(h host.Host, log *slog.Logger) {
	f.host, f.log = h, log
	h.Network().Notify(&p2pnet.NotifyBundle{DisconnectedF: func(n p2pnet.Network, c p2pnet.Conn) {
		if n.Connectedness(c.RemotePeer()) != p2pnet.Connected {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.budgets.left(c.RemotePeer(), f.cfg.Now())
		}
	}})
}

// CanSubscribe is part of pubsub.SubscriptionFilter: which topics this node may join itself.
func (f *CapFilter) CanSubscribe(topic string) bool { return isTopic(topic) }

// FilterIncomingSubscriptions is part of pubsub.SubscriptionFilter. Subscriptions over budget are left out, the others
// count. It keeps the order and does not fold pairs, as pubsub.FilterSubscriptions would.
func (f *CapFilter) FilterIncomingSubscriptions(p peer.ID, subs []*pb.RPC_SubOpts) ([]*pb.RPC_SubOpts, error) {
	if len(subs) > maxRPCSubscriptions {
		f.refuse(p, AbuseFlood, len(subs))
		return nil, fmt.Errorf("%d subscriptions in one RPC: %w", len(subs), pubsub.ErrTooManySubscriptions)
	}
	relay, allowed := f.cfg.IsRelay(p), f.cfg.Allowed(p)
	var subnet Subnet
	if !relay {
		subnet = f.subnet(p)
	}
	now := f.cfg.Now()
	taken := make([]*pb.RPC_SubOpts, 0, len(subs))
	not := make(map[Abuse]int)
	for _, s := range subs {
		if why := f.judge(p, subnet, s, relay, allowed, now); why != "" {
			not[why]++
			continue
		}
		taken = append(taken, s)
	}
	for why, n := range not {
		f.refuse(p, why, n)
	}
	return taken, nil
}

// judge says why a subscription is not taken, "" when it is. The filter's lock is not held while others are asked.
func (f *CapFilter) judge(p peer.ID, from Subnet, s *pb.RPC_SubOpts, relay bool, allowed func(string) bool, now time.Time) Abuse {
	topic := s.GetTopicid()
	if s.GetSubscribe() {
		if !isTopic(topic) {
			return AbuseTopic
		}
		if topic != NetworkTopic && !allowed(topic) {
			return AbuseNotAllowed
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !s.GetSubscribe() {
		f.budgets.drop(p, topic)
		return ""
	}
	return f.budgets.take(p, from, topic, relay, now)
}

// refuse counts and tells. An honest peer of another version must not be silently deaf (p2p.md A3): the relay's status
// shows these numbers. The log names no peer and no topic.
func (f *CapFilter) refuse(p peer.ID, why Abuse, n int) {
	f.mu.Lock()
	f.refused[why] += uint64(n)
	f.mu.Unlock()
	f.log.Debug("subscriptions not taken", "why", string(why), "count", n)
	if f.cfg.OnAbuse != nil {
		f.cfg.OnAbuse(p, why)
	}
}

// subnet is where a peer's first direct connection comes from: pubsub runs over nothing else.
func (f *CapFilter) subnet(p peer.ID) Subnet {
	if f.host == nil {
		return Subnet{}
	}
	for _, c := range f.host.Network().ConnsToPeer(p) {
		if s := SubnetOf(c.RemoteMultiaddr(), f.cfg.LimitLocal); s.Counts() {
			return s
		}
	}
	return Subnet{}
}

// Serves says whether a peer may be served on a topic now. It is a pubsub.PeerFilter.
func (f *CapFilter) Serves(p peer.ID, topic string) bool {
	return topic == NetworkTopic || isTopic(topic) && f.cfg.Allowed(p)(topic)
}

// inspect drops, before pubsub marks them as seen, messages of peers that may not speak on their topic: strangers cost
// no check, and cannot have a sheet ignored that its practice sends a moment later. Nobody speaks on cycle topics.
func (f *CapFilter) inspect(p peer.ID, rpc *pubsub.RPC) error {
	messages := rpc.GetPublish()
	if len(messages) == 0 {
		return nil
	}
	kept := messages[:0:len(messages)]
	for _, m := range messages {
		if isPoolOrNetwork(m.GetTopic()) && f.Serves(p, m.GetTopic()) {
			kept = append(kept, m)
		}
	}
	if dropped := len(messages) - len(kept); dropped > 0 {
		f.mu.Lock()
		f.unheard += uint64(dropped)
		f.mu.Unlock()
	}
	rpc.Publish = kept
	return nil
}

// Revoke takes topics away from peers that hold what they may no longer hold, and says from how many peers. Pubsub has
// no such call, so it resets the pubsub streams of these peers, both ways since a mesh outlives the subscription; they
// then say anew what they want. A peer that needs this again and again within minutes is disconnected. The broadcaster
// calls it at each tick. It does not wait until pubsub has heard of the reset.
func (f *CapFilter) Revoke() int {
	now := f.cfg.Now()
	f.mu.Lock()
	held := f.budgets.holdings()
	f.mu.Unlock()
	gentle := make(map[peer.ID]bool)
	for p, topics := range held {
		topics = slices.DeleteFunc(topics, func(topic string) bool { return f.Serves(p, topic) })
		if len(topics) > 0 {
			f.mu.Lock()
			gentle[p] = f.budgets.revoke(p, topics, now)
			f.revoked++
			f.mu.Unlock()
		}
	}
	if f.host == nil {
		return len(gentle)
	}
	for p, g := range gentle {
		if !g {
			_ = f.host.Network().ClosePeer(p)
			continue
		}
		for _, c := range f.host.Network().ConnsToPeer(p) {
			for _, s := range c.GetStreams() {
				if isPubSub(s.Protocol()) {
					_ = s.Reset()
				}
			}
		}
	}
	return len(gentle)
}

// CapStats are numbers for the relay's status, nothing of anybody.
type CapStats struct {
	Peers, Subnets int              // budgets kept now
	Topics         int              // topics held by all peers together
	Revoked        uint64           // how often Revoke took something from a peer
	Refused        map[Abuse]uint64 // subscriptions not taken
	Unheard        uint64           // messages dropped because their sender may not speak on the topic
}

// Stats returns the counters since the start.
func (f *CapFilter) Stats() CapStats {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := CapStats{
		Peers: len(f.budgets.peers), Subnets: len(f.budgets.subnets),
		Revoked: f.revoked, Refused: maps.Clone(f.refused), Unheard: f.unheard,
	}
	for _, b := range f.budgets.peers {
		s.Topics += len(b.held)
	}
	return s
}
