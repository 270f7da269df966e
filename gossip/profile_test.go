package gossip

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/host/blank"
	swarmt "github.com/libp2p/go-libp2p/p2p/net/swarm/testing"
)

// TestProfileTraps is p2p.md A23: parameters that pubsub takes, and then panics, goes deaf or punishes honest peers.
func TestProfileTraps(t *testing.T) {
	for _, p := range []Profile{RelayProfile(), FrontProfile(), ClientProfile()} {
		if err := p.Validate(); err != nil {
			t.Error(err)
		}
	}
	for name, spoil := range map[string]func(*Profile){
		"zero quantum panics":                    func(p *Profile) { p.Score.MeshQuantum = 0 },
		"heartbeat 0":                            func(p *Profile) { p.Heartbeat = 0 },
		"message below hello":                    func(p *Profile) { p.MaxMessageBytes = p.Topics*helloBytesPerTopic - 1; p.Topics *= 100 },
		"message below cycle":                    func(p *Profile) { p.MaxMessageBytes = 64 << 10 },
		"no topics":                              func(p *Profile) { p.Topics = 0 },
		"offers what is forgotten":               func(p *Profile) { p.HistoryGossip = p.HistoryLength + 1 },
		"D above Dhi":                            func(p *Profile) { p.D = p.Dhi + 1 },
		"Dout is half of D":                      func(p *Profile) { p.Dout = p.D / 2 },
		"Dlo 0":                                  func(p *Profile) { p.Dlo = 0 },
		"default gossip factor 0":                func(p *Profile) { p.GossipFactor = 0 },
		"no flood publish":                       func(p *Profile) { p.FloodPublish = false },
		"queue 0":                                func(p *Profile) { p.ValidateQueue = 0 },
		"seen shorter than offered":              func(p *Profile) { p.SeenTTL = 5 * time.Second },
		"graylist above publish":                 func(p *Profile) { p.Score.Graylist = p.Score.Publish },
		"positive threshold":                     func(p *Profile) { p.Score.Gossip = 1 },
		"invalid messages are free":              func(p *Profile) { p.Score.InvalidWeight = 0 },
		"one invalid message graylists a relay":  func(p *Profile) { p.Score.InvalidWeight = -2000 },
		"decay faster than its interval":         func(p *Profile) { p.Score.Decay = time.Second },
		"decay interval below a second":          func(p *Profile) { p.Score.DecayInterval = time.Millisecond },
		"a weight is not a number":               func(p *Profile) { p.Score.FirstWeight = math.NaN() },
		"no backoff: honest peers are penalised": func(p *Profile) { p.PruneBackoff = 0 },
	} {
		p := RelayProfile()
		spoil(&p)
		if err := p.Validate(); !errors.Is(err, ErrProfile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPubSubNeedsToKnowItsPeers(t *testing.T) {
	h := blankhost.NewBlankHost(swarmt.GenSwarm(t))
	defer h.Close()
	nobody := func(peer.ID) bool { return false }
	filter := NewCapFilter(CapConfig{IsRelay: nobody, Allowed: func(peer.ID) func(string) bool { return func(string) bool { return false } }})
	for name, try := range map[string]struct {
		profile Profile
		options PubSubOptions
	}{
		"relay without filter": {RelayProfile(), PubSubOptions{IsRelay: nobody}},
		"front with filter":    {FrontProfile(), PubSubOptions{IsRelay: nobody, Filter: filter}},
		"front without relays": {FrontProfile(), PubSubOptions{}},
		"spoiled profile":      {Profile{Name: "empty"}, PubSubOptions{IsRelay: nobody, Filter: filter}},
	} {
		if _, err := NewPubSub(context.Background(), h, try.profile, try.options); !errors.Is(err, ErrProfile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
