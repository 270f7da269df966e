// Package relay is the app of a relay's operator: one page that says how the relay does, in sums. Nothing on it is about one client.
package relay

import (
	"cmp"
	"embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"pieks/node/control"
	"pieks/node/web"
)

//go:embed templates text
var files embed.FS

// Pages are the app.
func Pages() web.Pages {
	return web.Pages{
		Name: "relay", Person: web.Owner, Files: files,
		Menu:   []web.MenuItem{{Path: "/", Text: "rl_menu_status"}, {Path: "/care", Text: "rl_menu_care"}},
		Routes: []web.Route{{Pattern: "GET /{$}", Page: status}, {Pattern: "GET /care", Page: care}},
	}
}

// overview is what the page shows.
type overview struct {
	Traffic  control.Traffic
	Quota    meter
	Busiest  float64 // bytes per second of the busiest window: the length of the longest bar
	Limits   []control.Limit
	Sheets   int
	Slots    int
	Regions  int
	Others   int // other relays of the network, and how many are reached
	Reached  int
	Findings []control.Finding
}

// meter is how much of a quota is used.
type meter struct {
	Percent int
	State   string // "good", "warn" from 80 %, "bad" when it is used up
}

func meterOf(t control.Traffic) meter {
	if t.QuotaBytes == 0 {
		return meter{}
	}
	m := meter{Percent: int(min(100, 100*float64(t.MonthBytes)/float64(t.QuotaBytes))), State: "good"}
	switch {
	case t.Full:
		m.State = "bad"
	case m.Percent >= 80:
		m.State = "warn"
	}
	return m
}

func look(c *web.Call) (overview, error) {
	s := c.Status()
	t, err := web.Ask[control.Traffic](c, control.MethodTraffic, nil)
	if err != nil {
		return overview{}, err
	}
	o := overview{Traffic: t, Quota: meterOf(t), Limits: slices.Clone(s.Limits), Others: len(s.Relays), Regions: len(s.Pool)}
	slices.SortFunc(o.Limits, func(a, b control.Limit) int { return cmp.Compare(b.Count, a.Count) })
	for _, r := range t.Rates {
		o.Busiest = max(o.Busiest, r.BytesPerSec)
	}
	for _, p := range s.Pool {
		o.Sheets += p.Sheets
		o.Slots += p.Slots
	}
	for _, r := range s.Relays {
		if r.Connected {
			o.Reached++
		}
	}
	return o, nil
}

func status(c *web.Call) error {
	o, err := look(c)
	if err != nil {
		return err
	}
	return c.Show("relay", o)
}

func care(c *web.Call) error {
	o, err := look(c)
	if err != nil {
		return err
	}
	if o.Findings, err = web.Ask[[]control.Finding](c, control.MethodDoctor, nil); err != nil {
		return err
	}
	return c.Show("care", o)
}

// limitKey is the text for the node's name of a limit.
func limitKey(name string) string {
	return "rl_limit_" + strings.NewReplacer(" ", "_", "-", "_").Replace(name)
}

// Limit is what a limit is called in the language of the page; "" where there is no word for it.
func (overview) Limit(c *web.Call, name string) string {
	if said := c.Say(limitKey(name)); !strings.HasPrefix(said, "[") {
		return said
	}
	return ""
}

// Share is a part of a whole in percent, for the width of a bar.
func (o overview) Share(rate float64) int {
	if o.Busiest == 0 {
		return 0
	}
	return int(100 * rate / o.Busiest)
}

// Bytes is a number of bytes as people read it: "1.2 MB" in English, "1,2 MB" in German.
func (overview) Bytes(l web.Lang, n float64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	i := 0
	for n >= 1000 && i < len(units)-1 {
		n /= 1000
		i++
	}
	return Number(l, n) + " " + units[i]
}

// Num is a whole number as a number of bytes takes it.
func (overview) Num(n uint64) float64 { return float64(n) }

// Number has one decimal place below a hundred, and the language's comma.
func (overview) Number(l web.Lang, n float64) string { return Number(l, n) }

// Number has one decimal place below a hundred unless it is a whole number.
func Number(l web.Lang, n float64) string {
	text := fmt.Sprintf("%.0f", n)
	if n < 100 && n != float64(int(n)) {
		text = fmt.Sprintf("%.1f", n)
	}
	if l == web.German {
		for i := range text {
			if text[i] == '.' {
				return text[:i] + "," + text[i+1:]
			}
		}
	}
	return text
}

// Window is the message key and the number of a rate's window.
func (overview) Window(seconds int) []any {
	if seconds < 60 {
		return []any{"rl_seconds", seconds}
	}
	return []any{"rl_minutes", seconds / 60}
}

// Since is how long something runs, in its two largest units.
func (overview) Since(c *web.Call, at time.Time) string {
	d := max(c.Now().Sub(at), 0)
	days, hours, minutes := int(d/(24*time.Hour)), int(d/time.Hour)%24, int(d/time.Minute)%60
	switch {
	case days > 0:
		return c.Say("rl_days", "N", days) + ", " + c.Say("rl_hours", "N", hours)
	case hours > 0:
		return c.Say("rl_hours", "N", hours) + ", " + c.Say("rl_minutes", "N", minutes)
	}
	return c.Say("rl_minutes", "N", minutes)
}
