package inbound

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestRateGivesABurstAndThenOneStepAtATime(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	r := NewRate(3, time.Second, func() time.Time { return now })
	for i := range 3 {
		if !r.Allow("a") {
			t.Fatalf("refused number %d of the burst", i)
		}
	}
	if r.Allow("a") {
		t.Error("allowed more than the burst")
	}
	if !r.Allow("b") {
		t.Error("one key's budget counts against another")
	}
	now = now.Add(time.Second - 1)
	if r.Allow("a") {
		t.Error("allowed a nanosecond early")
	}
	now = now.Add(1)
	if !r.Allow("a") || r.Allow("a") {
		t.Error("want exactly one after one step")
	}
	now = now.Add(-time.Hour)
	if !r.Allow("a") {
		t.Error("refused for an hour after the clock was set back")
	}
	for range 100 {
		if !r.Allow("") {
			t.Fatal("the source without limits was limited")
		}
	}
}

func TestRateForgetsOnlyFullBudgets(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	r := NewRate(2, time.Second, func() time.Time { return now })
	for i := range maxKeys {
		r.Allow(fmt.Sprint(i))
	}
	if r.Known() != maxKeys {
		t.Fatalf("known %d, want %d", r.Known(), maxKeys)
	}
	// A flood of new keys shares one budget, and takes nothing from the known ones.
	if !r.Allow("new 1") || !r.Allow("new 2") || r.Allow("new 3") {
		t.Error("want a burst of 2 for all further keys together")
	}
	if !r.Allow("7") || r.Allow("7") {
		t.Error("a flood changed the budget of a known key")
	}
	now = now.Add(time.Hour)
	if !r.Allow("new 4") || r.Known() > 2 {
		t.Errorf("after an hour %d keys are known, want them forgotten", r.Known())
	}
}

// However calls are spread, no span of time sees more than the burst and one per step.
func TestRateNeverExceedsItsBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		burst := rapid.IntRange(1, 8).Draw(t, "burst")
		now := time.Unix(1_000_000, 0)
		r := NewRate(burst, time.Second, func() time.Time { return now })
		var allowed []time.Time
		for range rapid.IntRange(1, 60).Draw(t, "calls") {
			now = now.Add(time.Duration(rapid.IntRange(0, 1500).Draw(t, "gap ms")) * time.Millisecond)
			if r.Allow("k") {
				allowed = append(allowed, now)
			}
		}
		for i := range allowed {
			for j := i; j < len(allowed); j++ {
				if most := burst + int(allowed[j].Sub(allowed[i])/time.Second); j-i+1 > most {
					t.Fatalf("%d allowed within %s, at most %d", j-i+1, allowed[j].Sub(allowed[i]), most)
				}
			}
		}
	})
}
