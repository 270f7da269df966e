package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"pieks/node/control"
)

// relayStatus shows a relay with what it carries.
func (a *app) relayStatus(ctx context.Context, client *control.Client, s control.Status) error {
	result := struct {
		control.Status
		Traffic control.Traffic `json:"traffic"`
	}{Status: s}
	if err := a.call(ctx, client, "Asking the node", control.MethodTraffic, nil, &result.Traffic); err != nil {
		return err
	}
	return a.report(result, func(p *page) {
		statusPage(p, s)
		trafficPage(p, s, result.Traffic, time.Now())
	})
}

func trafficPage(p *page, s control.Status, t control.Traffic, now time.Time) {
	p.line("")
	if t.Full {
		p.line(p.a.red("Full: ") + "the volume of the month is used up. New patients are sent to other relays until " + instant(t.Resets) + ".")
	}
	if !s.Offline.IsZero() {
		p.line(p.a.red("Alone: ") + "no other relay is reached since " + precise(s.Offline) + ". `pieks doctor` says more.")
	}
	zones := strings.Join(t.Regions, ", ")
	if zones == "" {
		zones = "all"
	}
	p.pairs(
		[2]string{"Uptime", lasting(now.Sub(s.Started))},
		[2]string{"Zones", zones},
		[2]string{"Volume of " + t.Month, volumeOf(t)},
		[2]string{"Since the start", decimal(t.TotalBytes)},
	)
	var rows [][]string
	for _, r := range t.Rates {
		rows = append(rows, []string{
			lasting(time.Duration(r.Seconds) * time.Second), decimal(uint64(r.BytesPerSec)) + "/s", fmt.Sprintf("%.1f", r.CircuitsMean), fmt.Sprintf("%.2f/s", r.EnvelopesPerS),
		})
	}
	p.line("")
	p.table([]string{"MEAN OF", "TRAFFIC", "CIRCUITS", "ENVELOPES"}, rows)
}

func volumeOf(t control.Traffic) string {
	if t.QuotaBytes == 0 {
		return decimal(t.MonthBytes) + ", no limit"
	}
	return fmt.Sprintf("%s of %s (%.0f %%), from 0 again on %s", decimal(t.MonthBytes), decimal(t.QuotaBytes), 100*float64(t.MonthBytes)/float64(t.QuotaBytes), instant(t.Resets))
}

// decimal is how hosters count: 1 GB is 10^9 bytes.
func decimal(n uint64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e12, "TB"}, {1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}} {
		if float64(n) >= unit.size {
			return fmt.Sprintf("%.1f %s", float64(n)/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%d B", n)
}

// lasting is a duration in its two largest units.
func lasting(d time.Duration) string {
	seconds := int(max(d, 0) / time.Second)
	units := []struct {
		size int
		name string
	}{{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}}
	for i, unit := range units {
		if seconds < unit.size && unit.size > 1 {
			continue
		}
		text := fmt.Sprintf("%d %s", seconds/unit.size, unit.name)
		if i+1 < len(units) && seconds%unit.size/units[i+1].size > 0 {
			text += fmt.Sprintf(" %d %s", seconds%unit.size/units[i+1].size, units[i+1].name)
		}
		return text
	}
	return ""
}
