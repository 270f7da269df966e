package web

import "time"

const (
	// firstPort: the app's address is the same after a restart as long as nobody else took it; the next free one of portsTried is used.
	firstPort  = 7400
	portsTried = 100
	// linkLife: long enough to read a printed link to somebody at the next desk.
	linkLife = 30 * time.Minute
	// maxLinks: links that were made and not used.
	maxLinks = 32
	// sessionLife: from the last use. A receptionist opens the app each day, a patient before each visit.
	sessionLife = 30 * 24 * time.Hour
	// sessionNoted: a use is written down at most this often.
	sessionNoted = time.Hour
	// maxSessions: browsers of one practice; the one that was used least recently is forgotten.
	maxSessions = 64
	// draftLife: what was typed and not sent is forgotten after a working day.
	draftLife = 12 * time.Hour
	// maxForm: the longest form, a search with 31 days or 200 ticked appointments.
	maxForm = 64 << 10
	// maxField: no field of a form takes more.
	maxField = 4 << 10
	// maxLanding: a query that another program sends the browser with: a search request for a directory and the address to come back to.
	maxLanding = 8 << 10
	// maxUpload: a photo of 12 megapixels as telephones make it, and a network file.
	maxUpload = 12 << 20
	// readHeader and idle: a browser on the same machine.
	readHeader = 10 * time.Second
	idle       = 2 * time.Minute
	// liveAtOnce: tabs that are told of changes. A browser opens six connections to one server at most.
	liveAtOnce = 64
	// liveEvery: changes within one second are one.
	liveEvery = time.Second
	// liveBeat: a line that keeps the connection known to be alive.
	liveBeat = 20 * time.Second
	// statusKept: each page shows whether the node is online; this often it is asked.
	statusKept = 500 * time.Millisecond
	// earliestBirth: nobody was born before (booking.minBirthYear).
	earliestBirth = 1900
)
