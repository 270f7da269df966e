package reception

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pieks/node/control"
)

// wish is what somebody wants to give away: up to two spans of the day, on one day or on some weekdays until another.
type wish struct {
	First, Last string // Last "" is First
	Weekdays    []int
	Spans       [2]span
	Every       int // minutes
	Vaccine     string
	Dose        int
	Vials       bool
}

// span is a part of a day, 08:00 to 12:00; empty: not used.
type span struct{ From, To string }

func (s span) used() bool { return s.From != "" || s.To != "" }

// plans are what the node is asked for: one for each span.
func (t wish) plans(preview bool) []control.Plan {
	var plans []control.Plan
	for _, s := range t.Spans {
		if !s.used() {
			continue
		}
		plans = append(plans, control.Plan{
			First: t.First, Last: cmp.Or(t.Last, t.First), Weekdays: t.Weekdays, From: s.From, To: s.To,
			Every: fmt.Sprintf("%dm", t.Every), Vaccine: t.Vaccine, Dose: t.Dose, Vials: t.Vials, Preview: preview,
		})
	}
	return plans
}

// seen tells whether two wishes are the same: what is given away is what was looked at.
func (t wish) seen() string {
	var b strings.Builder
	fmt.Fprint(&b, t.First, " ", cmp.Or(t.Last, t.First), " ", t.Weekdays, t.Spans, t.Every, " ", t.Vaccine, " ", t.Dose, t.Vials)
	return b.String()
}

// number reads a small number; what is none is 0.
func number(text string) int {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 0 || n > 10000 {
		return 0
	}
	return n
}

// openDay is the first day from a day on at which the practice is open for at least an hour more; the day itself when no hours are known.
func openDay(hours []control.Hours, from time.Time) time.Time {
	for i := range 14 {
		day := from.AddDate(0, 0, i)
		for _, h := range hours {
			if h.Weekday != isoWeekday(day) {
				continue
			}
			if i > 0 || from.Add(time.Hour).Format("15:04") <= h.To && from.Add(time.Hour).Day() == from.Day() {
				return day
			}
		}
	}
	return from
}

func isoWeekday(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }

// spansOf are the hours of a weekday, at most two; on today those that are left of them, from the next full half hour on.
func spansOf(hours []control.Hours, day, now time.Time) (spans [2]span) {
	day = day.In(now.Location())
	var open []span
	for _, h := range hours {
		if h.Weekday == isoWeekday(day) {
			open = append(open, span{h.From, h.To})
		}
	}
	slices.SortFunc(open, func(a, b span) int { return cmp.Compare(a.From, b.From) })
	if day.Format(time.DateOnly) == now.Format(time.DateOnly) {
		soon := now.Add(59 * time.Minute).Truncate(30 * time.Minute).Format("15:04")
		open = slices.DeleteFunc(open, func(s span) bool { return s.To <= soon })
		for i := range open {
			open[i].From = max(open[i].From, soon)
		}
	}
	copy(spans[:], open)
	if len(open) == 0 {
		spans[0] = span{"08:00", "12:00"}
	}
	return spans
}

// lastUsed takes vaccine, dose and interval from the appointment that was made for the latest time.
func lastUsed(t wish, all []control.Appointment) wish {
	var latest control.Appointment
	for _, a := range all {
		if a.Start.After(latest.Start) {
			latest = a
		}
	}
	if !latest.Start.IsZero() {
		t.Vaccine, t.Dose, t.Every = latest.Vaccine, latest.Dose, int(latest.End.Sub(latest.Start)/time.Minute)
	}
	return t
}

// planDay is one day of a preview, all spans together.
type planDay struct {
	Day      string
	Count    int
	Already  int
	Problems []string
	Vials    int // whole ones
	Over     int // doses beyond them
}

// planOf puts the answers for the spans together, by day.
func planOf(answers []control.Planned, vialDoses int) (list []planDay, total int) {
	byDay := map[string]*planDay{}
	for _, a := range answers {
		for _, d := range a.Days {
			p := byDay[d.Day]
			if p == nil {
				p = &planDay{Day: d.Day}
				byDay[d.Day] = p
			}
			p.Count += d.Count
			p.Already += d.Already
			if d.Problem != "" && !slices.Contains(p.Problems, d.Problem) {
				p.Problems = append(p.Problems, d.Problem)
			}
		}
	}
	for _, p := range byDay {
		if vialDoses > 1 {
			p.Vials, p.Over = p.Count/vialDoses, p.Count%vialDoses
		}
		total += p.Count
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b planDay) int { return cmp.Compare(a.Day, b.Day) })
	return list, total
}
