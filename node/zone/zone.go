// Package zone is the time zone of all appointments, also on computers without a zone database: the program carries this one zone
// (0.7 KB) in place of all of time/tzdata (450 KB). Europe_Berlin.tzif is of the IANA time zone database, in the public domain.
package zone

import (
	_ "embed"
	"time"
)

// Name of the zone.
const Name = "Europe/Berlin"

//go:embed Europe_Berlin.tzif
var embedded []byte

// Berlin is as the computer has it, whose rules may be newer, and else as the program carries it.
var Berlin = load(time.LoadLocation)

func load(system func(name string) (*time.Location, error)) *time.Location {
	if berlin, err := system(Name); err == nil {
		return berlin
	}
	berlin, err := time.LoadLocationFromTZData(Name, embedded)
	if err != nil {
		panic("the program's own time zone is damaged: " + err.Error()) // it is part of the program
	}
	return berlin
}
