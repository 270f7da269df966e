package place

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestDistanceKM(t *testing.T) {
	for _, c := range []struct {
		name                   string
		lat1, lon1, lat2, lon2 float64
		want, within           float64
	}{
		{"same point", 50.9, 6.9, 50.9, 6.9, 0, 0},
		{"one degree of latitude", 50, 7, 51, 7, 111.195, 0.01},
		{"Köln to Berlin", 50.9387, 6.9547, 52.5323, 13.3846, 476, 3},
		{"Flensburg to Oberstdorf", 54.79, 9.43, 47.41, 10.28, 823, 3},
		{"half the Earth", 0, 0, 0, 180, math.Pi * earthRadiusKM, 1e-6},
		{"over the date line", 0, 179.5, 0, -179.5, 111.195, 0.01},
	} {
		if got := DistanceKM(c.lat1, c.lon1, c.lat2, c.lon2); math.Abs(got-c.want) > c.within {
			t.Errorf("%s: %v km, want %v", c.name, got, c.want)
		}
	}
}

func TestChordAgreesWithHaversine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lat, lon := rapid.Float64Range(-89, 89), rapid.Float64Range(-180, 180)
		a, b, c, d := lat.Draw(t, "lat1"), lon.Draw(t, "lon1"), lat.Draw(t, "lat2"), lon.Draw(t, "lon2")
		want := DistanceKM(a, b, c, d)
		got := kmOfSquare(pointAt(a, b).square(pointAt(c, d)))
		if math.Abs(got-want) > 1e-3 {
			t.Fatalf("%v km, haversine says %v", got, want)
		}
		if back := kmOfSquare(squareOfKM(want)); math.Abs(back-want) > 1e-3 {
			t.Fatalf("%v km became %v", want, back)
		}
	})
}

func TestAroundIsWhatAFullScanFinds(t *testing.T) {
	w := atlas()
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(w.places)-1).Draw(t, "place")
		km := rapid.Float64Range(0, 120).Draw(t, "km")
		got := make(map[int32]bool)
		w.around(i, km, func(p int32, _ float64) { got[p] = true })
		for p, at := range w.places {
			d := DistanceKM(w.places[i].Lat, w.places[i].Lon, at.Lat, at.Lon)
			if math.Abs(d-km) > 1e-6 && got[int32(p)] != (d <= km) {
				t.Fatalf("%s is %v km from %s, radius %v, found: %v", at.PLZ, d, w.places[i].PLZ, km, got[int32(p)])
			}
		}
	})
}
