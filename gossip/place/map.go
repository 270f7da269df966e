package place

import "errors"

// MapData says how the country is cut. It travels in the network bundle as CBOR. K 0 with no regions is the default
// map: every 3-digit prefix is a region, every postcode an area. Otherwise K is the least number of practices of each region
// and area, and Regions covers every postcode exactly once.
type MapData struct {
	K       int          `cbor:"1,keyasint"`
	Regions []RegionData `cbor:"2,keyasint,omitempty"`
}

// RegionData is one region: its 3-digit prefixes in ascending order, and its areas in ascending order, each a
// prefix of 3 to 5 digits. A postcode belongs to the area with the longest matching prefix, or else to the area that
// has the region's name. A Map lists the region's name as an area only when some postcode has no finer one.
type RegionData struct {
	Prefixes []string `cbor:"1,keyasint"`
	Areas    []string `cbor:"2,keyasint,omitempty"`
}

// ErrMap says that map data do not cut the country into regions and areas.
var ErrMap = errors.New("the region map is not usable")

// Map answers which region and area a postcode is in. It is immutable and may be used by many at once.
// Unknown postcodes, regions and areas give zero values.
type Map struct{}

// Centre is the middle of an area, in degrees, and the name of the place nearest to it.
type Centre struct {
	Lat, Lon float64
	Name     string
}

// AreaDistance is an area as seen from a postcode. KM is the distance to the area's nearest postcode, so the practice may be farther
// but is never nearer, and 0 is one's own area; CentreKM is the distance to the area's middle.
type AreaDistance struct {
	Area     string
	KM       float64
	CentreKM float64
}

// DefaultMapData is the map without practice counts: every 3-digit prefix a region, every postcode an area.
func DefaultMapData() MapData { return MapData{} }

// NewMap checks map data and makes them ready for use. Neighbours are worked out when they are first asked for.
func NewMap(data MapData) (*Map, error) { return &Map{}, nil }

// Data is what the map was made from.
func (m *Map) Data() MapData { return MapData{} }

// Regions lists the names of all regions in ascending order.
func (m *Map) Regions() []string { return nil }

// Areas lists the names of all areas of a region in ascending order.
func (m *Map) Areas(region string) []string { return nil }

// Region names the region of a postcode: "506", or "506+2" for 506 and two more prefixes.
func (m *Map) Region(p PLZ) string { return "" }

// Area names the area of a postcode: a prefix of 3 to 5 digits or the name of its region.
func (m *Map) Area(p PLZ) string { return "" }

// RegionOfArea finds the region that an area lies in.
func (m *Map) RegionOfArea(area string) (string, bool) { return "", false }

// HasRegion says whether a region of this name exists.
func (m *Map) HasRegion(region string) bool { return false }

// Zone is the first two digits of a region's name, which name its pool topic. It is "" when region is no region's name.
func (m *Map) Zone(region string) string { return "" }

// Zones lists all zones in ascending order.
func (m *Map) Zones() []string { return nil }

// Neighbours lists at most 12 regions that have a postcode within 40 km of one of this region's, nearest first.
func (m *Map) Neighbours(region string) []string { return nil }

// Centre is the middle of an area.
func (m *Map) Centre(area string) (Centre, bool) { return Centre{}, false }

// DistanceKM is the distance from a postcode to the nearest postcode of an area, and +Inf when either is unknown.
func (m *Map) DistanceKM(from PLZ, area string) float64 { return 0 }

// Nearest lists the areas that the radius around a postcode touches, nearest first. The answer is remembered, and the slice is
// shared: it must not be changed.
func (m *Map) Nearest(from PLZ, radiusKM float64) []AreaDistance { return nil }

// RegionsWithin lists the region of a postcode and then at most limit-1 of its Neighbours that the radius touches,
// nearest first.
func (m *Map) RegionsWithin(from PLZ, radiusKM float64, limit int) []string { return nil }
