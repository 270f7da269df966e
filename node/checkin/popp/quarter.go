package popp

import "time"

// EndOfQuarter is the last second of the UTC calendar quarter of t: how long a token holds (popp.md 1.4).
func EndOfQuarter(t time.Time) time.Time {
	t = t.UTC()
	next := (t.Month()-1)/3*3 + 4 // 13 is January of the next year
	return time.Date(t.Year(), next, 1, 0, 0, 0, 0, time.UTC).Add(-time.Second)
}
