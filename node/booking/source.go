package booking

import (
	"math"
	"time"
)

// sources remembers, in memory only, when holds from a peer or a subnet lapsed. Its keys come from the role and are not kept elsewhere.
type sources map[string][]time.Time

// limits are the counters that an origin is limited by.
func (o Origin) limits() []sourceLimit {
	var limits []sourceLimit
	if o.Mail {
		limits = append(limits, sourceLimit{"mail", holdsPerMailbox, math.MaxInt, holdsPerMailbox})
	}
	if o.Peer != "" {
		limits = append(limits, sourceLimit{"peer " + o.Peer, holdsPerPeer, abandonedPerPeer, drawsPerPeer})
	}
	if o.Subnet != "" {
		limits = append(limits, sourceLimit{"net " + o.Subnet, holdsPerSubnet, abandonedPerSubnet, drawsPerSubnet})
	}
	return limits
}

type sourceLimit struct {
	key    string
	holds  int // at a time
	lapsed int // within abandonedWindow
	draws  int // requests for one slot in one draw
}

// abandoned notes a lapsed hold.
func (s sources) abandoned(o Origin, now time.Time) {
	for _, limit := range o.limits() {
		if limit.lapsed < math.MaxInt {
			key := s.counter(limit.key)
			s[key] = append(s[key], now)
		}
	}
}

// counter is where a source is counted: a flood of sources shares one.
func (s sources) counter(key string) string {
	if s[key] == nil && len(s) >= maxSources {
		return ""
	}
	return key
}

// recent is how many holds of a source lapsed within the window, and when the oldest of them leaves it.
func (s sources) recent(key string, now time.Time) (int, time.Time) {
	times := s[key]
	for len(times) > 0 && !now.Before(times[0].Add(abandonedWindow)) {
		times = times[1:]
	}
	if len(times) == 0 {
		delete(s, key)
		return 0, time.Time{}
	}
	s[key] = times
	return len(times), times[0].Add(abandonedWindow)
}

// forget drops what the window has left behind.
func (s sources) forget(now time.Time) {
	for key := range s {
		s.recent(key, now)
	}
}

// withinLimits says whether the origin may have one more hold, and if not, when to ask again.
func (l *Ledger) withinLimits(o Origin, now time.Time) (time.Time, bool) {
	for _, limit := range o.limits() {
		if n, until := l.sources.recent(l.sources.counter(limit.key), now); n >= limit.lapsed {
			return until, false
		}
		n, first := 0, time.Time{}
		for h := range l.live {
			if h.ended(now) || !h.from.has(limit.key) {
				continue
			}
			n++
			if first.IsZero() || h.until.Before(first) {
				first = h.until
			}
		}
		if n >= limit.holds {
			return first, false
		}
	}
	return time.Time{}, true
}

func (o Origin) has(key string) bool {
	for _, limit := range o.limits() {
		if limit.key == key {
			return true
		}
	}
	return false
}
