package place

import (
	"cmp"
	"math"
	"slices"
)

// Centre is the middle of an area, in degrees, and the name of the place nearest to it.
type Centre struct {
	Lat, Lon float64
	Name     string
}

// AreaDistance is an area as seen from a postcode. KM is the distance to the area's nearest postcode, so the practice may be farther
// but is never nearer, and 0 is one's own area; CentreKM is the distance to the area's middle. Where every postcode
// is an area, both are the same.
type AreaDistance struct {
	Area     string
	KM       float64
	CentreKM float64
}

// Neighbours lists at most MaxNeighbours regions that have a postcode within NeighbourKM of one of this region's,
// nearest first. The slice is shared: it must not be changed.
func (m *Map) Neighbours(region string) []string {
	id, ok := m.regionID[region]
	if !ok {
		return nil
	}
	r := &m.regions[id]
	r.work.Do(func() { r.neighbours = m.neighbours(id) })
	return r.neighbours
}

func (m *Map) neighbours(id int32) []string {
	nearest := make(map[int32]float64)
	in := m.regions[id].members
	for _, p := range m.members[in.from:in.to] {
		m.world.around(int(p), NeighbourKM, func(q int32, square float64) {
			other := m.areas[m.areaOf[q]].region
			if old, seen := nearest[other]; other != id && (!seen || square < old) {
				nearest[other] = square
			}
		})
	}
	found := make([]int32, 0, len(nearest))
	for other := range nearest {
		found = append(found, other)
	}
	slices.SortFunc(found, func(a, b int32) int { return cmp.Or(cmp.Compare(nearest[a], nearest[b]), cmp.Compare(a, b)) })
	names := make([]string, 0, MaxNeighbours)
	for _, other := range found[:min(len(found), MaxNeighbours)] {
		names = append(names, m.regions[other].name)
	}
	return names
}

// RegionsWithin lists the region of a postcode and then at most limit-1 of its Neighbours that the radius touches,
// nearest to the postcode first: what a patient who searches this far may ask a relay for.
func (m *Map) RegionsWithin(from PLZ, radiusKM float64, limit int) []string {
	home := m.Region(from)
	if home == "" || limit < 1 {
		return nil
	}
	type reach struct {
		name string
		km   float64
	}
	var reached []reach
	i, _ := m.world.find(from)
	for _, name := range m.Neighbours(home) {
		if km := m.kmTo(i, m.regions[m.regionID[name]].members); km <= radiusKM {
			reached = append(reached, reach{name, km})
		}
	}
	slices.SortStableFunc(reached, func(a, b reach) int { return cmp.Compare(a.km, b.km) })
	names := []string{home}
	for _, r := range reached[:min(len(reached), limit-1)] {
		names = append(names, r.name)
	}
	return names
}

// DistanceKM is the distance from a postcode to the nearest postcode of an area, and +Inf when either is unknown.
func (m *Map) DistanceKM(from PLZ, area string) float64 {
	i, known := m.world.find(from)
	id, ok := m.areaID[area]
	if !known || !ok {
		return math.Inf(1)
	}
	return m.kmTo(i, m.areas[id].members)
}

func (m *Map) kmTo(i int, in span) float64 {
	nearest := math.Inf(1)
	for _, p := range m.members[in.from:in.to] {
		nearest = min(nearest, m.world.points[i].square(m.world.points[p]))
	}
	return kmOfSquare(nearest)
}

// Centre is the middle of an area: the mean of its postcodes.
func (m *Map) Centre(area string) (Centre, bool) {
	id, ok := m.areaID[area]
	if !ok {
		return Centre{}, false
	}
	in := m.areas[id].members
	var c Centre
	for _, p := range m.members[in.from:in.to] {
		c.Lat += m.world.places[p].Lat / float64(in.to-in.from)
		c.Lon += m.world.places[p].Lon / float64(in.to-in.from)
	}
	middle, nearest := pointAt(c.Lat, c.Lon), math.Inf(1)
	for _, p := range m.members[in.from:in.to] {
		if s := middle.square(m.world.points[p]); s < nearest {
			c.Name, nearest = m.world.places[p].Name, s
		}
	}
	return c, true
}

type nearKey struct {
	from int
	km   float64
}

// Nearest lists the areas that the radius around a postcode touches, nearest first, then by CentreKM and name. The answer is
// remembered, and the slice is shared: it must not be changed.
func (m *Map) Nearest(from PLZ, radiusKM float64) []AreaDistance {
	i, ok := m.world.find(from)
	if !ok || !(radiusKM >= 0) { // not a number, too
		return nil
	}
	key := nearKey{i, radiusKM}
	m.mu.Lock()
	defer m.mu.Unlock()
	if known, ok := m.near[key]; ok {
		return known
	}
	if len(m.near) >= maxNearest {
		clear(m.near)
	}
	m.near[key] = m.nearest(i, radiusKM)
	return m.near[key]
}

func (m *Map) nearest(i int, radiusKM float64) []AreaDistance {
	square := make(map[int32]float64)
	m.world.around(i, radiusKM, func(p int32, s float64) {
		if old, seen := square[m.areaOf[p]]; !seen || s < old {
			square[m.areaOf[p]] = s
		}
	})
	found := make([]AreaDistance, 0, len(square))
	for id, s := range square {
		c, _ := m.Centre(m.areas[id].name)
		found = append(found, AreaDistance{m.areas[id].name, kmOfSquare(s), kmOfSquare(m.world.points[i].square(pointAt(c.Lat, c.Lon)))})
	}
	slices.SortFunc(found, func(a, b AreaDistance) int {
		return cmp.Or(cmp.Compare(a.KM, b.KM), cmp.Compare(a.CentreKM, b.CentreKM), cmp.Compare(a.Area, b.Area))
	})
	return found
}
