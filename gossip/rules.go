package gossip

import (
	"errors"
	"fmt"
	"time"

	"pieks/gossip/wire"
)

// Rules are the numbers that all nodes of a network share. Ticks and epochs are multiples of their length since the
// Unix epoch. In CBOR all durations are whole seconds.
type Rules struct {
	Cycle        time.Duration // between two broadcasts of a relay
	Epoch        time.Duration // life of a pseudonym, a multiple of Cycle
	Hold         time.Duration // how long a practice holds an offered slot
	MaxSkew      time.Duration // how far a sheet may be ahead of a node's clock
	DaysAhead    uint32        // the last day a slot may have, counted from the day its sheet was issued
	CoolDownMax  uint32        // longest wait, in cycles, after repeated changes of region
	CoolDownHalf time.Duration // after this long without a change the wait is halved
	DrawFraction uint32        // the draw takes the first 1/DrawFraction of the cycle in which a slot appears
}

// DefaultRules are the rules of design.md sections 4 to 8.
func DefaultRules() Rules {
	return Rules{
		Cycle: 10 * time.Minute, Epoch: 24 * time.Hour, Hold: 10 * time.Minute, MaxSkew: 10 * time.Minute,
		DaysAhead: 90, CoolDownMax: 64, CoolDownHalf: 7 * 24 * time.Hour, DrawFraction: 20,
	}
}

// ErrRules says that a network's rules cannot be used.
var ErrRules = errors.New("these rules cannot be used")

// Validate says whether the rules can be used at all. The error names the first that cannot.
func (r Rules) Validate() error {
	for _, c := range []struct {
		ok   bool
		want string
	}{
		{whole(r.Cycle, minCycle, maxCycle), "a cycle takes 1 second to 1 hour, in whole seconds"},
		{whole(r.Epoch, minEpochCycles*r.Cycle, maxEpoch) && r.Epoch%max(r.Cycle, 1) == 0, "an epoch is a multiple of the cycle, at least 4 cycles and at most 24 hours"},
		{whole(r.Hold, time.Second, maxHold), "a slot is held for 1 second to 24 hours, in whole seconds"},
		{whole(r.MaxSkew, 0, maxSkewAllowed), "the tolerated clock skew is at most 1 hour, in whole seconds"},
		{r.DaysAhead >= 1 && r.DaysAhead <= maxDaysAhead, "slots lie 1 to 366 days ahead"},
		{r.CoolDownMax >= 1 && r.CoolDownMax <= maxCoolDown, "the longest cool-down is 1 to 1024 cycles"},
		{whole(r.CoolDownHalf, time.Second, 365*24*time.Hour), "the cool-down halves after 1 second to 365 days"},
		{r.DrawFraction >= 1 && r.DrawFraction <= maxDrawFraction, "the draw takes 1/1 to 1/1000 of a cycle"},
	} {
		if !c.ok {
			return fmt.Errorf("%w: %s", ErrRules, c.want)
		}
	}
	return nil
}

func whole(d, least, most time.Duration) bool { return d >= least && d <= most && d%time.Second == 0 }

// CycleAt is the number of the cycle that t lies in: TickOf(CycleAt(t)) <= t.
func (r Rules) CycleAt(t time.Time) uint64 { return periodAt(t, r.Cycle) }

// TickOf is the instant at which a cycle begins and relays publish.
func (r Rules) TickOf(cycle uint64) time.Time { return periodStart(cycle, r.Cycle) }

// NextTick is the first tick after t.
func (r Rules) NextTick(t time.Time) time.Time { return r.TickOf(r.CycleAt(t) + 1) }

// tickFrom is the first tick at or after t.
func (r Rules) tickFrom(t time.Time) time.Time {
	if tick := r.TickOf(r.CycleAt(t)); tick.Equal(t) {
		return tick
	}
	return r.NextTick(t)
}

// EpochAt is the number of the epoch that t lies in.
func (r Rules) EpochAt(t time.Time) uint64 { return periodAt(t, r.Epoch) }

// EpochStart is the instant at which an epoch begins.
func (r Rules) EpochStart(epoch uint64) time.Time { return periodStart(epoch, r.Epoch) }

