package booking

import (
	"time"

	"pieks/node/control"
)

// Expand turns a day, a span and a step in local time into appointments. Every refusal is a sentence: a day that is none or is past, a
// time that the clocks skip that day, one that they pass twice without Fold, too many.
func Expand(add control.SlotsAdd, now time.Time) ([]Appointment, error) {
	return nil, ErrPast
}
