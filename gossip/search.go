package gossip

import (
	"time"

	"pieks/gossip/place"
)

// Query says which slots a patient looks for. Zero fields do not restrict.
type Query struct {
	From     place.PLZ
	RadiusKM float64
	Vaccine  string    // catalogue code
	Dose     uint8     // 1 for the first
	FirstDay uint32    // days since 1970
	LastDay  uint32    // inclusive
	Parts    []Part    // any of these
	Max      int       // at most so many hits
	Now      time.Time // expired sheets are left out
}

// Hit is one slot token that matches.
type Hit struct {
	Token      TokenID
	Slot       Slot
	Sheet      *Signed // with the pseudonym, pass and relays to reach the practice
	Area       string
	DistanceKM float64 // from the query's postcode to the centre of the area
}

// Search lists the tokens of v within the radius, nearest area first, then by day and part of day.
// Within the same area, day and part the order is that of the token ids: it favours nobody.
func Search(m *place.Map, v *View, q Query) []Hit { return nil }
