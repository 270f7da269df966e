package relay

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pieks/node/control"
)

var start0 = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-6*(1+math.Abs(b)) }

// rateOf finds the rate of a window.
func rateOf(t testing.TB, all []control.Rate, seconds int) control.Rate {
	t.Helper()
	for _, r := range all {
		if r.Seconds == seconds {
			return r
		}
	}
	t.Fatalf("no rate over %d seconds", seconds)
	return control.Rate{}
}

// A steady flow has its own rate in all windows, from the first full bin on.
func TestSteadyRates(t *testing.T) {
	var r rates
	for i := range 2 * 3600 {
		r.note(start0.Add(time.Duration(i)*time.Second), sums{bytes: uint64(1000 * i), envelopes: uint64(2 * i), circuits: 3})
		if i == 4 {
			for _, rate := range r.all() {
				if rate.BytesPerSec != 0 || rate.CircuitsMean != 0 {
					t.Errorf("before the first bin is full: %+v", rate)
				}
			}
		}
		if i == 5 || i == 61 || i == 7199 {
			for _, rate := range r.all() {
				if !near(rate.BytesPerSec, 1000) || !near(rate.EnvelopesPerS, 2) || !near(rate.CircuitsMean, 3) {
					t.Errorf("after %d s: %+v", i, rate)
				}
			}
		}
	}
}

// A burst of 10 MB and then nothing: each window says it in its own measure, until it has passed.
func TestBurstFadesFromWindows(t *testing.T) {
	var r rates
	at := func(seconds int) []control.Rate {
		s := sums{}
		if seconds >= 3600 {
			s.bytes = 10e6
		}
		r.note(start0.Add(time.Duration(seconds)*time.Second), s)
		return r.all()
	}
	for i := range 3605 {
		at(i)
	}
	all := at(3605)
	for seconds, want := range map[int]float64{10: 10e6 / 10, 60: 10e6 / 60, 300: 10e6 / 300, 900: 10e6 / 900, 3600: 10e6 / 3600} {
		if got := rateOf(t, all, seconds).BytesPerSec; !near(got, want) {
			t.Errorf("over %d s: %f, want %f", seconds, got, want)
		}
	}
	for i := 3606; i <= 3605+3600; i++ {
		all = at(i)
		for _, seconds := range []int{10, 60, 300, 900, 3600} {
			if got := rateOf(t, all, seconds).BytesPerSec; (i >= 3600+seconds) != (got == 0) {
				t.Fatalf("over %d s, %d s after the burst: %f", seconds, i-3600, got)
			}
		}
	}
}

// A machine that slept has carried what it did over all of that time.
func TestLongPause(t *testing.T) {
	var r rates
	r.note(start0, sums{})
	r.note(start0.Add(100*time.Second), sums{bytes: 1000, circuits: 2})
	if got := rateOf(t, r.all(), 10); !near(got.BytesPerSec, 10) || !near(got.CircuitsMean, 2) {
		t.Errorf("%+v", got)
	}
	r.note(start0.Add(30*24*time.Hour), sums{bytes: 1000})
	if got := rateOf(t, r.all(), 3600); got.BytesPerSec != 0 {
		t.Errorf("a month later: %+v", got)
	}
}

// Whatever the clock does, nothing that was carried is lost within the hour, or counted twice.
func TestRatesAddUp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var rs rates
		now, s := start0, sums{}
		rs.note(now, s)
		for range rapid.IntRange(1, 60).Draw(r, "notes") {
			now = now.Add(time.Duration(rapid.IntRange(-10, 30).Draw(r, "seconds")) * time.Second)
			s.bytes += uint64(rapid.IntRange(0, 1e6).Draw(r, "bytes"))
			rs.note(now, s)
		}
		rate := rateOf(t, rs.all(), 3600)
		binned := rate.BytesPerSec * float64(rs.full) * binWidth.Seconds()
		if !near(binned, float64(rs.at.bytes)) || rs.at.bytes > s.bytes {
			r.Errorf("%f in bins, %d counted", binned, rs.at.bytes)
		}
	})
}
