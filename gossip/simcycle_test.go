package gossip

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

// TestCyclesShowEverythingAtOnce: patients see a sheet at the tick, all at the same moment, and not before, by whatever
// way.
func TestCyclesShowEverythingAtOnce(t *testing.T) {
	simulate(t, func(s *sim) {
		relay := s.relay(0, 0)
		relay.broadcast()
		front := s.front(1, 0, 0, relay)
		clients := []*simClient{s.client(relay, 0, "506"), s.client(relay, 9*time.Minute, "506"), s.client(relay, -9*time.Minute, "506", "507")}
		elsewhere := s.client(relay, 0, "803")
		time.Sleep(5 * time.Second)
		sheet := front.publish(1, 5)
		time.Sleep(time.Minute)
		if !relay.has(sheet) {
			t.Fatal("the relay has not collected the sheet")
		}
		for i, c := range clients {
			r, err := SyncPool(context.Background(), c.host, relay.host.ID(), "506", c.pool, c.check)
			if err != nil || r.Received != 0 || c.pool.Len() != 0 {
				t.Errorf("client %d saw it before the tick: %+v %v", i, r, err)
			}
		}
		s.nextTick()
		var seen []time.Time
		for i, c := range clients {
			if !c.has(sheet) {
				t.Fatalf("client %d does not have it after the tick", i)
			}
			seen = append(seen, c.arrived[sheet.Hash])
			if states := c.states(); !slices.Contains(states, InStep) || slices.Contains(states, Differs) {
				t.Errorf("client %d: %v", i, states)
			}
		}
		if d := quantile([]time.Duration{seen[0].Sub(seen[1]).Abs(), seen[1].Sub(seen[2]).Abs()}, 1); d > 200*time.Millisecond {
			t.Errorf("patients saw it %s apart", d)
		}
		if elsewhere.pool.Len() != 0 {
			t.Error("a patient of another region got it")
		}

		// The list without the booked slots replaces it at the next tick; a tick without news keeps all in step.
		newer := front.publish(2, 4)
		s.nextTick()
		s.nextTick()
		for i, c := range append(clients, elsewhere) {
			if states := c.states(); len(states) < 2 || slices.ContainsFunc(states, func(s State) bool { return s != InStep }) {
				t.Errorf("client %d: %v", i, states)
			}
			if i < len(clients) && !c.has(newer) {
				t.Errorf("client %d has the old list", i)
			}
		}
	})
}

// TestSheetsJustBeforeATickWait: so that all relays have what the first one shows. The older sheet stays in view.
func TestSheetsJustBeforeATickWait(t *testing.T) {
	simulate(t, func(s *sim) {
		relay := s.relay(0, 0)
		relay.broadcast()
		front := s.front(1, 0, 0, relay)
		client := s.client(relay, 0, "506")
		time.Sleep(5 * time.Second)
		old := front.publish(1, 5)
		s.nextTick()
		time.Sleep(s.rules.NextTick(s.now()).Sub(s.now()) - releaseMargin)
		late := front.publish(2, 4)
		time.Sleep(releaseMargin + time.Second)
		if !relay.has(late) || !client.has(old) {
			t.Errorf("right after the tick: relay has the new one %v, client the old one %v", relay.has(late), client.has(old))
		}
		view, cycle := relay.cast.Released()
		if got, ok := view.Lookup(old.Sheet.Pass.P); !ok || got.Hash != old.Hash || cycle != s.rules.CycleAt(s.now()) {
			t.Error("the released view does not show the old one")
		}
		s.nextTick()
		if !client.has(late) {
			t.Error("not shown a cycle later")
		}
		if states := client.states(); slices.Contains(states, Differs) {
			t.Errorf("%v", states)
		}
	})
}

