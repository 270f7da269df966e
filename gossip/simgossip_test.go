package gossip

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"
)

// star is relays that know each other, and fronts with k of them each.
func (s *sim) star(relays, fronts, k int) []*simNode {
	for range relays {
		s.relay(0, 0)
		time.Sleep(rand.N(time.Second)) // their hearts do not beat at the same time
	}
	for i, r := range s.relays {
		for _, other := range s.relays[:i] {
			r.connect(other.simNode)
		}
	}
	nodes := make([]*simNode, fronts)
	for i := range nodes {
		chosen := make([]*simRelay, 0, k)
		for _, j := range rand.Perm(relays)[:k] {
			chosen = append(chosen, s.relays[j])
		}
		nodes[i] = s.front(i, 0, 0, chosen...)
	}
	return nodes
}

// everyone lists all nodes of a star.
func (s *sim) everyone(fronts []*simNode) []*simNode {
	all := append([]*simNode{}, fronts...)
	for _, r := range s.relays {
		all = append(all, r.simNode)
	}
	return all
}

// spread publishes one sheet of each of some fronts and says how long they took to all others, and how many were lost.
func spread(all, publishers []*simNode, wait time.Duration) (took []time.Duration, lost int) {
	sent := make(map[[32]byte]time.Time)
	for _, f := range publishers {
		at := f.s.now()
		sent[f.publish(1, 8).Hash] = at
		time.Sleep(230 * time.Millisecond)
	}
	time.Sleep(wait)
	for _, n := range all {
		n.mu.Lock()
		for hash, at := range sent {
			if got, ok := n.arrived[hash]; ok {
				took = append(took, got.Sub(at))
			} else {
				lost++
			}
		}
		n.mu.Unlock()
	}
	return took, lost
}

// TestSpread200 is the budget of design.md 19: 200 nodes, links of 10 to 50 ms; 100 % delivered after sync, p99 below
// 1.2 s.
func TestSpread200(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("200 nodes: takes 20 s, and 20 times that with -race")
	}
	simulate(t, func(s *sim) {
		fronts := s.star(4, 196, 3)
		time.Sleep(5 * time.Second)
		took, lost := spread(s.everyone(fronts), fronts[:20], 10*time.Second)
		p50, p99, worst := quantile(took, 0.5), quantile(took, 0.99), quantile(took, 1)
		t.Logf("200 nodes, 20 sheets: p50 %s, p99 %s, max %s, lost before sync %d", p50, p99, worst, lost)
		if p99 > 1200*time.Millisecond {
			t.Errorf("p99 is %s", p99)
		}
		for i, r := range s.relays {
			r.sync(s.relays[(i+1)%len(s.relays)])
		}
		for _, f := range fronts {
			f.sync(f.relays[0])
		}
		missing := 0
		for _, n := range s.everyone(fronts) {
			for _, f := range fronts[:20] {
				if _, ok := n.pool.Lookup(f.sheet.pass.P); !ok {
					missing++
				}
			}
		}
		if missing > 0 {
			t.Errorf("%d sheets missing after sync", missing)
		}
		for _, r := range s.relays {
			if stats := r.feed.Stats(); stats.Rejected > 0 || r.abuses.Load() > 0 {
				t.Errorf("honest nodes were refused: %+v, %d abuses", stats, r.abuses.Load())
			}
		}
	})
}

// TestFirstMessageAfterConnect: without flood publish it is lost for a second (p2p.md finding 12).
func TestFirstMessageAfterConnect(t *testing.T) {
	simulate(t, func(s *sim) {
		for range 2 {
			s.relay(0, 0)
		}
		s.relays[0].connect(s.relays[1].simNode)
		time.Sleep(3 * time.Second)
		for i := range 5 {
			f := s.front(i, 0, 0, s.relays[0])
			time.Sleep(300 * time.Millisecond) // a round trip or two: identify, streams, hello
			sheet := f.publish(1, 3)
			time.Sleep(200 * time.Millisecond)
			if !s.relays[0].has(sheet) {
				t.Errorf("front %d: its first sheet is not at its relay after 200 ms", i)
			}
			time.Sleep(2 * time.Second)
			if !s.relays[1].has(sheet) {
				t.Errorf("front %d: its first sheet is not at the other relay", i)
			}
		}
	})
}

