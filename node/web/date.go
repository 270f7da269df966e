package web

import (
	"fmt"
	"time"

	"pieks/node/zone"
)

// Berlin is the zone that all times are shown in, as the wire has them.
var Berlin = zone.Berlin

var weekdays = map[Lang][7]string{
	German:  {"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"},
	English: {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
}

var months = map[Lang][12]string{
	German:  {"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
	English: {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
}

// Weekday is its name; ISO is 1 for Monday to 7 for Sunday.
func Weekday(l Lang, iso int) string { return weekdays[l][iso%7] }

// Date is "Dienstag, 1. Dezember 2026" or "Tuesday, 1 December 2026".
func Date(l Lang, t time.Time) string {
	t = t.In(Berlin)
	return weekdays[l][t.Weekday()] + ", " + shortDate(l, t)
}

func shortDate(l Lang, t time.Time) string {
	dot := "."
	if l == English {
		dot = ""
	}
	return fmt.Sprintf("%d%s %s %d", t.Day(), dot, months[l][t.Month()-1], t.Year())
}

// Clock is "09:30 Uhr" or "9:30".
func Clock(l Lang, t time.Time) string {
	if l == English {
		t = t.In(Berlin)
		return fmt.Sprintf("%d:%02d", t.Hour(), t.Minute())
	}
	return t.In(Berlin).Format("15:04") + " Uhr"
}

// Instant is date and clock: "Dienstag, 1. Dezember 2026, 09:30 Uhr".
func Instant(l Lang, t time.Time) string { return Date(l, t) + ", " + Clock(l, t) }

// Day reads a date as a form or a path has it, 2026-12-01, as midnight in Berlin.
func Day(text string) (time.Time, error) { return time.ParseInLocation(time.DateOnly, text, Berlin) }

// Birth is a birth date as people write it: 01.03.1950, or 1 March 1950.
func Birth(l Lang, text string) string {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return text
	}
	if l == English {
		return fmt.Sprintf("%d %s %d", t.Day(), months[l][t.Month()-1], t.Year())
	}
	return t.Format("02.01.2006")
}

// Ago is how long ago, coarsely: from "just now" to days.
func (t *Text) Ago(l Lang, d time.Duration) string {
	switch {
	case d < 5*time.Second:
		return t.Say(l, "ago_now")
	case d < time.Minute:
		return t.Say(l, "ago_seconds", "N", int(max(d, 0)/time.Second))
	case d < time.Hour:
		return t.Say(l, "ago_minutes", "N", int(d/time.Minute))
	case d < 48*time.Hour:
		return t.Say(l, "ago_hours", "N", int(d/time.Hour))
	}
	return t.Say(l, "ago_days", "N", int(d/(24*time.Hour)))
}