// TestARestartedRelayShowsWhatOthersShow: what was issued before the last tick, and after a sync with another relay.
func TestARestartedRelayShowsWhatOthersShow(t *testing.T) {
	simulate(t, func(s *sim) {
		a, b := s.relay(0, 0), s.relay(0, 0)
		a.broadcast()
		a.connect(b.simNode)
		front := s.front(1, 0, 0, a)
		time.Sleep(5 * time.Second)
		shown := front.publish(1, 5)
		s.nextTick()
		hidden := front.publish(2, 4)
		time.Sleep(time.Second)

		b.pool.Expire(noon.Add(48 * time.Hour)) // a relay without its store
		b.broadcast()
		if view, _ := b.cast.Released(); view.Len() != 0 {
			t.Fatal("shows what it cannot have")
		}
		third := s.front(2, 0, 0, a)
		time.Sleep(3 * time.Second)
		third.publish(1, 1)
		a.pool.Add(shown)
		b.sync(a)
		b.cast.CatchUp()
		view, _ := b.cast.Released()
		if got, ok := view.Lookup(hidden.Sheet.Pass.P); ok {
			t.Errorf("shows sequence %d before its tick", got.Sheet.Seq)
		}
		b.pool.Expire(noon.Add(48 * time.Hour))
		if _, err := b.pool.Add(must(b.check.Check(shown.Raw, ""))); err != nil {
			t.Fatal(err)
		}
		b.cast.CatchUp()
		if view, _ := b.cast.Released(); view.Len() != 1 {
			t.Error("does not show what others showed at the last tick")
		}
	})
}

// TestCyclesOfOneRelayStayThere: no message of a relay reaches another relay's patients, though the relays are
// connected, and patients publish nothing and forward nothing.
func TestCyclesOfOneRelayStayThere(t *testing.T) {
	simulate(t, func(s *sim) {
		a, b := s.relay(0, 0), s.relay(0, 0)
		a.connect(b.simNode)
		a.broadcast()
		front := s.front(1, 0, 0, a, b)
		mine, theirs := s.client(a, 0, "506"), s.client(b, 0, "506")
		mine.connect(theirs.simNode) // after hole punching a patient may be connected to others
		mine.connect(b.simNode)
		mine.connect(front)
		neighbour := s.newSpy()
		mine.connect(neighbour.simNode)
		front.connect(neighbour.simNode)
		time.Sleep(5 * time.Second)
		sheet := front.publish(1, 5)
		s.nextTick()
		if !mine.has(sheet) {
			t.Fatal("the patient of the broadcasting relay has nothing")
		}
		if theirs.pool.Len() != 0 || len(theirs.states()) != 0 {
			t.Error("the other relay's patient heard the broadcast")
		}
		if got := neighbour.listen(); len(got) != 0 {
			t.Errorf("a patient and a front told a neighbour %v", got)
		}
		if n := a.filter.Stats().Unheard + b.filter.Stats().Unheard; n != 0 {
			t.Errorf("a patient sent %d messages", n)
		}
	})
}

// TestMissedCyclesAndSync: a patient that was cut off sees at the first cycle after it that something is missing, and
// one sync brings it.
func TestMissedCyclesAndSync(t *testing.T) {
	simulate(t, func(s *sim) {
		relay := s.relay(1, 0)
		relay.broadcast()
		fronts := []*simNode{s.front(1, 1, 0, relay), s.front(2, 1, 0, relay)}
		client := s.client(relay, 0, "506")
		time.Sleep(5 * time.Second)
		fronts[0].publish(1, 5)
		s.nextTick()
		s.setNet(0, func(from, to byte) bool { return from != to })
		fronts[0].publish(2, 4)
		fronts[1].publish(1, 4)
		for range 3 {
			s.nextTick()
		}
		if states := client.states(); !slices.Equal(states, []State{InStep, Silent, Silent}) && !slices.Equal(states, []State{InStep, Silent, Silent, Silent}) {
			t.Errorf("while cut off: %v", states)
		}
		s.setNet(0, nil)
		client.connect(relay.simNode)
		s.nextTick()
		client.mu.Lock()
		var last Report
		if len(client.reports) > 0 {
			last = client.reports[len(client.reports)-1]
		}
		client.mu.Unlock()
		if last.State != Differs || last.Missed != 3 {
			t.Errorf("after it: %+v", last)
		}
		client.states()
		if r := client.sync(relay); !r.Same || r.Added != 2 {
			t.Errorf("sync: %+v", r)
		}
		s.nextTick()
		if states := client.states(); !slices.Equal(states, []State{InStep}) {
			t.Errorf("after the sync: %v", states)
		}
	})
}

