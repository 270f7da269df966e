package practice

import (
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// reach is since when a practice reaches no relay. Until it has reached one for the first time a start is given some patience, so that not every
// start begins with a warning.
type reach struct {
	begun time.Time

	mu      sync.Mutex
	reached map[peer.ID]bool
	away    time.Time // zero: a relay is reached, or none was yet
	once    bool
}

// startPatience is above what the first reservation takes on a slow line.
const startPatience = 10 * time.Second

// set takes over that a relay is reached, or no longer.
func (r *reach) set(relay peer.ID, is bool, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reached == nil {
		r.reached = map[peer.ID]bool{}
	}
	if is {
		r.reached[relay] = true
		r.once, r.away = true, time.Time{}
		return
	}
	delete(r.reached, relay)
	if len(r.reached) == 0 && r.away.IsZero() {
		r.away = now
	}
}

// since is since when no relay is reached; zero when one is.
func (r *reach) since(now time.Time) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.once && now.Sub(r.begun) > startPatience {
		return r.begun
	}
	return r.away
}
