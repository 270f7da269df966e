package patient

import "time"

const (
	// pageSize: choices on one page of a list, each a button as wide as a phone.
	pageSize = 20
	// alternatives are shown when somebody else was faster: as many as can be compared at a glance.
	alternatives = 3
	// bookPatience: the confirmation takes one answer more.
	bookPatience = 4 * time.Second
	// askTries: appointments that are the same to a patient and are asked for one after the other when somebody else was faster. The list is
	// of the last round, so the first of them may have been gone for minutes.
	askTries = 4
	// goneFor: as long as a practice holds an appointment (booking.holdTime): then it may be free again.
	goneFor = 10 * time.Minute
	// secondTries: first doses of one choice that are tried for one with a second dose that fits.
	secondTries = 64
	// mostDays: appointments are given out 90 days ahead (gossip.DefaultRules), so no search needs more.
	mostDays = 92
	// knownPeople: a family whose names are offered again.
	knownPeople = 6
	// longestName and longestPhone are those of package booking, in bytes.
	longestName  = 160
	longestPhone = 32
	// lastShown: institutions of last time, and check-ins of the history (gemSpec_PoPP_Modul 7.3.2 recommends ten).
	lastShown = 10
	// mostOfOneID: institutions with one Telematik-ID. A directory has one or two.
	mostOfOneID = 100
	// favouriteName: a favourite's own name, in characters: a line of a page.
	favouriteName = 80
	// undoFor: as long as a removed favourite can be put back.
	undoFor = 10 * time.Minute
	// proveWithin: nine commands over a relay, and a person who looks for where to hold the card.
	proveWithin = 2 * time.Minute
	// newsFor: how long each page says what became of a check-in that had waited.
	newsFor = 24 * time.Hour
	// insurersShown: buttons on the page of insurers; whoever has more to choose from types a part of the name.
	insurersShown = 30
	// longestCode: the text of a poster's code is far shorter.
	longestCode = 2 << 10
)

// askPatience: a practice that is reached answers within a second; a longer wait gets a page of its own. Tests wait less.
var askPatience = 2 * time.Second