// EpochSpan is [from, to) in which a pass of epoch is good: two epochs. Each practice takes its new pseudonym at the
// start of the epoch plus a fresh random offset below RotationSpread, and the pass must not show that offset.
func (r Rules) EpochSpan(epoch uint64) (from, to time.Time) {
	return r.EpochStart(epoch), periodStart(min(epoch, maxInstant)+2, r.Epoch)
}

// RotationSpread is the bound of a practice's random offset to the start of an epoch.
func (r Rules) RotationSpread() time.Duration { return r.Epoch / 4 }

// LatestExpiry is the last allowed expiry of a sheet: one epoch after it was issued, rounded up to a tick, and
// never after its pass ends.
func (r Rules) LatestExpiry(issued time.Time, epoch uint64) time.Time {
	latest := r.tickFrom(issued.Add(r.Epoch))
	if _, to := r.EpochSpan(epoch); to.Before(latest) {
		return to
	}
	return latest
}

// SheetExpiry is the expiry to sign for a sheet that is wanted until an instant: rounded up to a tick, so that it does
// not show the practice's rotation offset, and at most LatestExpiry.
func (r Rules) SheetExpiry(issued, until time.Time, epoch uint64) time.Time {
	expiry, latest := r.tickFrom(until), r.LatestExpiry(issued, epoch)
	if expiry.After(latest) {
		return latest
	}
	return expiry
}

// DrawSpan says when patients first see a slot whose sheet was issued at an instant (from: the tick of its ReleaseCycle), and
// until when requests for it are collected before one is drawn (to). The instant counts in whole seconds, as in a sheet.
func (r Rules) DrawSpan(issued time.Time) (from, to time.Time) {
	from = r.TickOf(r.ReleaseCycle(issued.Truncate(time.Second)))
	return from, from.Add(r.Cycle / time.Duration(max(r.DrawFraction, 1)))
}

// periodAt numbers the period of a length that t lies in; before 1970 it is 0. A length below one second counts as one.
func periodAt(t time.Time, length time.Duration) uint64 {
	return uint64(max(t.Unix(), 0)) / periodSeconds(length)
}

// periodStart is exact below maxInstant and stays there beyond, since numbers of cycles and epochs come from strangers.
func periodStart(n uint64, length time.Duration) time.Time {
	seconds := periodSeconds(length)
	if n > maxInstant/seconds {
		return time.Unix(maxInstant, 0).UTC()
	}
	return time.Unix(int64(n*seconds), 0).UTC()
}

func periodSeconds(length time.Duration) uint64 { return uint64(max(length/time.Second, 1)) }

// ruleSeconds is the wire form of Rules.
type ruleSeconds struct {
	Cycle        uint32 `cbor:"1,keyasint"`
	Epoch        uint32 `cbor:"2,keyasint"`
	Hold         uint32 `cbor:"3,keyasint"`
	MaxSkew      uint32 `cbor:"4,keyasint"`
	DaysAhead    uint32 `cbor:"5,keyasint"`
	CoolDownMax  uint32 `cbor:"6,keyasint"`
	CoolDownHalf uint32 `cbor:"7,keyasint"`
	DrawFraction uint32 `cbor:"8,keyasint"`
}

// MarshalCBOR gives the wire form. Rules that fail Validate have none.
func (r Rules) MarshalCBOR() ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	s := func(d time.Duration) uint32 { return uint32(d / time.Second) }
	return wire.Marshal(ruleSeconds{s(r.Cycle), s(r.Epoch), s(r.Hold), s(r.MaxSkew), r.DaysAhead, r.CoolDownMax, s(r.CoolDownHalf), r.DrawFraction})
}

// UnmarshalCBOR reads the wire form. It refuses rules that fail Validate.
func (r *Rules) UnmarshalCBOR(data []byte) error {
	var w ruleSeconds
	if err := wire.Unmarshal(data, &w); err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	d := func(s uint32) time.Duration { return time.Duration(s) * time.Second }
	got := Rules{d(w.Cycle), d(w.Epoch), d(w.Hold), d(w.MaxSkew), w.DaysAhead, w.CoolDownMax, d(w.CoolDownHalf), w.DrawFraction}
	if err := got.Validate(); err != nil {
		return err
	}
	*r = got
	return nil
}
