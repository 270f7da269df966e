package gossip

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pieks/gossip/wire"
)

func TestRulesOfDesign(t *testing.T) {
	r := DefaultRules()
	if err := r.Validate(); err != nil {
		t.Fatal(err)
	}
	tick := time.Date(2026, 12, 1, 11, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct{ got, want time.Time }{
		"tick of its cycle":          {r.TickOf(r.CycleAt(tick)), tick},
		"a second later, same cycle": {r.TickOf(r.CycleAt(tick.Add(time.Second))), tick},
		"the tick after a tick":      {r.NextTick(tick), tick.Add(10 * time.Minute)},
		"the tick after a second":    {r.NextTick(tick.Add(-time.Second)), tick},
		"epoch begins at midnight":   {r.EpochStart(r.EpochAt(tick)), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)},
		"expiry rounds up":           {r.SheetExpiry(tick, tick.Add(time.Hour+time.Second), r.EpochAt(tick)), tick.Add(70 * time.Minute)},
		"expiry on a tick stays":     {r.SheetExpiry(tick, tick.Add(time.Hour), r.EpochAt(tick)), tick.Add(time.Hour)},
		"expiry after a day":         {r.SheetExpiry(tick, tick.Add(99*time.Hour), r.EpochAt(tick)), tick.Add(24 * time.Hour)},
		"expiry ends with the pass":  {r.SheetExpiry(tick, tick.Add(99*time.Hour), r.EpochAt(tick)-1), time.Date(2026, 12, 2, 0, 0, 0, 0, time.UTC)},
	} {
		if !c.got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", name, c.got, c.want)
		}
	}
	from, to := r.EpochSpan(r.EpochAt(tick))
	if to.Sub(from) != 48*time.Hour || r.RotationSpread() != 6*time.Hour {
		t.Errorf("a pass is good %s to %s, rotation spread %s", from, to, r.RotationSpread())
	}
	from, to = r.DrawSpan(tick.Add(3 * time.Minute))
	if !from.Equal(tick.Add(10*time.Minute)) || to.Sub(from) != 30*time.Second {
		t.Errorf("draw %s to %s", from, to)
	}
	// A sheet may come too late for a tick: relays and practices must agree on which.
	next := tick.Add(10 * time.Minute)
	for name, c := range map[string]struct{ issued, want time.Time }{
		"on the tick":                  {tick, next},
		"well before the next":         {next.Add(-releaseMargin - time.Second), next},
		"too late for the next":        {next.Add(-releaseMargin), next.Add(10 * time.Minute)},
		"in a fraction of that second": {next.Add(-releaseMargin - time.Millisecond), next},
	} {
		if from, _ := r.DrawSpan(c.issued); !from.Equal(c.want) || r.ReleaseCycle(c.issued.Truncate(time.Second)) != r.CycleAt(c.want) {
			t.Errorf("issued %s: seen from %s, want %s", name, from, c.want)
		}
	}
}

