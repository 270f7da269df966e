package place

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// MapData says how the country is cut. It travels in the network bundle as CBOR. K 0 with no regions is the default
// map: every 3-digit prefix is a region, every postcode an area. Otherwise K is the least number of practices of each region
// and area, and Regions, in ascending order of their first prefix, cover every postcode exactly once.
type MapData struct {
	K       int          `cbor:"1,keyasint"`
	Regions []RegionData `cbor:"2,keyasint,omitempty"`
}

// RegionData is one region: its 3-digit prefixes in ascending order, and its areas in ascending order, each a
// prefix of 3 to 5 digits. A postcode belongs to the area with the longest matching prefix, or else to the area that
// has the region's name, which is not listed.
type RegionData struct {
	Prefixes []string `cbor:"1,keyasint"`
	Areas    []string `cbor:"2,keyasint,omitempty"`
}

// ErrMap says that map data do not cut the country into regions and areas.
var ErrMap = errors.New("the region map is not usable")

// DefaultMapData is the map without practice counts: every 3-digit prefix a region, every postcode an area.
func DefaultMapData() MapData { return MapData{} }

// Name of the region: its first prefix, and how many more it has.
func (r RegionData) Name() string {
	switch len(r.Prefixes) {
	case 0:
		return ""
	case 1:
		return r.Prefixes[0]
	default:
		return r.Prefixes[0] + "+" + strconv.Itoa(len(r.Prefixes)-1)
	}
}

// assign names the area and region of each place, or says what is wrong with the data.
func (d MapData) assign(w *world) (areas, regions []string, err error) {
	areas, regions = make([]string, len(w.places)), make([]string, len(w.places))
	if d.K == 0 && len(d.Regions) == 0 {
		for i, p := range w.places {
			areas[i], regions[i] = string(p.PLZ), string(p.PLZ[:3])
		}
		return areas, regions, nil
	}
	if d.K < 1 || d.K > MaxK {
		return nil, nil, fmt.Errorf("%w: k is %d", ErrMap, d.K)
	}
	for at, r := range d.Regions {
		if err := r.check(); err != nil {
			return nil, nil, err
		}
		if at > 0 && d.Regions[at-1].Prefixes[0] >= r.Prefixes[0] {
			return nil, nil, fmt.Errorf("%w: region %s is out of order", ErrMap, r.Name())
		}
		if err := r.assign(w, areas, regions); err != nil {
			return nil, nil, err
		}
	}
	if i := slices.Index(regions, ""); i >= 0 {
		return nil, nil, fmt.Errorf("%w: postcode %s is in no region", ErrMap, w.places[i].PLZ)
	}
	return areas, regions, nil
}

// check looks at the form only: sizes, digits, order.
func (r RegionData) check() error {
	if len(r.Prefixes) == 0 || len(r.Prefixes) > maxRegionList || len(r.Areas) > maxRegionList {
		return fmt.Errorf("%w: a region has %d prefixes and %d areas", ErrMap, len(r.Prefixes), len(r.Areas))
	}
	for i, p := range r.Prefixes {
		if len(p) != 3 || !digits(p) || i > 0 && r.Prefixes[i-1] >= p {
			return fmt.Errorf("%w: prefix %d of a region", ErrMap, i+1)
		}
	}
	for i, a := range r.Areas {
		if len(a) < 3 || len(a) > 5 || !digits(a) || i > 0 && r.Areas[i-1] >= a || a == r.Name() {
			return fmt.Errorf("%w: area %d of region %s", ErrMap, i+1, r.Name())
		}
	}
	return nil
}

func (r RegionData) assign(w *world, areas, regions []string) error {
	name := r.Name()
	used := make(map[string]bool, len(r.Areas))
	for _, a := range r.Areas {
		used[a] = false
	}
	for _, prefix := range r.Prefixes {
		in := w.prefixed(prefix)
		if in.from == in.to {
			return fmt.Errorf("%w: no postcode begins with %s", ErrMap, prefix)
		}
		for i := in.from; i < in.to; i++ {
			if regions[i] != "" {
				return fmt.Errorf("%w: prefix %s is in two regions", ErrMap, prefix)
			}
			regions[i], areas[i] = name, name
			for n := 5; n >= 3; n-- {
				finer := string(w.places[i].PLZ[:n])
				if _, ok := used[finer]; ok {
					areas[i], used[finer] = finer, true
					break
				}
			}
		}
	}
	for _, a := range r.Areas {
		if !used[a] {
			return fmt.Errorf("%w: area %s of region %s has no postcode", ErrMap, a, name)
		}
	}
	return nil
}

// prefixed is the span of places whose postcodes begin with prefix.
func (w *world) prefixed(prefix string) span {
	from, _ := w.find(PLZ(prefix))
	// ':' comes right after '9'.
	to, _ := w.find(PLZ(prefix + ":"))
	return span{int32(from), int32(to)}
}
