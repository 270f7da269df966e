package disclosure

import (
	"sync"
	"time"

	"pieks/node/admission/inbound"
)

// registration is one reference that lives. It is in memory only, as is what it holds: a relay that stops forgets it, and the patient's
// app registers again.
type registration struct {
	commitment Commitment
	until      time.Time
	from       inbound.Source
	cms        []byte // nil until a card has signed
	deliveries int
}

// registry is all registrations of a relay.
type registry struct {
	mu     sync.Mutex
	live   map[string]*registration
	perSrc map[inbound.Source]int
	swept  time.Time
}

func newRegistry() *registry {
	return &registry{live: map[string]*registration{}, perSrc: map[inbound.Source]int{}}
}

// register inserts if absent. The same pair again gets the same end; another commitment under a living reference is StatusTaken. A dummy
// gets the same answers and is not kept.
func (r *registry) register(reference string, c Commitment, dummy bool, from inbound.Source, now time.Time) (until time.Time, s Status) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if old := r.find(reference, now); old != nil {
		if old.commitment != c {
			return time.Time{}, StatusTaken
		}
		return old.until, StatusOK
	}
	if r.full(from) {
		r.sweep(now)
	}
	if r.full(from) {
		return time.Time{}, StatusBusy
	}
	until = now.Truncate(time.Second).Add(Lifetime)
	if dummy {
		return until, StatusOK
	}
	r.live[reference] = &registration{commitment: c, until: until, from: from}
	r.perSrc[from]++
	return until, StatusOK
}

// full says whether the relay or the source has no place left. The lock is held.
func (r *registry) full(from inbound.Source) bool {
	return len(r.live) >= maxRegistrations || (from != "" && r.perSrc[from] >= maxPerSource)
}

// find returns a living registration and forgets one that is over. The lock is held.
func (r *registry) find(reference string, now time.Time) *registration {
	g := r.live[reference]
	if g == nil {
		return nil
	}
	if g.over(now) {
		r.forget(reference, g)
		return nil
	}
	return g
}

// over says whether a registration has ended, or is from before the clock was set back.
func (g *registration) over(now time.Time) bool {
	return !now.Before(g.until) || g.until.Sub(now) > Lifetime
}

func (r *registry) forget(reference string, g *registration) {
	delete(r.live, reference)
	if r.perSrc[g.from]--; r.perSrc[g.from] == 0 {
		delete(r.perSrc, g.from)
	}
}

// sweepEvery: going through all registrations once a second is what a flood may cost.
const sweepEvery = time.Second

func (r *registry) sweep(now time.Time) {
	if since := now.Sub(r.swept); since >= 0 && since < sweepEvery {
		return
	}
	r.swept = now
	for reference, g := range r.live {
		if g.over(now) {
			r.forget(reference, g)
		}
	}
}

// lookup gives what a professional may know. Unknown and over are one answer.
func (r *registry) lookup(reference string, now time.Time) (Commitment, time.Time, Status) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.find(reference, now)
	if g == nil {
		return Commitment{}, time.Time{}, StatusUnknown
	}
	return g.commitment, g.until, StatusOK
}

// deliver keeps an authorisation that was verified; the last one counts, for a professional who mistyped signs again.
func (r *registry) deliver(a *Authorisation, cms []byte, now time.Time) Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.find(a.Reference, now)
	switch {
	case g == nil:
		return StatusUnknown
	case g.commitment != a.Commitment:
		return StatusCommitment
	case a.Expires > uint64(g.until.Unix()):
		return StatusExpired
	case g.deliveries >= maxDeliveries:
		return StatusBusy
	}
	g.deliveries++
	g.cms = cms
	return StatusOK
}

// collect gives the authorisation to who knows the commitment. A wrong one is as unknown as a wrong reference.
func (r *registry) collect(reference string, c Commitment, now time.Time) ([]byte, Status) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.find(reference, now)
	switch {
	case g == nil || g.commitment != c:
		return nil, StatusUnknown
	case g.cms == nil:
		return nil, StatusPending
	}
	return g.cms, StatusOK
}

// end forgets a registration whose data were posted.
func (r *registry) end(reference string, c Commitment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if g := r.live[reference]; g != nil && g.commitment == c {
		r.forget(reference, g)
	}
}

func (r *registry) count(now time.Time) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep(now)
	return len(r.live)
}
