package cvc

import (
	"fmt"
	"time"
)

// readDate reads a day: YYMMDD with a digit a byte, of this century (gemSpec_PKI).
func readDate(raw []byte) (time.Time, bool) {
	if len(raw) != dateLength {
		return time.Time{}, false
	}
	for _, digit := range raw {
		if digit > 9 {
			return time.Time{}, false
		}
	}
	two := func(i int) int { return 10*int(raw[i]) + int(raw[i+1]) }
	year, month, day := 2000+two(0), time.Month(two(2)), two(4)
	t := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	return t, t.Month() == month // else there is no such day in it: 31 February is in March
}

func encodeDate(t time.Time) ([]byte, error) {
	if t.Year() < 2000 || t.Year() > 2099 {
		return nil, fmt.Errorf("%w: year %d", ErrIssue, t.Year())
	}
	out := []byte(t.Format("060102"))
	for i := range out {
		out[i] -= '0'
	}
	return out, nil
}

// dayOf is the day in UTC, at its beginning.
func dayOf(t time.Time) time.Time {
	year, month, day := t.UTC().Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
