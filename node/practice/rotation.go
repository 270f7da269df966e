package practice

import (
	"math/rand/v2"
	"slices"
	"time"

	"pieks/gossip"
)

// schedule is when the fronts of the epochs in stock take over. Each practice draws a fresh offset for each epoch, so that
// neither the hour of its rotation nor the life of its sheets tells it apart.
type schedule struct {
	rules   gossip.Rules
	offsets map[uint64]time.Duration // epochs for which there is a pass
}

// drawOffset draws how long after the start of an epoch its front takes over, in whole seconds.
func drawOffset(rules gossip.Rules) time.Duration {
	return time.Duration(rand.Int64N(int64(rules.RotationSpread())/int64(time.Second)+1)) * time.Second
}

// takesOver is the instant at which the front of an epoch in stock takes over.
func (s schedule) takesOver(epoch uint64) time.Time {
	return s.rules.EpochStart(epoch).Add(s.offsets[epoch])
}

// active is the epoch whose front shows appointments at now: the last that has taken over and whose pass is good. At a first
// start, when none has taken over yet, it is the earliest that is good now.
func (s schedule) active(now time.Time) (epoch uint64, ok bool) {
	var good []uint64
	for e := range s.offsets {
		if from, to := s.rules.EpochSpan(e); !now.Before(from) && now.Before(to) {
			good = append(good, e)
		}
	}
	if len(good) == 0 {
		return 0, false
	}
	slices.Sort(good)
	for _, e := range slices.Backward(good) {
		if !now.Before(s.takesOver(e)) {
			return e, true
		}
	}
	return good[0], true
}

// next is when another front takes over after now; without one in stock, the end of the active pass.
func (s schedule) next(now time.Time, active uint64) time.Time {
	_, end := s.rules.EpochSpan(active)
	for e := range s.offsets {
		if at := s.takesOver(e); e > active && at.After(now) && at.Before(end) {
			end = at
		}
	}
	return end
}

// takeoverLead is how long a new front needs to open, be admitted by a relay and publish.
const takeoverLead = 5 * time.Second

// until is the end to sign into the active front's sheets: a cycle after the next front has taken over, when relays have shown
// its own. While that is not in stock it is the earliest instant at which it could, and after that a short while at a time: a sheet's
// life may grow, never shrink.
func (s schedule) until(now time.Time, active uint64) time.Time {
	if _, known := s.offsets[active+1]; known {
		return s.next(now, active).Add(s.rules.Cycle + takeoverLead)
	}
	_, end := s.rules.EpochSpan(active)
	if earliest := s.rules.EpochStart(active + 1); now.Before(earliest) {
		return earliest
	}
	until := now.Add(s.rules.Epoch / 8).Truncate(s.rules.Epoch / 16)
	if until.After(end) {
		return end
	}
	return until
}

// wanted are the epochs that should be in stock: the current one and as many after it as a practice may stay offline.
func wanted(rules gossip.Rules, now time.Time, ahead int) []uint64 {
	first := rules.EpochAt(now)
	epochs := make([]uint64, 0, ahead+1)
	for i := range ahead + 1 {
		epochs = append(epochs, first+uint64(i))
	}
	return epochs
}
