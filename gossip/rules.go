package gossip

import "time"

// Rules are the numbers that all nodes of a network share. Instants of cycles and epochs are multiples of their length
// since the Unix epoch. In CBOR all durations are whole seconds.
type Rules struct {
	Cycle        time.Duration // between two broadcasts of a relay
	Epoch        time.Duration // life of a pseudonym
	Hold         time.Duration // how long a practice holds an offered slot
	MaxSkew      time.Duration // how far a sheet may be ahead of a node's clock
	DaysAhead    uint32        // the last day a slot may have, counted from today
	CoolDownMax  uint32        // longest wait in cycles after repeated changes of region
	CoolDownHalf time.Duration // without a change for this long the wait is halved
	DrawFraction uint32        // the draw takes the first 1/DrawFraction of a cycle
}

// DefaultRules are the rules of design.md sections 4 to 8.
func DefaultRules() Rules {
	return Rules{Cycle: 10 * time.Minute, Epoch: 24 * time.Hour, Hold: 10 * time.Minute, MaxSkew: 10 * time.Minute,
		DaysAhead: 60, CoolDownMax: 64, CoolDownHalf: 7 * 24 * time.Hour, DrawFraction: 20}
}

// Validate says whether the rules can be used at all.
func (r Rules) Validate() error { return nil }

// CycleAt is the number of the cycle that t lies in. TickOf(CycleAt(t)) <= t.
func (r Rules) CycleAt(t time.Time) uint64 { return uint64(t.Unix() / int64(r.Cycle/time.Second)) }

// TickOf is the instant at which a cycle begins and relays publish.
func (r Rules) TickOf(cycle uint64) time.Time { return time.Time{} }

// NextTick is the first tick after t.
func (r Rules) NextTick(t time.Time) time.Time { return time.Time{} }

// EpochAt is the number of the epoch that t lies in.
func (r Rules) EpochAt(t time.Time) uint64 { return 0 }

// EpochStart is the instant at which an epoch begins.
func (r Rules) EpochStart(epoch uint64) time.Time { return time.Time{} }

// EpochSpan is [from, to) in which a pass of epoch is good: two epochs, since each practice rotates at the epoch's start
// plus a fresh random offset of its own (at most RotationSpread), and a pass must not show that offset.
func (r Rules) EpochSpan(epoch uint64) (from, to time.Time) { return time.Time{}, time.Time{} }

// RotationSpread is the bound of a practice's random offset to the start of an epoch.
func (r Rules) RotationSpread() time.Duration { return r.Epoch / 4 }

// LatestExpiry is the last allowed expiry of a sheet: one epoch after it was issued, rounded up to a tick, and
// never after the pass ends. A signer that takes the tick at or after what it needs, capped by this, shows no offset.
func (r Rules) LatestExpiry(issued time.Time, epoch uint64) time.Time { return time.Time{} }

// SheetExpiry is the expiry to sign: until rounded up to a tick, at most LatestExpiry.
func (r Rules) SheetExpiry(issued, until time.Time, epoch uint64) time.Time { return time.Time{} }

// DrawSpan says when patients see a slot that was published at an instant (from), and until when requests for it are
// collected before one is drawn (to).
func (r Rules) DrawSpan(published time.Time) (from, to time.Time) { return time.Time{}, time.Time{} }
