package disclosure

import (
	"errors"
	"slices"
	"time"
)

// Rules say when disclosed data are published. They are the network's; a change counts from the next tick.
type Rules struct {
	K       int           // as many items wait before a list is made
	Cycle   time.Duration // lists are made at multiples of it since 1970-01-01T00:00:00Z
	MaxWait time.Duration // no item waits longer, even if fewer than K do
}

// DefaultRules are those of limits.go.
func DefaultRules() Rules { return Rules{K: defaultK, Cycle: defaultCycle, MaxWait: defaultMaxWait} }

// valid says whether rules can be followed: a cycle of whole seconds, and a wait of at least one cycle.
func (r Rules) valid() bool {
	return r.K > 0 && r.Cycle >= time.Second && r.Cycle%time.Second == 0 && r.MaxWait >= r.Cycle
}

// errRules says that rules are not valid.
var errRules = errors.New("the network's rules for disclosed data cannot be followed: fetch the newest network file")

// Tick is the last multiple of Cycle until now.
func (r Rules) Tick(now time.Time) time.Time {
	return time.Unix(0, 0).UTC().Add(now.Sub(time.Unix(0, 0)).Truncate(r.Cycle))
}

// spentUntil is how long a commitment is remembered whose authorisation is over at expires: longer by a margin, and rounded up to a tick,
// so that it does not tell when it was posted.
func (r Rules) spentUntil(expires time.Time) time.Time {
	return r.Tick(expires.Add(spentMargin + r.Cycle))
}

// waiting is an item of the queue without its data. Since is the tick before it was posted: nothing finer is ever written down.
type waiting struct {
	id    [16]byte // random
	since time.Time
}

// ready says whether an item was posted before tick. One from beyond the cycle after it was posted before the clock was set back, so it
// is ready too.
func (r Rules) ready(w waiting, tick time.Time) bool {
	wait := tick.Sub(w.since)
	return wait > 0 || wait <= -r.Cycle
}

// overdue says whether an item may not wait for others any longer. After a clock was set back far, nobody waits until it has caught up.
func (r Rules) overdue(w waiting, tick time.Time) bool { return tick.Sub(w.since).Abs() >= r.MaxWait }

// publish is the rule: the items that go into a list at tick, in random order, or none. What was posted after tick is left alone, so that a
// relay that comes too late, or twice, makes the same decision as one on time. shuffle is rand.Shuffle's.
//
// Waiting is counted from the tick before an item was posted: nobody waits longer than MaxWait, and the
// oldest of a small list up to one Cycle less.
func (r Rules) publish(queue []waiting, tick time.Time, shuffle func(n int, swap func(i, j int))) []waiting {
	ready := slices.DeleteFunc(slices.Clone(queue), func(w waiting) bool { return !r.ready(w, tick) })
	overdue := slices.ContainsFunc(ready, func(w waiting) bool { return r.overdue(w, tick) })
	if len(ready) == 0 || (len(ready) < r.K && !overdue) {
		return nil
	}
	mix := func() { shuffle(len(ready), func(i, j int) { ready[i], ready[j] = ready[j], ready[i] }) }
	mix()
	if len(ready) > maxItems {
		// Those that may not wait come first; the cut is made within the shuffled rest, and what is left is shuffled as a whole.
		slices.SortStableFunc(ready, func(a, b waiting) int {
			switch {
			case r.overdue(a, tick) == r.overdue(b, tick):
				return 0
			case r.overdue(a, tick):
				return -1
			}
			return 1
		})
		ready = ready[:maxItems]
		mix()
	}
	return ready
}
