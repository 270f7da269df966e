package place

import "math"

// earthRadiusKM is the mean radius of the Earth (IUGG R1); a sphere is off by at most 0.3 % in Germany.
const earthRadiusKM = 6371.0088

// DistanceKM is the great-circle distance between two points in degrees, in kilometres, by the haversine formula.
func DistanceKM(lat1, lon1, lat2, lon2 float64) float64 {
	const rad = math.Pi / 180
	dLat, dLon := (lat2-lat1)*rad/2, (lon2-lon1)*rad/2
	h := math.Sin(dLat)*math.Sin(dLat) + math.Cos(lat1*rad)*math.Cos(lat2*rad)*math.Sin(dLon)*math.Sin(dLon)
	return 2 * earthRadiusKM * math.Asin(math.Sqrt(min(1, h)))
}
