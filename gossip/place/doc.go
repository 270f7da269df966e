// Package place knows where things are: the German postcodes (PLZ) with their places, distances between them,
// and the map that cuts the country into regions and areas.
//
// A postcode is named by five ASCII digits. A region is what relays and patients subscribe to: one 3-digit
// prefix, or several that were merged until enough practices are in it. An area is what a practice shows of
// itself in a slot sheet: the finest prefix that at least k practices share, or the whole region.
//
// Neighbours of a region are the other regions that have a postcode at most 40 km (great circle between the centres of two
// postcodes) from one of this region's, the nearest twelve. Being a neighbour need not be mutual.
//
// The table is embedded, made by generate from a CSV, and decoded when it is first used.
//
// Postcode data: GeoNames, geonames.org, CC BY 4.0.
package place

//go:generate go run ./generate -csv ../../../shared/data/plz_de.csv -out plz.bin
