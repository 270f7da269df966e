package place

import (
	"math"
	"sort"
)

const (
	// earthRadiusKM is the mean radius of the Earth (IUGG R1); a sphere is off by at most 0.3 % in Germany.
	earthRadiusKM = 6371.0088
	rad           = math.Pi / 180
	degreeKM      = earthRadiusKM * rad // one degree of latitude
)

// DistanceKM is the great-circle distance between two points in degrees, in kilometres, by the haversine formula.
func DistanceKM(lat1, lon1, lat2, lon2 float64) float64 {
	sinLat, sinLon := math.Sin((lat2-lat1)*rad/2), math.Sin((lon2-lon1)*rad/2)
	h := sinLat*sinLat + math.Cos(lat1*rad)*math.Cos(lat2*rad)*sinLon*sinLon
	return 2 * earthRadiusKM * math.Asin(math.Sqrt(min(1, h)))
}

// point is a place on the unit sphere. The squared straight line between two points is four times their haversine, for
// three multiplications instead of five trigonometric functions; the order of distances is the same.
type point struct{ x, y, z float64 }

func pointAt(lat, lon float64) point {
	sinLat, cosLat := math.Sincos(lat * rad)
	sinLon, cosLon := math.Sincos(lon * rad)
	return point{cosLat * cosLon, cosLat * sinLon, sinLat}
}

// square is the squared chord between two points.
func (p point) square(q point) float64 {
	dx, dy, dz := p.x-q.x, p.y-q.y, p.z-q.z
	return dx*dx + dy*dy + dz*dz
}

// squareOfKM is the squared chord of a great-circle distance; beyond half the Earth it is that of half the Earth.
func squareOfKM(km float64) float64 {
	s := 2 * math.Sin(min(km/earthRadiusKM, math.Pi)/2)
	return s * s
}

// kmOfSquare is the great-circle distance of a squared chord.
func kmOfSquare(square float64) float64 {
	return 2 * earthRadiusKM * math.Asin(min(1, math.Sqrt(square)/2))
}

// around calls yield for each place within km of place i, itself included, with the squared chord. Only places within
// the same band of latitude are looked at: a tenth of Germany for 40 km.
func (w *world) around(i int, km float64, yield func(place int32, square float64)) {
	from, limit := w.points[i], squareOfKM(km)
	// A hair wider than the radius, so that rounding loses nothing at the edge of the band.
	band := km/degreeKM + 1e-6
	lat := w.places[i].Lat
	for at := sort.SearchFloat64s(w.lats, lat-band); at < len(w.lats) && w.lats[at] <= lat+band; at++ {
		if s := from.square(w.points[w.byLat[at]]); s <= limit {
			yield(w.byLat[at], s)
		}
	}
}
