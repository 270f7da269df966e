package place

import (
	"bytes"
	"testing"

	"pieks/gossip/wire"
)

func FuzzParsePLZ(f *testing.F) {
	for _, s := range []string{"50667", "5066", "00000", "٠١٠٦٧", "５０６６７", "1'; DROP"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePLZ(s)
		if err != nil {
			return
		}
		if at, ok := Lookup(p); len(s) != 5 || !ok || string(at.PLZ) != s {
			t.Fatalf("%q became %q", s, p)
		}
	})
}

func FuzzParseCounts(f *testing.F) {
	f.Add([]byte("plz,count\n50667,12\n01067,0\n"))
	f.Add([]byte("\ufeffPLZ;n\r\n\"50667\";1\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		counts, err := ParseCounts(bytes.NewReader(data))
		if err != nil {
			return
		}
		for p, n := range counts {
			if _, ok := Lookup(p); !ok || n < 0 || n > maxCount {
				t.Fatalf("%d at %q", n, p)
			}
		}
	})
}

func FuzzMapData(f *testing.F) {
	for _, k := range []int{5, 40} {
		data, err := BuildMapData(countsFor(1), k)
		if err != nil {
			f.Fatal(err)
		}
		encoded, err := wire.Marshal(data)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded)
	}
	f.Fuzz(func(t *testing.T, encoded []byte) {
		var data MapData
		if wire.Unmarshal(encoded, &data) != nil {
			return
		}
		m, err := NewMap(data)
		if err != nil {
			return
		}
		for _, p := range All() {
			if r, ok := m.RegionOfArea(m.Area(p.PLZ)); !ok || r != m.Region(p.PLZ) {
				t.Fatalf("%s is in %q and %q", p.PLZ, r, m.Region(p.PLZ))
			}
		}
	})
}
