package reception

import (
	"strings"
	"time"
)

var birthForms = []string{"2.1.2006", "02012006", "2/1/2006", "2006-01-02", "2 January 2006"}

// parseBirth reads a birth date as people at a desk type it and gives it as 1950-03-01: 1.3.1950, 01031950, 01 03 1950, 1950-03-01. Two digits of
// a year could be two centuries, so they are not taken.
func parseBirth(text string, now time.Time) (iso string, ok bool) {
	text = strings.TrimSpace(text)
	squeezed := strings.ReplaceAll(text, " ", "")
	for _, form := range birthForms {
		candidate := squeezed
		if strings.Contains(form, " ") {
			candidate = strings.Join(strings.Fields(text), " ")
		}
		if t, err := time.Parse(form, candidate); err == nil {
			if t.After(now) || t.Year() < now.Year()-oldest {
				return "", false
			}
			return t.Format(time.DateOnly), true
		}
	}
	return "", false
}
