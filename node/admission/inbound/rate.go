package inbound

import (
	"sync"
	"time"
)

// Rate allows each key a burst and then one more per Every. It is bounded, and it forgets a key only when the key's budget is
// full again, so that going away and coming back gains nothing.
type Rate struct {
	burst int
	every time.Duration
	now   func() time.Time

	mu    sync.Mutex
	due   map[string]time.Time // when the budget of a key is full again
	swept time.Time
}

// overflow is the one budget that all further keys share when too many keys are known.
const overflow = "\x00overflow"

// NewRate returns a rate of burst at once and one per every after that. now nil is time.Now.
func NewRate(burst int, every time.Duration, now func() time.Time) *Rate {
	if now == nil {
		now = time.Now
	}
	return &Rate{burst: burst, every: every, now: now, due: map[string]time.Time{}}
}

// Allow takes one from the budget of key and says whether there was one. The source without limits always has.
func (r *Rate) Allow(key string) bool {
	if key == "" {
		return true
	}
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.due[key]; !known && len(r.due) >= maxKeys {
		r.sweep(now)
		if len(r.due) >= maxKeys {
			key = overflow
		}
	}
	due, ok := take(r.due[key], now, r.burst, r.every)
	if ok {
		r.due[key] = due
	}
	return ok
}

// take is the rule (generic cell rate algorithm): a budget full at due may be used while it is at most burst-1 steps ahead.
// No budget is full later than burst steps from now: then the clock was set back, and the budget starts anew.
func take(due, now time.Time, burst int, every time.Duration) (time.Time, bool) {
	if due.Before(now) || due.Sub(now) > time.Duration(burst)*every {
		due = now
	}
	if due.Sub(now) > time.Duration(burst-1)*every {
		return due, false
	}
	return due.Add(every), true
}

// sweep forgets the keys whose budget is full, at most once per Every.
func (r *Rate) sweep(now time.Time) {
	if now.Sub(r.swept) < r.every {
		return
	}
	r.swept = now
	for key, due := range r.due {
		if !due.After(now) {
			delete(r.due, key)
		}
	}
}

// Known is how many keys are remembered.
func (r *Rate) Known() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.due)
}
