package gossip

import (
	"fmt"
	"math"
	"time"
)

// Profile is one column of the parameter table below. Take one of the three and change what a test needs.
type Profile struct {
	Name string
	// Floodsub speaks only floodsub: every relay pushes every message to such a peer, which keeps no mesh.
	Floodsub bool
	// RelaysOnly opens pubsub streams only to relays and hears only them.
	RelaysOnly bool
	// Topics is how many topics a node of this kind is ever in; its hello names all of them in one RPC.
	Topics int

	D, Dlo, Dhi, Dscore, Dout, Dlazy int
	GossipFactor                     float64
	HistoryLength, HistoryGossip     int
	Heartbeat                        time.Duration
	FanoutTTL                        time.Duration
	PruneBackoff, LeaveBackoff       time.Duration
	FloodPublish                     bool
	SeenTTL                          time.Duration
	MaxMessageBytes                  int
	OutboundQueue, ValidateQueue     int // messages
	ValidateThrottle                 int // checks under way
	Gater                            bool
	Score                            *Score // nil = no scoring
}

// Score is how peers are judged. All weights are per topic but Relay and Behaviour.
type Score struct {
	MeshWeight, MeshCap         float64
	MeshQuantum                 time.Duration
	FirstWeight, FirstCap       float64
	InvalidWeight               float64 // times the square of invalid messages
	TopicCap                    float64
	Relay                       float64 // for relays of the bundle
	BehaviourWeight, BehaviourN float64 // times the square of what is above BehaviourN
	Decay, BehaviourDecay       time.Duration
	DecayInterval               time.Duration
	Retain                      time.Duration
	Gossip, Publish, Graylist   float64 // thresholds
}

// The parameter table. Each line gives relay and front and the reason; measured figures are in p2p.md 2, 3 and 7.3.
//
//	parameter          relay     front     why
//	D / Dlo / Dhi      8/6/24    2/1/12    relays are a star's middle; for the front's column see FrontProfile
//	Dscore, Dout       6, 3      1, 0      Dout < D/2 keeps links that this node chose itself; a front chose all of its own
//	Dlazy, factor      12, 1.0   6, 0.5    with factor 0.25 a star of relays loses 8 to 36 % of the sheets, with 1.0 none
//	history            12 / 6    12 / 6    six seconds to repair, negligible memory
//	heartbeat          1 s       1 s       0.7 s only adds duplicates
//	flood publish      on        on        without it the first message after a connect is lost; it also is what pushes cycles
//	fanout TTL         60 s      60 s      default
//	prune backoff      60 s      60 s      must be the same everywhere, else honest peers collect behaviour penalties
//	leave backoff      10 s      10 s      same
//	seen TTL           10 min    10 min    after that the pool's sequence numbers refuse a replay
//	max message        256 KiB   256 KiB   a hello is one RPC that is never split: 128 topics take 10 KB; a 60 KiB cycle fits
//	queues out/val     256/512   128/256   the default of 32 drops bursts; a client's is 64 / 256
//	checks under way   512       256       each is below 0.25 ms of one core
//	peer gater         on        off       only relays meet strangers
//	peer exchange      off       off       a relay would tell practices each other's addresses, which ties a pseudonym to a practice
//
//	score              both      why
//	P1 mesh time       0.01/s to 3         a little for staying; the quantum must never be 0 (division by zero in score.go)
//	P2 first delivery  1, decay 1 h, to 20 a little for being useful
//	P3 mesh delivery   0         topics are quiet for hours: a quiet honest peer would look like a silent one
//	P4 invalid         -100, decay 1 h     squared: 1 is -100, 2 are -400, 4 are -1,600, graylisted for 25 minutes
//	P5 relay           +100      a relay survives one invalid message that it forwarded before its own bundle was renewed
//	P6 shared address  0         31 patients behind one clinic's NAT would all be graylisted; CapFilter counts subnets instead
//	P7 behaviour       -10 above 6, decay 10 min
//	thresholds         gossip -100, publish -500, graylist -1,000; peer exchange is never accepted
//
// Client: floodsub, so that the relay pushes each message at once (p50 64 ms instead of 761 ms), no score, no mesh,
// nothing forwarded.
func common(name string) Profile {
	return Profile{
		Name: name, HistoryLength: 12, HistoryGossip: 6, Heartbeat: time.Second, FanoutTTL: time.Minute,
		PruneBackoff: time.Minute, LeaveBackoff: 10 * time.Second, FloodPublish: true,
		SeenTTL: 10 * time.Minute, MaxMessageBytes: 256 << 10,
	}
}

func standardScore() *Score {
	return &Score{
		MeshWeight: 0.01, MeshCap: 300, MeshQuantum: time.Second,
		FirstWeight: 1, FirstCap: 20, InvalidWeight: -100, TopicCap: 50, Relay: 100,
		BehaviourWeight: -10, BehaviourN: 6, Decay: time.Hour, BehaviourDecay: 10 * time.Minute,
		DecayInterval: time.Second, Retain: time.Hour,
		Gossip: -100, Publish: -500, Graylist: -1000,
	}
}

