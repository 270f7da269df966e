package disclosure

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func itemsSince(n int, since time.Time) []waiting {
	out := make([]waiting, n)
	for i := range out {
		binary.BigEndian.PutUint64(out[i].id[:], rand.Uint64())
		out[i].since = since
	}
	return out
}

func TestPublishAtItsEdges(t *testing.T) {
	r := DefaultRules()
	before := noon.Add(-r.Cycle)
	for name, c := range map[string]struct {
		queue []waiting
		tick  time.Time
		want  int
	}{
		"nothing":                          {nil, noon, 0},
		"K":                                {itemsSince(20, before), noon, 20},
		"one less than K":                  {itemsSince(19, before), noon, 0},
		"K, one posted after the tick":     {append(itemsSince(19, before), itemsSince(1, noon)...), noon, 0},
		"K and one after the tick":         {append(itemsSince(20, before), itemsSince(1, noon)...), noon, 20},
		"three in a cycle":                 {itemsSince(3, before), noon, 0},
		"three, a cycle before MaxWait":    {itemsSince(3, noon.Add(-r.MaxWait+r.Cycle)), noon, 0},
		"three after MaxWait":              {itemsSince(3, noon.Add(-r.MaxWait)), noon, 3},
		"one after MaxWait takes others":   {append(itemsSince(1, noon.Add(-r.MaxWait)), itemsSince(2, before)...), noon, 3},
		"K, the clock was set back a day":  {itemsSince(20, noon.Add(18*time.Hour)), noon, 20},
		"one, the clock was set back":      {itemsSince(1, noon.Add(18*time.Hour)), noon, 0},
		"one, the clock was off by years":  {itemsSince(1, noon.AddDate(9, 0, 0)), noon, 1},
		"K, posted in a cycle that is new": {itemsSince(20, noon.Add(3*time.Hour)), noon, 0},
		"more than a list holds":           {itemsSince(maxItems+30, before), noon, maxItems},
	} {
		if got := r.publish(c.queue, c.tick, plainShuffle(1)); len(got) != c.want {
			t.Errorf("%s: %d items, want %d", name, len(got), c.want)
		}
	}
	late := append(itemsSince(maxItems, before), itemsSince(5, noon.Add(-r.MaxWait))...)
	got := r.publish(late, noon, plainShuffle(1))
	if n := len(slices.DeleteFunc(got, func(w waiting) bool { return w.since.Equal(before) })); n != 5 {
		t.Errorf("%d of 5 items whose time is over are in the list", n)
	}
}

// A relay's life in virtual time: items come as they like, the relay is away for some ticks, and looks more than once at others.
func TestPublicationInVirtualTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := Rules{K: rapid.IntRange(1, 12).Draw(t, "K"), Cycle: time.Duration(rapid.IntRange(1, 6).Draw(t, "cycle")) * time.Hour}
		rules.MaxWait = rules.Cycle * time.Duration(rapid.IntRange(1, 5).Draw(t, "cycles of MaxWait"))
		type post struct {
			at  time.Time
			out int
		}
		var queue []waiting
		posts, now := map[[16]byte]*post{}, noon.Add(time.Duration(rapid.IntRange(0, 7200).Draw(t, "start"))*time.Second)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			last := rules.Tick(now)
			now = now.Add(time.Duration(rapid.IntRange(0, 3*3600).Draw(t, "seconds")) * time.Second)
			away := rules.Tick(now).Sub(last) > rules.Cycle
			for range rapid.IntRange(0, 4).Draw(t, "posts") {
				w := itemsSince(1, rules.Tick(now))[0]
				queue, posts[w.id] = append(queue, w), &post{at: now}
			}
			for range rapid.IntRange(1, 2).Draw(t, "looks") {
				tick := rules.Tick(now)
				if tick.After(now) || now.Sub(tick) >= rules.Cycle || tick.Unix()%int64(rules.Cycle/time.Second) != 0 {
					t.Fatalf("tick %s at %s", tick, now)
				}
				overdue := slices.ContainsFunc(queue, func(w waiting) bool { return tick.Sub(w.since) >= rules.MaxWait })
				chosen := rules.publish(queue, tick, plainShuffle(rapid.Uint64().Draw(t, "shuffle")))
				if len(chosen) > 0 && len(chosen) < rules.K && !overdue {
					t.Fatalf("%d published, K is %d, and none was due", len(chosen), rules.K)
				}
				for _, w := range chosen {
					p := posts[w.id]
					if p.out++; p.out > 1 {
						t.Fatal("published twice")
					}
					if p.at.After(tick) {
						t.Fatal("published at a tick before it was posted")
					}
					if wait := tick.Sub(p.at); wait > rules.MaxWait && !away {
						t.Fatalf("waited %s, MaxWait is %s", wait, rules.MaxWait)
					}
				}
				queue = slices.DeleteFunc(queue, func(w waiting) bool { return posts[w.id].out > 0 })
				if slices.ContainsFunc(queue, func(w waiting) bool { return tick.Sub(w.since) >= rules.MaxWait }) {
					t.Fatal("somebody waits longer than MaxWait")
				}
				if again := rules.publish(queue, tick, plainShuffle(1)); len(again) > 0 {
					t.Fatal("a second look at the same tick publishes more")
				}
			}
		}
	})
}

// The order of a list says nothing of the order of the queue: each item is as often first as any other.
func TestOrderIsShuffled(t *testing.T) {
	r, queue := DefaultRules(), itemsSince(20, noon.Add(-6*time.Hour))
	first := map[[16]byte]int{}
	const rounds = 4000
	for range rounds {
		first[r.publish(queue, noon, shuffle)[0].id]++
	}
	for _, w := range queue {
		// 200 expected, standard deviation 14: seven of them are out of reach of chance.
		if n := first[w.id]; n < 100 || n > 300 {
			t.Errorf("an item is first %d times of %d", n, rounds)
		}
	}
}

func TestSpentOutlastsItsAuthorisation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := Rules{K: 1, Cycle: time.Duration(rapid.IntRange(1, 86400).Draw(t, "cycle")) * time.Second}
		expires := noon.Add(time.Duration(rapid.IntRange(0, 1e6).Draw(t, "expires")) * time.Second)
		until := rules.spentUntil(expires)
		if until.Before(expires.Add(spentMargin)) || until.Unix()%int64(rules.Cycle/time.Second) != 0 {
			t.Fatalf("expires %s, kept until %s", expires, until)
		}
	})
}

func TestRulesThatCannotBeFollowed(t *testing.T) {
	for _, r := range []Rules{{}, {K: 1}, {K: 1, Cycle: time.Hour}, {K: 0, Cycle: time.Hour, MaxWait: time.Hour}, {K: 1, Cycle: time.Hour, MaxWait: time.Minute}, {K: 1, Cycle: 1500 * time.Millisecond, MaxWait: time.Hour}, {K: 1, Cycle: -time.Hour, MaxWait: time.Hour}} {
		if r.valid() {
			t.Errorf("%+v", r)
		}
	}
	if !DefaultRules().valid() {
		t.Error("the default rules")
	}
}
