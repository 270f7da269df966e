package gossip

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

// ErrProfile says that pubsub parameters cannot work together. The error names the first that cannot.
var ErrProfile = errors.New("these pubsub parameters cannot be used")

// PubSubOptions says who the peers are. The functions are called in pubsub's event loop: they must return at once and
// never call into pubsub.
type PubSubOptions struct {
	// IsRelay names the relays, before this node connects to them: fronts and clients speak pubsub with these and with
	// nobody else. A client names the one relay that it is client of. Needed in all profiles.
	IsRelay func(peer.ID) bool
	// Filter says which peer may hold which topics. Needed in the relay profile, unused in the others.
	Filter *CapFilter
	Log    *slog.Logger // nil = discard
}

// NewPubSub starts pubsub on h until ctx ends. A relay joins its pool topics before it listens: each later join is told
// to every connected peer.
func NewPubSub(ctx context.Context, h host.Host, profile Profile, o PubSubOptions) (*pubsub.PubSub, error) {
	if err := profile.Validate(); err != nil {
		return nil, err
	}
	if o.IsRelay == nil || (o.Filter == nil) != profile.RelaysOnly {
		return nil, fmt.Errorf("%w: %s profile: all must know the relays, and only a relay has a filter", ErrProfile, profile.Name)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	opts := []pubsub.Option{
		// The practice's signature is inside the payload, by its pseudonym; the sender's identity adds nothing but a trace.
		pubsub.WithMessageSignaturePolicy(pubsub.StrictNoSign),
		pubsub.WithNoAuthor(),
		pubsub.WithMessageIdFn(messageID),
		pubsub.WithSeenMessagesTTL(profile.SeenTTL),
		pubsub.WithMaxMessageSize(profile.MaxMessageBytes),
		pubsub.WithPeerOutboundQueueSize(profile.OutboundQueue),
		pubsub.WithValidateQueueSize(profile.ValidateQueue),
		pubsub.WithValidateThrottle(profile.ValidateThrottle),
		// pubsub logs peers and topics, and each stranger of a client as a warning.
		pubsub.WithLogger(slog.New(slog.DiscardHandler)),
		pubsub.WithRPCLogger(slog.New(slog.DiscardHandler)),
	}
	if profile.RelaysOnly {
		opts = append(opts, relaysOnly(profile, o.IsRelay)...)
	} else {
		o.Filter.attach(h, o.Log)
		opts = append(opts,
			pubsub.WithSubscriptionFilter(o.Filter),
			// A GRAFT needs no subscription: without this a stranger could graft itself into a pool's mesh.
			pubsub.WithPeerFilter(o.Filter.Serves),
			pubsub.WithAppSpecificRpcInspector(o.Filter.inspect),
		)
	}
	if profile.Floodsub {
		return pubsub.NewFloodSub(ctx, h, opts...)
	}
	opts = append(opts,
		pubsub.WithGossipSubParams(profile.gossip()),
		pubsub.WithFloodPublish(profile.FloodPublish),
		pubsub.WithPeerExchange(false),
	)
	if profile.Score != nil {
		opts = append(opts, profile.Score.option(o.IsRelay, profile))
	}
	if profile.Gater {
		// The numbers of Lotus, which others copied too (p2p.md 2.2).
		opts = append(opts, pubsub.WithPeerGater(pubsub.NewPeerGaterParams(0.33,
			pubsub.ScoreParameterDecay(2*time.Minute), pubsub.ScoreParameterDecay(10*time.Minute))))
	}
	return pubsub.NewGossipSub(ctx, h, opts...)
}

// messageID binds topic and whole payload: an ID over a part of them would let an invalid message take the place of a
// valid one, since IDs are marked as seen before messages are checked (p2p.md finding 14).
func messageID(m *pb.Message) string {
	h := sha256.New()
	h.Write([]byte(m.GetTopic()))
	h.Write([]byte{0})
	h.Write(m.GetData())
	return string(h.Sum(nil)[:messageIDBytes])
}

// messageIDBytes: 160 bits; IHAVE lists them.
const messageIDBytes = 20

func (p Profile) gossip() pubsub.GossipSubParams {
	g := pubsub.DefaultGossipSubParams()
	g.D, g.Dlo, g.Dhi, g.Dscore, g.Dout, g.Dlazy = p.D, p.Dlo, p.Dhi, p.Dscore, p.Dout, p.Dlazy
	g.GossipFactor = p.GossipFactor
	g.HistoryLength, g.HistoryGossip = p.HistoryLength, p.HistoryGossip
	g.HeartbeatInterval = p.Heartbeat
	g.FanoutTTL = p.FanoutTTL
	g.PruneBackoff, g.UnsubscribeBackoff = p.PruneBackoff, p.LeaveBackoff
	g.Connectors = 0 // they would dial what peer exchange names
	return g
}

func (s *Score) option(isRelay func(peer.ID) bool, p Profile) pubsub.Option {
	decay := func(d, interval float64) float64 { return math.Pow(pubsub.DefaultDecayToZero, interval/d) }
	interval := s.DecayInterval.Seconds()
	topic := pubsub.TopicScoreParams{
		TopicWeight:      1,
		TimeInMeshWeight: s.MeshWeight, TimeInMeshQuantum: s.MeshQuantum, TimeInMeshCap: s.MeshCap,
		FirstMessageDeliveriesWeight: s.FirstWeight, FirstMessageDeliveriesCap: s.FirstCap,
		FirstMessageDeliveriesDecay:    decay(s.Decay.Seconds(), interval),
		InvalidMessageDeliveriesWeight: s.InvalidWeight,
		InvalidMessageDeliveriesDecay:  decay(s.Decay.Seconds(), interval),
	}
	topics := map[string]*pubsub.TopicScoreParams{NetworkTopic: &topic}
	for zone := range maxZones {
		topics[PoolTopic(fmt.Sprintf("%02d", zone))] = &topic
	}
	params := &pubsub.PeerScoreParams{
		Topics: topics, TopicScoreCap: s.TopicCap,
		AppSpecificWeight: 1,
		AppSpecificScore: func(id peer.ID) float64 {
			if isRelay(id) {
				return s.Relay
			}
			return 0
		},
		BehaviourPenaltyWeight: s.BehaviourWeight, BehaviourPenaltyThreshold: s.BehaviourN,
		BehaviourPenaltyDecay: decay(s.BehaviourDecay.Seconds(), interval),
		DecayInterval:         s.DecayInterval, DecayToZero: pubsub.DefaultDecayToZero,
		RetainScore: s.Retain, SeenMsgTTL: p.SeenTTL,
	}
	return pubsub.WithPeerScore(params, &pubsub.PeerScoreThresholds{
		GossipThreshold: s.Gossip, PublishThreshold: s.Publish, GraylistThreshold: s.Graylist,
		AcceptPXThreshold: math.MaxFloat64, // never: a relay must not make a practice dial strangers
	})
}

// relaysOnly keeps subscriptions, which pubsub tells to every peer in clear (p2p.md finding 6), from all but relays.
func relaysOnly(profile Profile, isRelay func(peer.ID) bool) []pubsub.Option {
	return []pubsub.Option{
		pubsub.WithBlacklist(strangers(isRelay)),
		pubsub.WithAppSpecificRpcInspector(func(p peer.ID, _ *pubsub.RPC) error {
			if !isRelay(p) {
				return errStranger
			}
			return nil
		}),
		pubsub.WithSubscriptionFilter(&relayTopics{isRelay: isRelay, none: profile.Floodsub}),
	}
}

var errStranger = errors.New("not a relay")

// strangers is a pubsub.Blacklist of everybody but the relays.
type strangers func(peer.ID) bool

func (isRelay strangers) Add(peer.ID) bool { return false }

// Contains is also asked about the author of messages, who is never named.
func (isRelay strangers) Contains(p peer.ID) bool { return p != "" && !isRelay(p) }

// relayTopics takes subscriptions from relays only, and for a client from nobody, so that it has nobody to forward to.
type relayTopics struct {
	isRelay func(peer.ID) bool
	none    bool
}

func (r *relayTopics) CanSubscribe(topic string) bool { return isTopic(topic) }

func (r *relayTopics) FilterIncomingSubscriptions(p peer.ID, subs []*pb.RPC_SubOpts) ([]*pb.RPC_SubOpts, error) {
	if len(subs) > maxRPCSubscriptions {
		return nil, pubsub.ErrTooManySubscriptions
	}
	var taken []*pb.RPC_SubOpts
	for _, s := range subs {
		// What is left is bounded by the number of names that isPoolOrNetwork knows.
		if !r.none && r.isRelay(p) && isPoolOrNetwork(s.GetTopicid()) {
			taken = append(taken, s)
		}
	}
	return taken, nil
}

func isPoolOrNetwork(topic string) bool {
	_, pool := ZoneOfTopic(topic)
	return pool || topic == NetworkTopic
}

// isPubSub says whether a stream is one of pubsub's.
func isPubSub(id protocol.ID) bool {
	switch id {
	case pubsub.FloodSubID, pubsub.GossipSubID_v10, pubsub.GossipSubID_v11, pubsub.GossipSubID_v12, pubsub.GossipSubID_v13:
		return true
	}
	return false
}
