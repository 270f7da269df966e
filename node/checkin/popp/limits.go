package popp

import "time"

const (
	// MaxToken: a token has 800 bytes, one with gematik's authorization details 1,500; what HTTP servers take as one header line.
	MaxToken = 8 << 10
	// MaxKeySet: 64 keys, each with a practice's enrolment of at most 2,600 bytes in base64url.
	MaxKeySet = 256 << 10
	// MaxQR: popp.md 5. A card's Telematik-ID (128 bytes) and a workplace of 64 emoji (256 bytes) fit.
	MaxQR = 512
	// maxStatus: three short texts.
	maxStatus = 16 << 10

	// maxTelematikID: in characters, GS-A_4709.
	maxTelematikID = 128
	// MaxWorkplace: in code points, A_28629.
	MaxWorkplace = 64
	// maxMessage: of a status, in code points; the examples have 80.
	maxMessage = 1000
	// maxIssuer: a URL without a path; a DNS name has at most 253 characters.
	maxIssuer = 512
	// maxProfession: an object identifier; those of gematik have 20 characters.
	maxProfession = 64

	// DefaultLeeway: what gematik's relying party allows clocks (popp.md 1.4).
	DefaultLeeway = 60 * time.Second
	// maxInstant: the last second of the year 9999, so that time.Time and JSON can say it.
	maxInstant = 253402300799
)
