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
	Spans       [2]control.Span
	Every       int // minutes
	Vaccine     string
	Dose        int
	Vials       bool
}

// used says whether a span of the form was filled in.
func used(s control.Span) bool { return s.From != "" || s.To != "" }

// plan is what the node is asked for.
func (t wish) plan(preview bool) control.Plan {
	return control.Plan{
		First: t.First, Last: cmp.Or(t.Last, t.First), Weekdays: t.Weekdays, Spans: slices.DeleteFunc(slices.Clone(t.Spans[:]), func(s control.Span) bool { return !used(s) }),
		Every: fmt.Sprintf("%dm", t.Every), Vaccine: t.Vaccine, Dose: t.Dose, Vials: t.Vials, Preview: preview,
	}
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
func spansOf(hours []control.Hours, day, now time.Time) (spans [2]control.Span) {
	day = day.In(now.Location())
	var open []control.Span
	for _, h := range hours {
		if h.Weekday == isoWeekday(day) {
			open = append(open, control.Span{From: h.From, To: h.To})
		}
	}
	slices.SortFunc(open, func(a, b control.Span) int { return cmp.Compare(a.From, b.From) })
	if day.Format(time.DateOnly) == now.Format(time.DateOnly) {
		soon := now.Add(59 * time.Minute).Truncate(30 * time.Minute).Format("15:04")
		open = slices.DeleteFunc(open, func(s control.Span) bool { return s.To <= soon })
		for i := range open {
			open[i].From = max(open[i].From, soon)
		}
	}
	copy(spans[:], open)
	if len(open) == 0 {
		spans[0] = control.Span{From: "08:00", To: "12:00"}
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

// planDay is one day of a preview.
type planDay struct {
	control.PlannedDay
	Vials int // whole ones
	Over  int // doses beyond them
}

// planOf counts the appointments of a plan in vials.
func planOf(days []control.PlannedDay, vialDoses int) (list []planDay, total, already int) {
	for _, d := range days {
		p := planDay{PlannedDay: d}
		if vialDoses > 1 {
			p.Vials, p.Over = d.Count/vialDoses, d.Count%vialDoses
		}
		total, already, list = total+d.Count, already+d.Already, append(list, p)
	}
	return list, total, already
}
