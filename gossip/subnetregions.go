package gossip

import "time"

// subnetRegions remembers which regions each subnet was shown within a sliding day. Its owner locks.
type subnetRegions struct {
	keys  subnetKeys
	shown map[subnetKey]*shownRegions
}

type shownRegions struct {
	last map[string]time.Time // by region, when it was last shown to somebody new
	used time.Time
}

func newSubnetRegions() subnetRegions {
	return subnetRegions{keys: newSubnetKeys(), shown: make(map[subnetKey]*shownRegions)}
}

// room says whether a subnet may be shown these regions, without counting them.
func (s *subnetRegions) room(from Subnet, regions []string, now time.Time) bool {
	if !from.Counts() {
		return true
	}
	return s.shown[s.keys.of(from)].room(regions, now)
}

func (r *shownRegions) room(regions []string, now time.Time) bool {
	if r == nil {
		return true
	}
	n := 0
	for region, at := range r.last {
		if now.Sub(at) >= subnetWindow {
			delete(r.last, region)
			continue
		}
		n++
	}
	for _, region := range regions {
		if _, ok := r.last[region]; !ok {
			n++
		}
	}
	return n <= maxSubnetRegions
}

// show counts regions as shown to a subnet, or refuses all of them.
func (s *subnetRegions) show(from Subnet, regions []string, now time.Time) bool {
	if !from.Counts() {
		return true
	}
	key := s.keys.of(from)
	r := s.shown[key]
	if !r.room(regions, now) {
		return false
	}
	if r == nil {
		evictOldest(s.shown, maxClaimSubnets, func(r *shownRegions) time.Time { return r.used })
		r = &shownRegions{last: make(map[string]time.Time)}
		s.shown[key] = r
	}
	r.used = now
	for _, region := range regions {
		r.last[region] = now
	}
	return true
}

func (s *subnetRegions) forget(now time.Time) int {
	n := 0
	for key, r := range s.shown {
		if now.Sub(r.used) >= subnetWindow {
			delete(s.shown, key)
			n++
		}
	}
	return n
}
