package vzd

import "time"

const (
	// maxField: bytes of one field of a query; nobody types more. maxWords: words of a full text; the directory asks for short searches.
	maxField = 256
	maxWords = 16
	// maxTelematikID: GS-A_4709, in characters.
	maxTelematikID = 128
	// maxRequest, maxParameters: a ready search request of another app; the longest in the directory's own documentation has 300 bytes and nine.
	maxRequest    = 2048
	maxParameters = 24
	// maxCount: the directory gives no more hits at once (popp.md 6). maxRadiusKM is its largest distance.
	maxCount    = 100
	maxRadiusKM = 100

	// maxBundle: 100 hits with organization and location of 4 KiB each are 1.2 MB.
	maxBundle = 4 << 20
	// maxEntries: 100 hits, and what is included with each, endpoints too.
	maxEntries = 1000
	// maxText: characters of a text that is shown; longer ones are cut.
	maxText = 200
	// maxHours: four spans a day.
	maxHours = 28
	// maxCodings: professions, identifiers, aliases and the like that are looked at in one resource.
	maxCodings = 32

	// searchTimeout: searches take 2 to 8 s (popp.md 6).
	searchTimeout = 30 * time.Second
)
