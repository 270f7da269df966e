package place

const (
	// NeighbourKM: what a patient without a car reaches; with more, every region of a state would be a neighbour.
	NeighbourKM = 40
	// MaxNeighbours: a patient may follow three of them (design.md 7); in a city with many regions the nearest twelve are all around.
	MaxNeighbours = 12
	// MaxK: a region of more than 10,000 practices would be a tenth of the country.
	MaxK = 10_000
	// maxRegionList is the longest list of prefixes or areas in a region: the CBOR array limit of pieks/gossip/wire.
	// A 3-digit prefix has at most 100 postcodes, and there are fewer than 1,000 prefixes.
	maxRegionList = 1024
	// maxNearest is how many answers of Nearest a map keeps: a patient searches around a few postcodes; an answer of 20 km takes 10 KB.
	maxNearest = 64
	// maxCountsBytes: 8,195 lines of a postcode and a number are 100 KB, quoted and with comments less than this.
	maxCountsBytes = 1 << 20
	// maxCount: more practices than this at one postcode is a misread column.
	maxCount = 10_000
)
