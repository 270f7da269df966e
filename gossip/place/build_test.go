package place

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// countsFor gives every postcode n practices.
func countsFor(n int) map[PLZ]int {
	counts := make(map[PLZ]int)
	for _, p := range All() {
		counts[p.PLZ] = n
	}
	return counts
}

func drawCounts(t *rapid.T) (map[PLZ]int, int) {
	k := rapid.IntRange(1, 30).Draw(t, "k")
	share := rapid.IntRange(1, 100).Draw(t, "share")
	most := rapid.IntRange(1, 12).Draw(t, "most")
	seed := rapid.Uint32().Draw(t, "seed")
	counts := make(map[PLZ]int)
	// A small generator of our own: 8,195 draws of rapid a check would take minutes.
	for _, p := range All() {
		seed = seed*1664525 + 1013904223
		if int(seed>>8)%100 < share {
			counts[p.PLZ] = int(seed>>16) % (most + 1)
		}
	}
	counts["50667"] += k // enough for one region
	return counts, k
}

// TestBuiltMapHidesEachPractice is the promise of the map: every postcode is in one region and one area, and each region and each area is shared by k
// practices: not only the prefix, but those that will show its name.
func TestBuiltMapHidesEachPractice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts, k := drawCounts(t)
		data, err := BuildMapData(counts, k)
		if err != nil {
			t.Fatal(err)
		}
		m, err := NewMap(data)
		if err != nil {
			t.Fatal(err)
		}
		byRegion, byArea := make(map[string]int), make(map[string]int)
		for _, p := range All() {
			region, area := m.Region(p.PLZ), m.Area(p.PLZ)
			if of, ok := m.RegionOfArea(area); !ok || of != region || !m.HasRegion(region) || m.Zone(region) != region[:2] {
				t.Fatalf("%s: area %q of region %q, and of %q", p.PLZ, area, region, of)
			}
			byRegion[region] += counts[p.PLZ]
			byArea[area] += counts[p.PLZ]
		}
		for region, n := range byRegion {
			if n < k {
				t.Fatalf("region %s has %d practices, k is %d", region, n, k)
			}
		}
		listed := 0
		for area, n := range byArea {
			if n < k {
				t.Fatalf("area %s has %d practices, k is %d", area, n, k)
			}
		}
		for _, r := range m.Regions() {
			listed += len(m.Areas(r))
		}
		if listed != len(byArea) || len(m.Regions()) != len(byRegion) {
			t.Fatalf("%d areas and %d regions listed, %d and %d used", listed, len(m.Regions()), len(byArea), len(byRegion))
		}
		again, err := BuildMapData(counts, k)
		if err != nil || !reflect.DeepEqual(again, data) {
			t.Fatalf("not the same map again: %v", err)
		}
	})
}

// TestBuildSplitsAsFarAsItMay keeps BuildMapData from hiding more than needed: with k practices at every postcode the built map is the default map.
func TestBuildSplitsAsFarAsItMay(t *testing.T) {
	data, err := BuildMapData(countsFor(5), 5)
	if err != nil {
		t.Fatal(err)
	}
	built, plain := mustMap(t, data), mustMap(t, DefaultMapData())
	for _, p := range All() {
		if got, want := built.Region(p.PLZ), plain.Region(p.PLZ); got != want {
			t.Fatalf("%s: region %s", p.PLZ, got)
		}
		if got, want := built.Area(p.PLZ), plain.Area(p.PLZ); got != want {
			t.Fatalf("%s: area %s", p.PLZ, got)
		}
	}
}

func TestSplitByHand(t *testing.T) {
	counts := countsFor(10)
	counts["50668"] = 1                     // 50667 has ten: it must hide 50668
	counts["50670"], counts["50672"] = 1, 6 // 50672, the smallest of its siblings, must hide 50670
	counts["50968"], counts["50969"] = 3, 3 // these two hide each other
	delete(counts, "50259")                 // a practice that comes later would be alone
	data, err := BuildMapData(counts, 5)
	if err != nil {
		t.Fatal(err)
	}
	m := mustMap(t, data)
	for p, want := range map[PLZ]string{
		"50667": "5066", "50668": "5066",
		"50670": "5067", "50672": "5067", "50674": "50674", "50679": "50679",
		"50968": "5096", "50969": "5096",
		"50259": "502", "50226": "502", // 502 has no third postcode
	} {
		if got := m.Area(p); got != want {
			t.Errorf("%s: area %s, want %s", p, got, want)
		}
	}
}

func TestMergeOfFewPractices(t *testing.T) {
	data, err := BuildMapData(map[PLZ]int{"50667": 9, "50668": 6, "10115": 7, "10117": 2}, 5)
	if err != nil {
		t.Fatal(err)
	}
	m := mustMap(t, data)
	if len(m.Regions()) != 2 || m.Region("50667") != m.Region("52062") || m.Region("10115") != m.Region("15230") || m.Region("50667") == m.Region("10115") {
		t.Errorf("Köln in %s, Aachen in %s, Berlin in %s, Frankfurt (Oder) in %s",
			m.Region("50667"), m.Region("52062"), m.Region("10115"), m.Region("15230"))
	}
	if data, err = BuildMapData(map[PLZ]int{"50667": 5}, 5); err != nil || len(data.Regions) != 1 || data.Regions[0].Name() != "010+672" {
		t.Errorf("just enough for one region: %v", err)
	}
}

func TestMergePrefersTheZone(t *testing.T) {
	counts := countsFor(2)
	for p := range counts {
		if p[:3] == "506" {
			counts[p] = 0
		}
	}
	data, err := BuildMapData(counts, 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range data.Regions {
		if !slices.Contains(r.Prefixes, "506") {
			continue
		}
		for _, prefix := range r.Prefixes {
			if len(r.Prefixes) == 1 || prefix[:2] != "50" {
				t.Errorf("506 without practices went to %v", r.Prefixes)
			}
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		counts map[PLZ]int
		k      int
		want   error
	}{
		"nobody":           {nil, 5, ErrTooFewPractices},
		"four":             {map[PLZ]int{"50667": 4}, 5, ErrTooFewPractices},
		"k of zero":        {countsFor(1), 0, ErrCounts},
		"huge k":           {countsFor(1), MaxK + 1, ErrCounts},
		"negative count":   {map[PLZ]int{"50667": -1, "50668": 9}, 5, ErrCounts},
		"huge count":       {map[PLZ]int{"50667": maxCount + 1}, 5, ErrCounts},
		"unknown postcode": {map[PLZ]int{"99999": 9}, 5, ErrCounts},
	} {
		if _, err := BuildMapData(c.counts, c.k); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkBuildMapData(b *testing.B) {
	counts := make(map[PLZ]int)
	for i, p := range All() {
		counts[p.PLZ] = i % 3
	}
	for b.Loop() {
		if _, err := BuildMapData(counts, 5); err != nil {
			b.Fatal(err)
		}
	}
}
