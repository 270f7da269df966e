package main

import (
	"strings"
	"testing"
	"time"

	"pieks/node/control"
)

func TestLasting(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0 s", 0: "0 s", 59 * time.Second: "59 s", time.Minute: "1 min", 61 * time.Second: "1 min 1 s", 15 * time.Minute: "15 min",
		time.Hour: "1 h", 90*time.Minute + 5*time.Second: "1 h 30 min", 24*time.Hour + 59*time.Minute: "1 d", 49 * time.Hour: "2 d 1 h",
	} {
		if got := lasting(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}

func TestDecimal(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 2_500_000: "2.5 MB", 1e9: "1.0 GB", 1_234e9: "1.2 TB"} {
		if got := decimal(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

func TestTrafficPage(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	traffic := control.Traffic{
		Rates: []control.Rate{{Seconds: 10, BytesPerSec: 1500, CircuitsMean: 2.25, EnvelopesPerS: 0.1}}, Month: "2026-11", MonthBytes: 450e9,
		QuotaBytes: 900e9, Resets: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), TotalBytes: 5e6, Regions: []string{"50", "51"},
	}
	show := func(s control.Status, t control.Traffic) string {
		p := &page{a: &app{}}
		trafficPage(p, s, t, now)
		return p.String()
	}
	got := show(control.Status{Started: now.Add(-26 * time.Hour)}, traffic)
	for _, want := range []string{"1 d 2 h", "50, 51", "450.0 GB of 900.0 GB (50 %), from 0 again on Tue 2026-12-01 01:00", "5.0 MB", "10 s     1.5 kB/s  2.2       0.10/s"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if strings.Contains(got, "Full:") || strings.Contains(got, "Alone:") {
		t.Error(got)
	}
	traffic.Full = true
	got = show(control.Status{Offline: now.Add(-time.Hour)}, traffic)
	if !strings.Contains(got, "Full: the volume of the month is used up.") || !strings.Contains(got, "Alone: no other relay is reached since") {
		t.Error(got)
	}
}
