package place

import (
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
)

func mustMap(t testing.TB, data MapData) *Map {
	t.Helper()
	m, err := NewMap(data)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestDefaultMap(t *testing.T) {
	m := mustMap(t, DefaultMapData())
	if n := len(m.Regions()); n != 673 {
		t.Errorf("%d regions", n)
	}
	if n := len(m.Zones()); n != 96 {
		t.Errorf("%d zones", n)
	}
	for _, p := range All() {
		region := m.Region(p.PLZ)
		if region != string(p.PLZ[:3]) || m.Area(p.PLZ) != string(p.PLZ) || !m.HasRegion(region) || m.Zone(region) != string(p.PLZ[:2]) {
			t.Fatalf("%s: region %q, area %q, zone %q", p.PLZ, region, m.Area(p.PLZ), m.Zone(region))
		}
		if r, ok := m.RegionOfArea(string(p.PLZ)); !ok || r != region {
			t.Fatalf("%s: area in region %q", p.PLZ, r)
		}
	}
	if a := m.Areas("506"); !slices.Contains(a, "50667") || !slices.IsSorted(a) {
		t.Errorf("areas of 506: %v", a)
	}
	for _, bad := range []string{"", "000", "5", "50", "5066", "506+1", "506+2", "99999", "*"} {
		if m.HasRegion(bad) || m.Zone(bad) != "" || m.Neighbours(bad) != nil || m.Areas(bad) != nil {
			t.Errorf("%q is a region", bad)
		}
		if _, ok := m.RegionOfArea(bad); ok {
			t.Errorf("%q is an area", bad)
		}
		if m.Region(PLZ(bad)) != "" || m.Area(PLZ(bad)) != "" {
			t.Errorf("%q has a region", bad)
		}
	}
}

func TestNewMapRefuses(t *testing.T) {
	good, err := BuildMapData(countsFor(3), 5)
	if err != nil {
		t.Fatal(err)
	}
	mustMap(t, good)
	first := func(d *MapData) *RegionData { return &d.Regions[0] }
	for name, change := range map[string]func(*MapData){
		"k without regions":      func(d *MapData) { d.Regions = nil },
		"regions without k":      func(d *MapData) { d.K = 0 },
		"negative k":             func(d *MapData) { d.K = -1 },
		"huge k":                 func(d *MapData) { d.K = MaxK + 1 },
		"a region missing":       func(d *MapData) { d.Regions = d.Regions[1:] },
		"a region twice":         func(d *MapData) { d.Regions = append(d.Regions, d.Regions[0]) },
		"regions out of order":   func(d *MapData) { d.Regions[0], d.Regions[1] = d.Regions[1], d.Regions[0] },
		"no prefix":              func(d *MapData) { first(d).Prefixes = nil },
		"prefix that is no PLZ":  func(d *MapData) { first(d).Prefixes = []string{"000"} },
		"prefix of two digits":   func(d *MapData) { first(d).Prefixes = []string{"01"} },
		"prefix of letters":      func(d *MapData) { first(d).Prefixes = []string{"abc"} },
		"prefix of other digits": func(d *MapData) { first(d).Prefixes = []string{"٠"} },
		"prefix twice":           func(d *MapData) { first(d).Prefixes = append(first(d).Prefixes, first(d).Prefixes[0]) },
		"prefix in two regions": func(d *MapData) {
			last := &d.Regions[len(d.Regions)-1]
			last.Prefixes = append(slices.Clone(first(d).Prefixes), last.Prefixes...)
			slices.Sort(last.Prefixes)
		},
		"area of six digits":     func(d *MapData) { first(d).Areas = []string{"010670"} },
		"area outside":           func(d *MapData) { first(d).Areas = []string{"50667"} },
		"area without postcodes": func(d *MapData) { first(d).Areas = []string{first(d).Prefixes[0] + "00"} },
		"areas out of order":     func(d *MapData) { first(d).Areas = []string{"01069", "01067"} },
		"area twice":             func(d *MapData) { first(d).Areas = []string{"01067", "01067"} },
		"area named as region": func(d *MapData) {
			for i, r := range d.Regions {
				if len(r.Prefixes) == 1 {
					d.Regions[i].Areas = []string{r.Prefixes[0]}
					return
				}
			}
			panic("no region of one prefix")
		},
		"too many areas": func(d *MapData) { first(d).Areas = make([]string, maxRegionList+1) },
	} {
		d := MapData{K: good.K}
		for _, r := range good.Regions {
			d.Regions = append(d.Regions, RegionData{slices.Clone(r.Prefixes), slices.Clone(r.Areas)})
		}
		change(&d)
		if _, err := NewMap(d); !errors.Is(err, ErrMap) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNeighboursAreNearAndInOrder(t *testing.T) {
	coarse, err := BuildMapData(countsFor(1), 12)
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range []MapData{DefaultMapData(), coarse} {
		m := mustMap(t, data)
		places := make(map[string][]Place)
		for _, p := range All() {
			places[m.Region(p.PLZ)] = append(places[m.Region(p.PLZ)], p)
		}
		regions := m.Regions()
		for at := 0; at < len(regions); at += 29 {
			region := regions[at]
			nearest := func(other string) float64 {
				best := math.Inf(1)
				for _, p := range places[region] {
					for _, q := range places[other] {
						best = min(best, DistanceKM(p.Lat, p.Lon, q.Lat, q.Lon))
					}
				}
				return best
			}
			got := m.Neighbours(region)
			last := 0.0
			for _, other := range got {
				km := nearest(other)
				if km < last-1e-6 || km > NeighbourKM {
					t.Fatalf("%s: %s is %v km away, after one of %v km", region, other, km, last)
				}
				last = km
			}
			for _, other := range regions {
				if other == region || slices.Contains(got, other) {
					continue
				}
				if km := nearest(other); km <= NeighbourKM && (len(got) < MaxNeighbours || km < last-1e-6) {
					t.Fatalf("%s lacks %s, %v km away: %v", region, other, km, got)
				}
			}
			if slices.Contains(got, region) {
				t.Fatalf("%s is its own neighbour", region)
			}
		}
	}
}

func TestNearest(t *testing.T) {
	coarse, err := BuildMapData(countsFor(1), 12)
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range []MapData{DefaultMapData(), coarse} {
		m := mustMap(t, data)
		for _, from := range []PLZ{"50670", "10115", "25999", "87561", "99998"} {
			got := m.Nearest(from, 20)
			if len(got) == 0 || got[0].KM != 0 {
				t.Fatalf("%s: own area is not the first: %v", from, got)
			}
			listed := make(map[string]bool)
			for i, a := range got {
				listed[a.Area] = true
				if want := m.DistanceKM(from, a.Area); math.Abs(a.KM-want) > 1e-9 || a.KM > 20 || i > 0 && got[i-1].KM > a.KM {
					t.Fatalf("%s: %+v, distance %v", from, a, want)
				}
			}
			for _, p := range All() {
				at, _ := Lookup(from)
				if km := DistanceKM(at.Lat, at.Lon, p.Lat, p.Lon); (km <= 20) && !listed[m.Area(p.PLZ)] {
					t.Fatalf("%s: %s (%s) is %v km away and not listed", from, m.Area(p.PLZ), p.PLZ, km)
				}
			}
			if !listed[m.Area(from)] {
				t.Fatalf("%s: own area missing", from)
			}
		}
	}
	m := mustMap(t, DefaultMapData())
	if got := m.Nearest("50667", 0); len(got) != 1 || got[0].Area != "50667" {
		t.Errorf("radius 0: %v", got)
	}
	if got := m.Nearest("50667", 1e9); len(got) != 8195 {
		t.Errorf("everywhere: %d", len(got))
	}
	for _, km := range []float64{-1, math.NaN(), math.Inf(-1)} {
		if got := m.Nearest("50667", km); got != nil {
			t.Errorf("radius %v: %v", km, got)
		}
	}
	if m.Nearest("99999", 20) != nil || !math.IsInf(m.DistanceKM("99999", "50667"), 1) || !math.IsInf(m.DistanceKM("50667", "x"), 1) {
		t.Error("an unknown postcode is near something")
	}
}

func TestNearestForgetsInsteadOfGrowing(t *testing.T) {
	m := mustMap(t, DefaultMapData())
	for i := range 3 * maxNearest {
		m.Nearest("50667", float64(i%100)/10)
		m.Nearest(All()[i].PLZ, 1)
	}
	if len(m.near) > maxNearest {
		t.Errorf("%d answers kept", len(m.near))
	}
}

func TestRegionsWithin(t *testing.T) {
	m := mustMap(t, DefaultMapData())
	got := m.RegionsWithin("50670", 20, 4)
	if len(got) != 4 || got[0] != "506" {
		t.Fatalf("%v", got)
	}
	neighbours := m.Neighbours("506")
	for _, r := range got[1:] {
		if !slices.Contains(neighbours, r) {
			t.Errorf("%s is no neighbour of 506", r)
		}
	}
	if got := m.RegionsWithin("50670", 0, 4); !slices.Equal(got, []string{"506"}) {
		t.Errorf("radius 0: %v", got)
	}
	if got := m.RegionsWithin("50670", 500, 100); len(got) != len(neighbours)+1 {
		t.Errorf("never more than the neighbours: %v", got)
	}
	if m.RegionsWithin("50670", 20, 0) != nil || m.RegionsWithin("00000", 20, 4) != nil {
		t.Error("regions of nowhere")
	}
	if got := m.RegionsWithin("50670", 20, 1); !slices.Equal(got, []string{"506"}) {
		t.Errorf("limit 1: %v", got)
	}
}

func TestCentre(t *testing.T) {
	m := mustMap(t, DefaultMapData())
	if c, ok := m.Centre("50667"); !ok || c != (Centre{50.9387, 6.9547, "Köln"}) {
		t.Errorf("%+v %v", c, ok)
	}
	if c, ok := m.Centre("506"); ok || c != (Centre{}) {
		t.Errorf("%+v: 506 is no area of this map", c)
	}
}

func TestMapIsSafeForMany(t *testing.T) {
	m := mustMap(t, DefaultMapData())
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			for _, r := range m.Regions()[:40] {
				m.Neighbours(r)
				m.Nearest(PLZ(m.Areas(r)[0]), 20)
			}
		})
	}
	done.Wait()
}

func BenchmarkNewMap(b *testing.B) {
	for b.Loop() {
		mustMap(b, DefaultMapData())
	}
}

func BenchmarkAllNeighbours(b *testing.B) {
	for b.Loop() {
		m := mustMap(b, DefaultMapData())
		for _, r := range m.Regions() {
			m.Neighbours(r)
		}
	}
}

func BenchmarkNearestCold(b *testing.B) {
	m := mustMap(b, DefaultMapData())
	for b.Loop() {
		clear(m.near)
		m.Nearest("50670", 20)
	}
}

func BenchmarkNearestCached(b *testing.B) {
	m := mustMap(b, DefaultMapData())
	for b.Loop() {
		m.Nearest("50670", 20)
	}
}

func BenchmarkDecodeTable(b *testing.B) {
	for b.Loop() {
		decodeEmbedded()
	}
}