func TestRulesRefuse(t *testing.T) {
	for name, change := range map[string]func(*Rules){
		"no cycle":               func(r *Rules) { r.Cycle = 0 },
		"cycle of 1.5 s":         func(r *Rules) { r.Cycle = 1500 * time.Millisecond },
		"negative cycle":         func(r *Rules) { r.Cycle = -time.Minute },
		"long cycle":             func(r *Rules) { r.Cycle = 2 * time.Hour },
		"no epoch":               func(r *Rules) { r.Epoch = 0 },
		"epoch of 3 cycles":      func(r *Rules) { r.Epoch = 3 * r.Cycle },
		"epoch between ticks":    func(r *Rules) { r.Epoch = 65 * time.Minute },
		"epoch of two days":      func(r *Rules) { r.Epoch = 48 * time.Hour },
		"no hold":                func(r *Rules) { r.Hold = 0 },
		"negative skew":          func(r *Rules) { r.MaxSkew = -time.Second },
		"a day of skew":          func(r *Rules) { r.MaxSkew = 24 * time.Hour },
		"no days":                func(r *Rules) { r.DaysAhead = 0 },
		"years":                  func(r *Rules) { r.DaysAhead = 1000 },
		"no cool-down":           func(r *Rules) { r.CoolDownMax = 0 },
		"endless cool-down":      func(r *Rules) { r.CoolDownMax = 1 << 30 },
		"cool-down never halves": func(r *Rules) { r.CoolDownHalf = 0 },
		"no draw":                func(r *Rules) { r.DrawFraction = 0 },
	} {
		r := DefaultRules()
		change(&r)
		if err := r.Validate(); !errors.Is(err, ErrRules) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := r.MarshalCBOR(); err == nil {
			t.Errorf("%s has a wire form", name)
		}
	}
	short := DefaultRules()
	short.Cycle, short.Epoch, short.MaxSkew = time.Second, 4*time.Second, 0
	if err := short.Validate(); err != nil {
		t.Errorf("rules of a quick test network: %v", err)
	}
	data, err := wire.Marshal(ruleSeconds{Cycle: 1, Epoch: 5})
	if err != nil {
		t.Fatal(err)
	}
	if err := wire.Unmarshal(data, new(Rules)); err == nil {
		t.Error("rules without a hold are read")
	}
}

func TestRulesWire(t *testing.T) {
	want := DefaultRules()
	var got Rules
	if data, err := wire.Marshal(want); err != nil {
		t.Fatal(err)
	} else if err := wire.Unmarshal(data, &got); err != nil || got != want {
		t.Errorf("%v: %+v", err, got)
	}
}

// What the signer computes, the validator takes, at every instant of every epoch and under all rules.
func TestSheetExpiryIsAlwaysAllowed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := DefaultRules()
		r.Cycle = time.Duration(rapid.IntRange(1, 3600).Draw(t, "cycle")) * time.Second
		r.Epoch = min(r.Cycle*time.Duration(rapid.IntRange(4, 144).Draw(t, "cycles")), maxEpoch/r.Cycle*r.Cycle)
		if err := r.Validate(); err != nil {
			t.Fatal(err)
		}
		epoch := rapid.Uint64Range(1, 1<<30).Draw(t, "epoch")
		if epoch > maxInstant/4/uint64(r.Epoch/time.Second) {
			epoch %= 1 << 20
		}
		from, to := r.EpochSpan(epoch)
		issued := from.Add(time.Duration(rapid.Int64Range(0, int64(to.Sub(from)/time.Second)-1).Draw(t, "issued")) * time.Second)
		until := issued.Add(time.Duration(rapid.Int64Range(1, 1<<20).Draw(t, "until")) * time.Second)
		expires := r.SheetExpiry(issued, until, epoch)
		s := Sheet{Pass: Pass{Epoch: epoch}, Issued: uint64(issued.Unix()), Expires: uint64(expires.Unix())}
		if err := (&Policy{Rules: r}).checkTimes(&s, issued); err != nil {
			t.Fatalf("issued %s, expires %s: %v", issued, expires, err)
		}
		if !r.TickOf(r.CycleAt(expires)).Equal(expires) {
			t.Fatalf("expiry %s shows the offset of the practice", expires)
		}
		if expires.Before(until) && expires.Before(issued.Add(r.Epoch)) && expires.Before(to) {
			t.Fatalf("expires %s before it is wanted and before it must", expires)
		}
	})
}

func TestForeignNumbersDoNotOverflow(t *testing.T) {
	r := DefaultRules()
	for _, n := range []uint64{0, 1 << 40, 1 << 62, 1<<64 - 1} {
		from, to := r.EpochSpan(n)
		if to.Before(from) || r.TickOf(n).Before(time.Unix(0, 0)) || r.EpochStart(n).Unix() > maxInstant {
			t.Errorf("%d: %s to %s", n, from, to)
		}
	}
	if r.CycleAt(time.Time{}) != 0 || DayOf(time.Time{}) != 0 {
		t.Error("time before 1970")
	}
}
