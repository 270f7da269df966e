package patient

import (
	"slices"
	"sync"
	"time"
)

// listing is how fresh the list of each region is that the relay shows.
type listing struct {
	mu      sync.Mutex
	regions []string             // what the relay shows
	fresh   map[string]time.Time // when a region was last as its relay has it
}

// show says which regions are listened to from now on. What was known of them stays known.
func (l *listing) show(regions []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.regions = slices.Clone(regions)
}

// renew notes that regions are as the relay has them; none named: all that it shows.
func (l *listing) renew(now time.Time, regions ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(regions) == 0 {
		regions = l.regions
	}
	if l.fresh == nil {
		l.fresh = map[string]time.Time{}
	}
	for _, r := range regions {
		l.fresh[r] = now
	}
}

// at is how fresh the oldest of the regions is that were heard of; zero when none was. A region that is only about to be shown does not count.
func (l *listing) at() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	var oldest time.Time
	for _, r := range l.regions {
		if at, heard := l.fresh[r]; heard && (oldest.IsZero() || at.Before(oldest)) {
			oldest = at
		}
	}
	return oldest
}
