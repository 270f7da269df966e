// Package table is the file format of the embedded postcode table: one writer for the generator, one reader for
// package place.
//
// A table is the two lines of Header as text, so that `head -2` shows version and attribution, and then binary. Numbers are
// unsigned varints (encoding/binary), signed differences zigzag varints.
//
//	count of states, then for each: length, name in UTF-8
//	count of rows, then for each, in ascending order of postcode:
//	  difference to the postcode before, as a number, at least 1 (the first is counted from 0)
//	  index of the state, one byte
//	  difference to the latitude before, in 1/10,000 degree (about 11 m), signed
//	  difference to the longitude before, likewise
//	  how many bytes the name shares with the start of the name before, one byte
//	  length of the rest of the name, the rest in UTF-8
//
// Nothing follows the last row. Neighbouring postcodes lie and are called alike, so rows take about 16 bytes without any
// compression that would have to be undone at start.
package table

import "errors"

// Header begins every table. Its number is the version of the format.
const Header = "Pieks PLZ table 1\nPostcode data: GeoNames, geonames.org, CC BY 4.0\n"

// Scale is the number of coordinate units in a degree.
const Scale = 10_000

const (
	maxCode   = 99_999      // five digits
	maxStates = 64          // Germany has 16
	maxName   = 100         // the longest of 8,195 names has 35 bytes
	maxLat    = 90 * Scale  // degrees of latitude
	maxLon    = 180 * Scale // degrees of longitude
)

// ErrTable says that bytes are no table of this version, or that rows cannot be written as one.
var ErrTable = errors.New("not a postcode table of version 1; run go generate ./gossip/place")

// Row is one postcode.
type Row struct {
	Code  uint32 // 1067 for 01067
	State string
	Name  string
	Lat   int32 // degrees times Scale
	Lon   int32
}
