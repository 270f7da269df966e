package web

import (
	"testing"
	"time"
)

func TestParseBirth(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, Berlin)
	for _, c := range []struct{ text, birth, problem string }{
		{"1.3.1950", "1950-03-01", ""}, {"01.03.1950", "1950-03-01", ""}, {"1950-03-01", "1950-03-01", ""}, {" 1. 3. 1950 ", "1950-03-01", ""},
		{"1/3/1950", "1950-03-01", ""}, {"01031950", "1950-03-01", ""}, {"1. März 1950", "1950-03-01", ""}, {"1 March 1950", "1950-03-01", ""},
		{"1 3 1950", "1950-03-01", ""}, {"01 03 1950", "1950-03-01", ""}, {"29.2.2024", "2024-02-29", ""}, {"24.11.2026", "2026-11-24", ""}, {"3. Mai 2001", "2001-05-03", ""},
		{"", "", "birth_missing"}, {"1.3.50", "", "birth_year"}, {"010350", "", "birth_year"}, {"1 3 50", "", "birth_year"}, {"1.3", "", "birth_form"}, {"gestern", "", "birth_form"}, {"1950", "", "birth_form"},
		{"31.2.1950", "", "birth_none"}, {"29.2.2023", "", "birth_none"}, {"1.13.1950", "", "birth_none"}, {"0.1.1950", "", "birth_none"},
		{"1. Brumaire 1950", "", "birth_none"}, {"25.11.2026", "", "birth_future"}, {"1.1.1899", "", "birth_old"}, {"١.٣.١٩٥٠", "", "birth_form"},
	} {
		if birth, problem := ParseBirth(c.text, now); birth != c.birth || problem != c.problem {
			t.Errorf("%q gives %q, %q; want %q, %q", c.text, birth, problem, c.birth, c.problem)
		}
	}
}
