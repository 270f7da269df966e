package booking

import "time"

// Zone is the time zone of all appointments. The program embeds its rules (time/tzdata in cmd/pieks).
const Zone = "Europe/Berlin"

var berlin = loadZone()

// loadZone falls back to UTC on a system without zone data and without an embedded copy: Expand then refuses.
func loadZone() *time.Location {
	zone, err := time.LoadLocation(Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// InZone is the same instant as a clock in Germany shows it.
func InZone(t time.Time) time.Time { return t.In(berlin) }

// maxUnix is the year 2200: a later instant is an error, and arithmetic below it cannot overflow.
const maxUnix = 7_258_118_400
