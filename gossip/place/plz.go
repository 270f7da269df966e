package place

import "errors"

// PLZ is a German delivery postcode: five ASCII digits, such as "50667". ParsePLZ makes one from foreign text; a
// PLZ that was made otherwise may not exist, and every function of this package then says so by its zero value.
type PLZ string

// Place is one postcode: the name of its (largest) place, the federal state, and its centre in degrees (WGS84).
type Place struct {
	PLZ   PLZ
	Name  string
	State string
	Lat   float64
	Lon   float64
}

// What ParsePLZ refuses. The sentences are for people and do not repeat what was typed.
var (
	ErrPLZForm    = errors.New("a postcode has exactly five digits 0 to 9, such as 50667")
	ErrPLZUnknown = errors.New("this postcode does not exist in Germany; please check the digits")
)

// ParsePLZ reads a postcode that a person typed: exactly five ASCII digits, nothing around them, that exist. Its errors are
// ErrPLZForm and ErrPLZUnknown.
func ParsePLZ(s string) (PLZ, error) { return "", ErrPLZForm }

// Lookup finds the place of a postcode.
func Lookup(p PLZ) (Place, bool) { return Place{}, false }

// All lists every postcode in ascending order. The slice is the caller's.
func All() []Place { return nil }