// RelayProfile is for relays.
func RelayProfile() Profile {
	p := common("relay")
	p.Topics = maxRelayTopics
	p.D, p.Dlo, p.Dhi, p.Dscore, p.Dout, p.Dlazy, p.GossipFactor = 8, 6, 24, 6, 3, 12, 1
	p.OutboundQueue, p.ValidateQueue, p.ValidateThrottle = 256, 512, 512
	p.Gater, p.Score = true, standardScore()
	return p
}

// FrontProfile is for a practice's front hosts. A front that wants all of its three relays in its mesh takes them in
// one heartbeat, and none of them offers it what passed just before: of 4,000 deliveries one was lost and the slowest took
// 6 s. With one or two in the mesh the others still offer: none lost, slowest 1.1 s (TestSpread200).
func FrontProfile() Profile {
	p := common("front")
	p.RelaysOnly, p.Topics = true, maxPeerTopics
	p.D, p.Dlo, p.Dhi, p.Dscore, p.Dout, p.Dlazy, p.GossipFactor = 2, 1, 12, 1, 0, 6, 0.5
	p.OutboundQueue, p.ValidateQueue, p.ValidateThrottle = 128, 256, 256
	p.Score = standardScore()
	return p
}

// ClientProfile is for patients. A client hears one relay, forwards nothing and never publishes.
func ClientProfile() Profile {
	p := common("client")
	p.Floodsub, p.RelaysOnly, p.Topics = true, true, maxPeerTopics
	p.OutboundQueue, p.ValidateQueue, p.ValidateThrottle = 64, 256, 256
	return p
}

// Validate refuses parameters that would panic, silence a node, or get honest peers punished (p2p.md A23). The error
// wraps ErrProfile and names the first that does.
func (p Profile) Validate() error {
	type rule struct {
		ok   bool
		want string
	}
	check := func(rules ...rule) error {
		for _, r := range rules {
			if !r.ok {
				return fmt.Errorf("%w: %s profile: %s", ErrProfile, p.Name, r.want)
			}
		}
		return nil
	}
	err := check(
		rule{p.Topics > 0 && p.MaxMessageBytes >= p.Topics*helloBytesPerTopic, "a hello with all topics must fit into the largest message, else peers never learn any"},
		rule{p.MaxMessageBytes >= 2*maxCycleBytes, "a cycle message must fit into the largest message"},
		rule{p.OutboundQueue > 0 && p.ValidateQueue > 0 && p.ValidateThrottle > 0, "queues must have room"},
		rule{p.SeenTTL >= time.Duration(p.HistoryLength)*p.Heartbeat && p.SeenTTL > 0, "messages must be remembered longer than they are offered"},
	)
	if err != nil || p.Floodsub {
		return err
	}
	err = check(
		rule{p.Heartbeat >= 100*time.Millisecond, "the heart must beat, at most ten times a second"},
		rule{0 < p.HistoryGossip && p.HistoryGossip <= p.HistoryLength, "what is offered must still be there"},
		rule{0 < p.Dlo && p.Dlo <= p.D && p.D <= p.Dhi && p.Dscore <= p.Dhi, "0 < Dlo <= D <= Dhi and Dscore <= Dhi"},
		rule{p.Dout < p.Dlo && 2*p.Dout < p.D, "Dout < Dlo and Dout < D/2"},
		rule{p.Dlazy > 0 && p.GossipFactor > 0 && p.GossipFactor <= 1, "gossip must reach someone outside the mesh"},
		rule{p.FloodPublish, "without flood publish the first message after a connect is lost, and no cycle reaches all patients"},
		rule{p.FanoutTTL > 0 && p.PruneBackoff > 0 && p.LeaveBackoff > 0, "times must not be zero"},
	)
	if err != nil || p.Score == nil {
		return err
	}
	s := p.Score
	return check(
		rule{s.MeshQuantum > 0, "the time quantum of the score must not be zero: pubsub divides by it"},
		rule{s.DecayInterval >= time.Second && s.Decay > s.DecayInterval && s.BehaviourDecay > s.DecayInterval, "scores decay every second or slower, over longer times"},
		rule{s.Graylist < s.Publish && s.Publish < s.Gossip && s.Gossip < 0, "graylist < publish < gossip < 0"},
		rule{s.InvalidWeight < 0 && s.BehaviourWeight < 0 && s.BehaviourN >= 0, "faults must cost"},
		rule{s.InvalidWeight+s.Relay > s.Graylist, "one invalid message must not graylist a relay"},
		rule{s.MeshWeight >= 0 && s.MeshCap > 0 && s.FirstWeight >= 0 && s.FirstCap > 0 && s.TopicCap > 0 && s.Relay >= 0, "merits must not cost"},
		rule{!math.IsNaN(s.MeshWeight + s.FirstWeight + s.InvalidWeight + s.Relay + s.BehaviourWeight), "numbers must be numbers"},
	)
}