// TestAnotherRegionFromTheNextCycle: the change of a postcode, with a patient that follows the rules.
func TestAnotherRegionFromTheNextCycle(t *testing.T) {
	simulate(t, func(s *sim) {
		relay := s.relay(0, 0)
		relay.broadcast()
		cologne, munich := s.front(1, 0, 0, relay), s.front(2, 0, 0, relay)
		relay.admitted.Store(munich.host.ID(), "50")
		client := s.client(relay, 3*time.Minute, "506")
		time.Sleep(5 * time.Second)
		cologne.publish(1, 5)
		sheet := munich.sheet.sheet(3)
		sheet.Area, sheet.Issued = "80331", unixOf(s.now())
		signed := munich.sheet.sign(t, sheet)
		if _, err := relay.pool.Add(must(relay.check.Check(signed.Raw, ""))); err != nil {
			t.Fatal(err)
		}
		s.nextTick()

		grant, err := relay.claims.Claim(client.host.ID(), Subnet{}, "803", nil, relay.now())
		if err != nil || grant.Effective != s.rules.CycleAt(s.now())+1 || !slices.Equal(grant.Regions, []string{"506"}) {
			t.Fatalf("%+v %v", grant, err)
		}
		client.listener.SetRegions([]string{"803"}, grant.Effective)
		time.Sleep(time.Minute)
		if got := client.listener.Regions(); !slices.Equal(got, []string{"506"}) {
			t.Errorf("listens to %v before the tick", got)
		}
		if _, err := SyncPool(context.Background(), client.host, relay.host.ID(), "803", client.pool, client.check); !errors.Is(err, ErrSyncRefused) {
			t.Errorf("asked for the new region too early: %v", err)
		}
		s.nextTick()
		if got := client.listener.Regions(); !slices.Equal(got, []string{"803"}) {
			t.Errorf("listens to %v after the tick", got)
		}
		if relay.filter.Stats().Revoked != 0 {
			t.Error("a patient that follows the rules was thrown out")
		}
		if r := client.sync(relay); r.Added != 1 || !r.Same || r.Regions != 1 {
			t.Errorf("sync after the change: %+v", r)
		}
		if _, err := SyncPool(context.Background(), client.host, relay.host.ID(), "506", client.pool, client.check); !errors.Is(err, ErrSyncRefused) {
			t.Errorf("asked for the old region: %v", err)
		}
		client.states()
		s.nextTick()
		if states := client.states(); !slices.Equal(states, []State{InStep}) {
			t.Errorf("in the new region: %v", states)
		}
	})
}

// TestRevoke: a patient that keeps a region that it may not see any more is out at the tick, before the broadcast; so is
// a front whose admission ended, though it sits in the mesh.
func TestRevoke(t *testing.T) {
	simulate(t, func(s *sim) {
		relay := s.relay(0, 0)
		relay.broadcast()
		front, former := s.front(1, 0, 0, relay), s.front(2, 0, 0, relay)
		client := s.client(relay, 0, "506")
		time.Sleep(5 * time.Second)
		front.publish(1, 5)
		s.nextTick()
		client.states()

		must(relay.claims.Claim(client.host.ID(), Subnet{}, "803", nil, relay.now()))
		relay.admitted.Delete(former.host.ID())
		secret := front.publish(2, 4)
		s.nextTick()
		if client.has(secret) || len(client.states()) != 0 {
			t.Error("the patient heard the broadcast of a region that it gave up")
		}
		if n := relay.filter.Stats().Revoked; n != 2 {
			t.Errorf("%d peers were revoked", n)
		}
		time.Sleep(20 * time.Second)
		next := front.publish(3, 3)
		time.Sleep(5 * time.Second)
		if former.has(next) {
			t.Error("a front without admission still hears the pool")
		}

		// Both come back by themselves once they may.
		relay.admitted.Store(former.host.ID(), "50")
		if err := former.feed.Announce(); err != nil {
			t.Fatal(err)
		}
		client.listener.SetRegions([]string{"803"}, 0)
		time.Sleep(15 * time.Second)
		again := front.publish(4, 2)
		time.Sleep(3 * time.Second)
		if !former.has(again) {
			t.Error("an admitted front does not hear the pool")
		}
		s.nextTick()
		if states := client.states(); len(states) == 0 || states[len(states)-1] != InStep {
			t.Errorf("the patient in its new region: %v", states)
		}
	})
}

