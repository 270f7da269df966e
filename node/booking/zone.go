package booking

import (
	"time"

	"pieks/node/zone"
)

// Zone is the time zone of all appointments.
const Zone = zone.Name

var berlin = zone.Berlin

// InZone is the same instant as a clock in Germany shows it.
func InZone(t time.Time) time.Time { return t.In(berlin) }

// maxUnix is the year 2200: a later instant is an error, and arithmetic below it cannot overflow.
const maxUnix = 7_258_118_400
