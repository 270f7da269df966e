package place

import (
	"errors"
	"io"
)

// What BuildMapData and ParseCounts refuse.
var (
	ErrTooFewPractices = errors.New("there are fewer practices than one region needs; use a smaller k or the default map")
	ErrCounts          = errors.New("the practice counts cannot be read")
)

// BuildMapData makes map data from the number of practices at each postcode, so that every region and every area has
// at least k practices. The same counts always give the same map.
func BuildMapData(counts map[PLZ]int, k int) (MapData, error) { return MapData{}, nil }

// ParseCounts reads a CSV file "plz,count" with one line a postcode; an optional first line names the columns. Errors name the line.
func ParseCounts(r io.Reader) (map[PLZ]int, error) { return nil, ErrCounts }
