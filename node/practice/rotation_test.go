package practice

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"pieks/gossip"
)

func testRules() gossip.Rules {
	r := gossip.DefaultRules()
	r.Epoch = 24 * time.Hour
	return r
}

func TestActiveFront(t *testing.T) {
	rules := testRules()
	start := rules.EpochStart(1000)
	for _, c := range []struct {
		name    string
		offsets map[uint64]time.Duration
		at      time.Duration // after the start of epoch 1000
		want    uint64
		ok      bool
	}{
		{"nothing in stock", nil, 0, 0, false},
		{"first start before the offset", map[uint64]time.Duration{1000: 3 * time.Hour}, time.Hour, 1000, true},
		{"the old one goes on until the offset", map[uint64]time.Duration{999: 0, 1000: 3 * time.Hour}, time.Hour, 999, true},
		{"the new one takes over at the offset", map[uint64]time.Duration{999: 0, 1000: 3 * time.Hour}, 3 * time.Hour, 1000, true},
		{"no successor: the old one goes on to the end of its pass", map[uint64]time.Duration{999: 0}, 23 * time.Hour, 999, true},
		{"its pass has ended", map[uint64]time.Duration{999: 0}, 24 * time.Hour, 0, false},
		{"a later epoch is not used early", map[uint64]time.Duration{1000: 0, 1001: 0}, 23 * time.Hour, 1000, true},
	} {
		got, ok := schedule{rules, c.offsets}.active(start.Add(c.at))
		if got != c.want || ok != c.ok {
			t.Errorf("%s: got %d %v, want %d %v", c.name, got, ok, c.want, c.ok)
		}
	}
}

// With a pass for every epoch there is always exactly one active front, it changes only when next says, and each front's pass is good
// for the whole time that it is active.
func TestRotationHasNoGap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := testRules()
		rules.Epoch = time.Duration(rapid.Int64Range(10, 172800).Draw(t, "epoch")) * time.Second
		s := schedule{rules, map[uint64]time.Duration{}}
		for e := uint64(1000); e < 1006; e++ {
			s.offsets[e] = time.Duration(rapid.Int64Range(0, int64(rules.RotationSpread()/time.Second)).Draw(t, "offset")) * time.Second
		}
		now := rules.EpochStart(1001)
		for range 3 {
			active, ok := s.active(now)
			if !ok {
				t.Fatalf("no front at %s", now)
			}
			next := s.next(now, active)
			if _, end := rules.EpochSpan(active); next.After(end) || !next.After(now) {
				t.Fatalf("front %d is active until %s, its pass until %s", active, next, end)
			}
			if still, _ := s.active(next.Add(-time.Second)); still != active && next.Add(-time.Second).After(now) {
				t.Fatalf("front changed before %s", next)
			}
			if after, ok := s.active(next); !ok || after != active+1 {
				t.Fatalf("after %d came %d", active, after)
			}
			now = next
		}
	})
}

func TestOffsetStaysInSpread(t *testing.T) {
	rules := testRules()
	for range 1000 {
		if o := drawOffset(rules); o < 0 || o > rules.RotationSpread() || o%time.Second != 0 {
			t.Fatalf("offset %s", o)
		}
	}
}
