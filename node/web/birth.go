package web

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	birthParts = regexp.MustCompile(`^(\d{1,2})[./ -]+(\d{1,2})[./ -]+(\d{4})$`)
	birthISO   = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})$`)
	birthRun   = regexp.MustCompile(`^(\d{2})(\d{2})(\d{4})$`)
	birthShort = regexp.MustCompile(`^\d{1,2}[./ -]+\d{1,2}[./ -]+\d{2}$|^\d{6}$`)
	birthWords = regexp.MustCompile(`^(\d{1,2})\.? *(\pL+)\.? *(\d{4})$`)
)

// monthNames by the first letters of their German and English names.
var monthNames = []struct {
	begin string
	month int
}{
	{"jan", 1}, {"jän", 1}, {"feb", 2}, {"mär", 3}, {"mar", 3}, {"mae", 3}, {"apr", 4}, {"mai", 5}, {"may", 5}, {"jun", 6}, {"jul", 7},
	{"aug", 8}, {"sep", 9}, {"okt", 10}, {"oct", 10}, {"nov", 11}, {"dez", 12}, {"dec", 12},
}

// ParseBirth reads a birth date as people write it: 1.3.1950, 01.03.1950, 01/03/1950, 01031950, 1. März 1950 or 1950-03-01; the day comes before the
// month. It gives 1950-03-01, or the key of what is wrong. A year of two digits is asked for again: there are people of 100 years.
func ParseBirth(text string, now time.Time) (birth, problem string) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", "birth_missing"
	}
	var year, month, day int
	number := func(s string) int { n, _ := strconv.Atoi(s); return n } // digits, by the patterns
	if m := birthParts.FindStringSubmatch(text); m != nil {
		day, month, year = number(m[1]), number(m[2]), number(m[3])
	} else if m := birthISO.FindStringSubmatch(text); m != nil {
		year, month, day = number(m[1]), number(m[2]), number(m[3])
	} else if m := birthRun.FindStringSubmatch(text); m != nil {
		day, month, year = number(m[1]), number(m[2]), number(m[3])
	} else if m := birthWords.FindStringSubmatch(text); m != nil {
		day, month, year = number(m[1]), monthOf(m[2]), number(m[3])
	} else if birthShort.MatchString(text) {
		return "", "birth_year"
	} else {
		return "", "birth_form"
	}
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	switch {
	case t.Day() != day || int(t.Month()) != month:
		return "", "birth_none"
	case t.After(now):
		return "", "birth_future"
	case year < earliestBirth:
		return "", "birth_old"
	}
	return t.Format(time.DateOnly), ""
}

func monthOf(word string) int {
	word = strings.ToLower(word)
	for _, m := range monthNames {
		if strings.HasPrefix(word, m.begin) {
			return m.month
		}
	}
	return 0
}
