package relay

import (
	"time"

	"pieks/node/control"
)

const (
	// binWidth: the shortest window, 10 seconds, has two bins, so it is no older than 5 seconds.
	binWidth = 5 * time.Second
	// binCount: an hour.
	binCount = int(time.Hour / binWidth)
)

// windows are those of syncthing's relays (strelaysrv).
var windows = []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}

// sums are what a relay has carried since its start, and how many circuits are open at the moment.
type sums struct {
	bytes, envelopes uint64
	circuits         int
}

// bin is what was carried in binWidth.
type bin struct{ bytes, envelopes, circuits float64 }

// rates keeps an hour of bins in a ring. It is told the sums now and then, with the time, and reads no clock.
type rates struct {
	bins [binCount]bin
	next int // where the bin at hand will go
	full int // bins that have something to say

	began   time.Time // of the bin at hand
	at      sums      // when it began
	open    int       // sum of the open circuits that were seen in it
	samples int
}

// note takes in the sums at a time. When several bins have passed since the last note, they share what was carried. A clock that was set
// back begins the bin at hand again.
func (r *rates) note(now time.Time, s sums) {
	if r.began.IsZero() {
		r.began, r.at = now, s
		return
	}
	r.open, r.samples = r.open+s.circuits, r.samples+1
	if now.Before(r.began) {
		r.began = now
	}
	passed := int(now.Sub(r.began) / binWidth)
	if passed == 0 {
		return
	}
	share := bin{
		bytes: float64(s.bytes-r.at.bytes) / float64(passed), envelopes: float64(s.envelopes-r.at.envelopes) / float64(passed),
		circuits: float64(r.open) / float64(r.samples),
	}
	for range min(passed, binCount) {
		r.bins[r.next] = share
		r.next = (r.next + 1) % binCount
		r.full = min(r.full+1, binCount)
	}
	r.began, r.at, r.open, r.samples = r.began.Add(time.Duration(passed)*binWidth), s, 0, 0
}

// over is the mean of a window, or of what there is of it: a relay that has run for a minute says the same for an hour.
func (r *rates) over(window time.Duration) control.Rate {
	rate := control.Rate{Seconds: int(window / time.Second)}
	n := min(int(window/binWidth), r.full)
	if n == 0 {
		return rate
	}
	var sum bin
	for i := range n {
		b := r.bins[(r.next-1-i+binCount)%binCount]
		sum.bytes, sum.envelopes, sum.circuits = sum.bytes+b.bytes, sum.envelopes+b.envelopes, sum.circuits+b.circuits
	}
	seconds := float64(n) * binWidth.Seconds()
	rate.BytesPerSec, rate.EnvelopesPerS, rate.CircuitsMean = sum.bytes/seconds, sum.envelopes/seconds, sum.circuits/float64(n)
	return rate
}

func (r *rates) all() []control.Rate {
	all := make([]control.Rate, len(windows))
	for i, window := range windows {
		all[i] = r.over(window)
	}
	return all
}
