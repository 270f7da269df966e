package place

import (
	_ "embed"
	"errors"
	"slices"
	"strings"
	"sync"

	"pieks/gossip/place/table"
)

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
func ParsePLZ(s string) (PLZ, error) {
	if !digits(s) || len(s) != 5 {
		return "", ErrPLZForm
	}
	if _, ok := atlas().find(PLZ(s)); !ok {
		return "", ErrPLZUnknown
	}
	return PLZ(s), nil
}

// digits says whether s consists of ASCII digits only. Other scripts' digits are letters here: a postcode is compared byte by byte.
func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// Lookup finds the place of a postcode.
func Lookup(p PLZ) (Place, bool) {
	i, ok := atlas().find(p)
	if !ok {
		return Place{}, false
	}
	return atlas().places[i], true
}

// All lists every postcode in ascending order. The slice is the caller's.
func All() []Place { return slices.Clone(atlas().places) }

//go:embed plz.bin
var embedded []byte

// world is the decoded table, with what distances need. Places are named by their index.
type world struct {
	places []Place
	points []point   // by place
	byLat  []int32   // places from south to north
	lats   []float64 // of byLat
}

// atlas decodes the table when it is first needed: a command that prints help does not pay for it.
var atlas = sync.OnceValue(decodeEmbedded)

func decodeEmbedded() *world {
	rows, err := table.Decode(embedded)
	if err != nil {
		panic("place: the embedded table is damaged, so this program was built wrongly: " + err.Error())
	}
	return newWorld(rows)
}

func newWorld(rows []table.Row) *world {
	w := &world{places: make([]Place, len(rows)), points: make([]point, len(rows)), byLat: make([]int32, len(rows))}
	var codes strings.Builder
	codes.Grow(5 * len(rows))
	for _, row := range rows {
		for unit := uint32(10_000); unit > 0; unit /= 10 {
			codes.WriteByte('0' + byte(row.Code/unit%10))
		}
	}
	for i, row := range rows {
		p := Place{PLZ(codes.String()[5*i : 5*i+5]), row.Name, row.State, float64(row.Lat) / table.Scale, float64(row.Lon) / table.Scale}
		w.places[i], w.points[i], w.byLat[i] = p, pointAt(p.Lat, p.Lon), int32(i)
	}
	slices.SortFunc(w.byLat, func(a, b int32) int { return int(rows[a].Lat) - int(rows[b].Lat) })
	w.lats = make([]float64, len(rows))
	for i, p := range w.byLat {
		w.lats[i] = w.places[p].Lat
	}
	return w
}

func (w *world) find(p PLZ) (int, bool) {
	return slices.BinarySearchFunc(w.places, p, func(at Place, p PLZ) int { return strings.Compare(string(at.PLZ), string(p)) })
}
