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
	// longestCode: the text of a poster's code is far shorter.
	longestCode = 2 << 10
)

// askPatience: a practice that is reached answers within a second; a longer wait gets a page of its own. Tests wait less.
var askPatience = 2 * time.Second
