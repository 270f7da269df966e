package place

import (
	"cmp"
	"slices"
	"sync"
)

// Map answers which region and area a postcode is in. It is immutable and may be used by many at once.
// Unknown postcodes, regions and areas give zero values.
type Map struct {
	data     MapData
	world    *world
	regions  []region // ascending by name
	areas    []area   // by region, then ascending by name
	members  []int32  // places by area, so that those of an area and of a region lie together
	areaOf   []int32  // by place
	regionID map[string]int32
	areaID   map[string]int32
	zones    []string

	mu   sync.Mutex
	near map[nearKey][]AreaDistance
}

type region struct {
	name       string
	areas      span // in Map.areas
	members    span // in Map.members
	work       sync.Once
	neighbours []string // after work
}

type area struct {
	name    string
	region  int32
	members span // in Map.members
}

type span struct{ from, to int32 }

// NewMap checks map data and makes them ready for use. Neighbours are worked out when they are first asked for.
func NewMap(data MapData) (*Map, error) {
	w := atlas()
	areaNames, regionNames, err := data.assign(w)
	if err != nil {
		return nil, err
	}
	m := &Map{
		data: data, world: w, areaOf: make([]int32, len(w.places)), members: make([]int32, len(w.places)),
		regionID: make(map[string]int32, 1024), areaID: make(map[string]int32, len(w.places)),
		near: make(map[nearKey][]AreaDistance),
	}
	for i := range m.members {
		m.members[i] = int32(i)
	}
	slices.SortStableFunc(m.members, func(a, b int32) int {
		return cmp.Or(cmp.Compare(regionNames[a], regionNames[b]), cmp.Compare(areaNames[a], areaNames[b]))
	})
	m.regions = make([]region, 0, 1024)
	for at, p := range m.members {
		m.place(int32(at), p, regionNames[p], areaNames[p])
	}
	for i := range m.regions {
		m.zones = append(m.zones, m.regions[i].name[:2])
	}
	m.zones = slices.Compact(m.zones)
	return m, nil
}

// place files the next member. Members come by region and area, so a new name begins a new one.
func (m *Map) place(at, p int32, regionName, areaName string) {
	if n := len(m.regions); n == 0 || m.regions[n-1].name != regionName {
		m.regionID[regionName] = int32(n)
		m.regions = append(m.regions, region{name: regionName, areas: span{int32(len(m.areas)), 0}, members: span{at, 0}})
	}
	if n := len(m.areas); n == 0 || m.areas[n-1].name != areaName {
		m.areaID[areaName] = int32(n)
		m.areas = append(m.areas, area{name: areaName, region: int32(len(m.regions) - 1), members: span{at, 0}})
	}
	r, a := &m.regions[len(m.regions)-1], &m.areas[len(m.areas)-1]
	r.areas.to, r.members.to, a.members.to = int32(len(m.areas)), at+1, at+1
	m.areaOf[p] = int32(len(m.areas) - 1)
}

// Data is what the map was made from. It must not be changed.
func (m *Map) Data() MapData { return m.data }

// Regions lists the names of all regions in ascending order.
func (m *Map) Regions() []string {
	names := make([]string, len(m.regions))
	for i := range m.regions {
		names[i] = m.regions[i].name
	}
	return names
}

// Areas lists the names of all areas of a region in ascending order.
func (m *Map) Areas(region string) []string {
	id, ok := m.regionID[region]
	if !ok {
		return nil
	}
	in := m.regions[id].areas
	names := make([]string, 0, in.to-in.from)
	for _, a := range m.areas[in.from:in.to] {
		names = append(names, a.name)
	}
	return names
}

// Region names the region of a postcode: "506", or "506+2" for 506 and two more prefixes.
func (m *Map) Region(p PLZ) string {
	i, ok := m.world.find(p)
	if !ok {
		return ""
	}
	return m.regions[m.areas[m.areaOf[i]].region].name
}

// Area names the area of a postcode: a prefix of 3 to 5 digits or the name of its region.
func (m *Map) Area(p PLZ) string {
	i, ok := m.world.find(p)
	if !ok {
		return ""
	}
	return m.areas[m.areaOf[i]].name
}

// RegionOfArea finds the region that an area lies in.
func (m *Map) RegionOfArea(area string) (string, bool) {
	id, ok := m.areaID[area]
	if !ok {
		return "", false
	}
	return m.regions[m.areas[id].region].name, true
}

// HasRegion says whether a region of this name exists.
func (m *Map) HasRegion(region string) bool {
	_, ok := m.regionID[region]
	return ok
}

// Zone is the first two digits of a region's name, which name its pool topic. It is "" when there is no such region.
func (m *Map) Zone(region string) string {
	id, ok := m.regionID[region]
	if !ok {
		return ""
	}
	return m.regions[id].name[:2]
}

// Zones lists all zones in ascending order.
func (m *Map) Zones() []string { return slices.Clone(m.zones) }