// TestPartitionHeals: an hour of two halves; both sides publish; after the cut relays sync and all pools are the same.
func TestPartitionHeals(t *testing.T) {
	simulate(t, func(s *sim) {
		left, right := s.relay(1, 0), s.relay(2, 0)
		left.connect(right.simNode)
		var fronts []*simNode
		for i := range 4 {
			fronts = append(fronts, s.front(i, 1, 0, left), s.front(100+i, 2, 0, right))
		}
		time.Sleep(3 * time.Second)
		for _, f := range fronts {
			f.publish(1, 4)
		}
		time.Sleep(5 * time.Second)
		s.setNet(0, func(from, to byte) bool { return from != to && from+to == 3 })
		time.Sleep(2 * time.Minute)
		for seq := uint64(2); seq < 5; seq++ {
			for _, f := range fronts {
				f.publish(seq, int(seq))
			}
			time.Sleep(20 * time.Minute)
		}
		if got, _ := left.pool.Lookup(fronts[1].sheet.pass.P); got.Sheet.Seq != 1 {
			t.Fatalf("the cut leaks: sequence %d", got.Sheet.Seq)
		}
		s.setNet(0, nil)
		left.connect(right.simNode)
		if r := left.sync(right); r.Received != 4 || r.Added != 4 {
			t.Errorf("left received %+v", r)
		}
		right.sync(left)
		at := s.now()
		if left.pool.Digest("506", at) != right.pool.Digest("506", at) {
			t.Error("relays differ after healing")
		}
		for _, f := range fronts {
			for _, r := range s.relays {
				if got, ok := r.pool.Lookup(f.sheet.pass.P); !ok || got.Sheet.Seq != 4 {
					t.Errorf("a relay has %v", got)
				}
			}
		}
	})
}

// TestPacketLoss: links that lose 5 and 20 % of the packets, and reorder the rest, only cost time.
func TestPacketLoss(t *testing.T) {
	for _, lost := range []float64{0.05, 0.2} {
		simulate(t, func(s *sim) {
			fronts := s.star(2, 8, 2)
			time.Sleep(3 * time.Second)
			s.setNet(lost, nil)
			took, missing := spread(s.everyone(fronts), fronts, 20*time.Second)
			s.setNet(0, nil)
			if lost < 0.1 && missing > 0 {
				t.Errorf("%.0f %% loss: %d of %d not delivered by gossip", 100*lost, missing, missing+len(took))
			}
			time.Sleep(30 * time.Second)
			s.relays[0].connect(s.relays[1].simNode)
			s.relays[0].sync(s.relays[1])
			s.relays[1].sync(s.relays[0])
			for _, f := range fronts {
				for _, r := range s.relays {
					f.connect(r.simNode)
					f.sync(r)
				}
				if f.pool.Len() != len(fronts) {
					t.Errorf("%.0f %% loss: a front has %d sheets after sync", 100*lost, f.pool.Len())
				}
			}
		})
	}
}