// TestAdmissionAfterJoining: subscriptions made before admission are dropped, and announced anew after it.
func TestAdmissionAfterJoining(t *testing.T) {
	simulate(t, func(s *sim) {
		relay := s.relay(0, 0)
		relay.broadcast()
		publisher := s.front(1, 0, 0, relay)
		front := s.front(2, 0, 0)
		front.connect(relay.simNode)
		client := s.client(relay, 0)
		client.listener.SetRegions([]string{"506"}, 0)
		time.Sleep(5 * time.Second)
		first := publisher.publish(1, 1)
		s.nextTick()
		if front.has(first) || client.has(first) || relay.filter.Stats().Refused[AbuseNotAllowed] == 0 {
			t.Fatal("strangers hear the relay")
		}
		relay.admitted.Store(front.host.ID(), "50")
		must(relay.claims.Claim(client.host.ID(), Subnet{}, "506", nil, relay.now()))
		if err := errors.Join(front.feed.Announce(), client.listener.Announce()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		second := publisher.publish(2, 2)
		time.Sleep(3 * time.Second)
		if !front.has(second) {
			t.Error("an admitted front does not hear the pool")
		}
		s.nextTick()
		if !client.has(second) {
			t.Error("an admitted patient does not hear the cycle")
		}
	})
}

// TestAWrongClockIsNotForEver: a relay whose clock was three hours ahead broadcasts again as soon as it is right.
func TestAWrongClockIsNotForEver(t *testing.T) {
	simulate(t, func(s *sim) {
		relay := s.relay(0, 3*time.Hour)
		relay.broadcast()
		client := s.client(relay, 0, "506")
		time.Sleep(12 * time.Minute)
		if states := client.states(); slices.Contains(states, InStep) {
			t.Errorf("with a clock three hours ahead: %v", states)
		}
		relay.skew.Store(0)
		must(relay.claims.Claim(client.host.ID(), Subnet{}, "506", nil, relay.now()))
		time.Sleep(12 * time.Minute)
		if states := client.states(); !slices.Contains(states, InStep) {
			t.Errorf("after it was set: %v", states)
		}
	})
}

func TestListenerAndFeedEnd(t *testing.T) {
	simulate(t, func(s *sim) {
		relay := s.relay(0, 0)
		front := s.front(1, 0, 0, relay)
		client := s.client(relay, 0, "506")
		time.Sleep(time.Second)
		for range 2 {
			if err := errors.Join(client.listener.Close(), front.feed.Close()); err != nil {
				t.Errorf("close: %v", err)
			}
		}
		if err := client.listener.SetRegions(nil, 0); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		if err := client.listener.Announce(); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		if err := front.feed.Announce(); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		if front.feed, _ = JoinPool(front.ps, "50", front.check, front.pool, nil); front.feed == nil {
			t.Error("cannot join again after leaving")
		}
		if _, err := JoinPool(front.ps, "506", front.check, front.pool, nil); err == nil {
			t.Error("joined a zone that does not exist")
		}
		if err := client.listener.SetRegions([]string{"*"}, 0); err == nil {
			t.Error("listens to everything")
		}
	})
}
