package admission

import (
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	ma "github.com/multiformats/go-multiaddr"

	"pieks/gossip"
)

var _ relay.ACLFilter = (*Server)(nil)

// who is what the relay knows of a peer at this moment.
func (s *Server) who(p peer.ID) (kind Kind, region string, now time.Time) {
	now = s.cfg.Now()
	if s.cfg.IsRelay(p) {
		return Relay, "", now
	}
	s.mu.Lock()
	g, ok := s.roll.of(p, now)
	s.mu.Unlock()
	if ok {
		return g.kind, g.region, now
	}
	return Stranger, "", now
}

// KindOf says what a peer is now.
func (s *Server) KindOf(p peer.ID) Kind {
	kind, _, now := s.who(p)
	if kind == Stranger && len(s.claims.Effective(p, now)) > 0 {
		return Client
	}
	return kind
}

// AllowReserve lets admitted fronts and desks reserve a circuit, for circuit v2.
func (s *Server) AllowReserve(p peer.ID, _ ma.Multiaddr) bool {
	kind, _, _ := s.who(p)
	return kind == Front || kind == Desk
}

// AllowConnect lets anyone connect to who has a reservation, for circuit v2.
func (s *Server) AllowConnect(peer.ID, ma.Multiaddr, peer.ID) bool { return true }

// AllowedTopics says which gossip topics a peer may hold now, for gossip.CapConfig: a relay all pools, a front the pool of its
// zone, a client the cycles of its effective regions.
func (s *Server) AllowedTopics(p peer.ID) func(topic string) bool {
	kind, region, now := s.who(p)
	switch kind {
	case Relay:
		return func(topic string) bool { _, ok := gossip.ZoneOfTopic(topic); return ok }
	case Front:
		own := s.zone(region)
		return func(topic string) bool { zone, ok := gossip.ZoneOfTopic(topic); return ok && zone == own }
	case Desk:
		return nothing
	}
	regions := s.claims.Effective(p, now)
	return func(topic string) bool {
		region, ok := gossip.RegionOfTopic(topic)
		return ok && slices.Contains(regions, region)
	}
}

// AllowedRegions says which regions a peer may see now, for the pool sync: a relay all, a front those of its zone, a client
// its effective regions.
func (s *Server) AllowedRegions(p peer.ID) func(region string) bool {
	kind, region, now := s.who(p)
	switch kind {
	case Relay:
		return func(string) bool { return true }
	case Front:
		own := s.zone(region)
		return func(region string) bool { return own != "" && s.zone(region) == own }
	case Desk:
		return nothing
	}
	regions := s.claims.Effective(p, now)
	return func(region string) bool { return slices.Contains(regions, region) }
}

func nothing(string) bool { return false }

// zone is the zone of a region, "" when there is no such region.
func (s *Server) zone(region string) string {
	policy := s.cfg.Policy()
	if policy == nil || !policy.Map.HasRegion(region) {
		return ""
	}
	return policy.Map.Zone(region)
}

// Counts are numbers for the relay's status, nothing of anybody.
type Counts struct {
	Clients, Fronts, Desks int    // known now
	Refused                uint64 // hellos since the start
	Full                   uint64 // of them, clients that came when no more were taken
}

// Counts returns how many peers are known now and how many hellos were refused.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Counts{Clients: s.claims.Len(), Fronts: s.roll.counts[Front], Desks: s.roll.counts[Desk], Refused: s.refused.Load(), Full: s.full.Load()}
}