// TestSkewIsNeverPunished: clocks up to ten minutes off, an issuer key that some do not know yet, and nobody loses
// score.
func TestSkewIsNeverPunished(t *testing.T) {
	simulate(t, func(s *sim) {
		r := s.relay(0, 0)
		other := s.relay(0, 0)
		r.connect(other.simNode)
		fronts := []*simNode{s.front(0, 0, -10*time.Minute, r, other), s.front(1, 0, 10*time.Minute, r, other), s.front(2, 0, 14*time.Minute, r, other)}
		time.Sleep(3 * time.Second)
		for seq := uint64(1); seq < 30; seq++ {
			for _, f := range fronts {
				f.publish(seq, 2)
			}
			time.Sleep(20 * time.Second)
		}
		for i, want := range []bool{true, true, false} { // the third is beyond what is tolerated: ignored
			if _, ok := r.pool.Lookup(fronts[i].sheet.pass.P); ok != want {
				t.Errorf("front %d: in the pool %v", i, ok)
			}
		}
		if stats := r.feed.Stats(); stats.Rejected != 0 {
			t.Errorf("rejected %d sheets of honest nodes", stats.Rejected)
		}
		// Whoever was punished would not be heard any more.
		fronts[2].skew.Store(0)
		sheet := fronts[2].publish(100, 2)
		time.Sleep(2 * time.Second)
		if !r.has(sheet) || !other.has(sheet) {
			t.Error("a front is not heard after it set its clock")
		}
	})
}

// TestLateJoiner: gossip is not storage; one sync gives a newcomer everything, the next one nothing.
func TestLateJoiner(t *testing.T) {
	simulate(t, func(s *sim) {
		fronts := s.star(1, 5, 1)
		time.Sleep(3 * time.Second)
		for _, f := range fronts {
			f.publish(1, 10)
		}
		time.Sleep(time.Minute)
		late := s.front(99, 0, 0, s.relays[0])
		time.Sleep(2 * time.Second)
		if late.pool.Len() != 0 {
			t.Fatal("gossip delivered the past")
		}
		first, second := late.sync(s.relays[0]), late.sync(s.relays[0])
		if first.Added != 5 || !first.Same || second.Received != 0 || !second.Same {
			t.Errorf("first %+v, second %+v", first, second)
		}
		// A relay takes what a newly admitted front has: pubsub sends the same bytes only once in ten minutes.
		lonely := s.front(98, 0, 0)
		sheet := lonely.publish(1, 1)
		server := ServePool(lonely.host, ServeConfig{Now: lonely.now, Shelf: func(p peerID) Shelf {
			return Shelf{View: lonely.pool.View(), At: lonely.now(), Allowed: func(string) bool { return s.known(p) }, Relay: s.known(p)}
		}})
		defer server.Close()
		s.relays[0].connect(lonely)
		if r := s.relays[0].syncFrom(lonely); r.Added != 1 || !s.relays[0].has(sheet) {
			t.Errorf("relay fetched %+v from a front", r)
		}
		if _, err := SyncAll(context.Background(), late.host, lonely.host.ID(), late.pool, late.check); err == nil {
			t.Error("a front answered a stranger that it has no connection to")
		}
	})
}

// TestReplayAfterSeenTTL is p2p.md A5: once pubsub has forgotten a message, the pool's sequence numbers stop it.
func TestReplayAfterSeenTTL(t *testing.T) {
	simulate(t, func(s *sim) {
		fronts := s.star(2, 2, 2)
		time.Sleep(3 * time.Second)
		old := fronts[0].publish(1, 3)
		time.Sleep(2 * time.Second)
		newer := fronts[0].publish(2, 2)
		time.Sleep(RelayProfile().SeenTTL + 2*time.Minute)
		replays := s.relays[1].feed.Stats().Ignored
		topic := fronts[1].feed.topic
		for _, sheet := range []*Signed{old, newer} {
			if err := topic.Publish(context.Background(), sheet.Raw, asOwn); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(3 * time.Second)
		for _, r := range s.relays {
			if !r.has(newer) {
				t.Error("a replay changed a relay's pool")
			}
		}
		if got := s.relays[1].feed.Stats(); got.Rejected != 0 || got.Ignored != replays+2 {
			t.Errorf("the relay counts %+v, had ignored %d before", got, replays)
		}
		if n := fronts[0].feed.Stats(); n.Ignored != 0 {
			t.Errorf("a relay forwarded a replay: %+v", n)
		}
	})
}
