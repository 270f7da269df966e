package patient

import "time"

// The numbers of check-ins, each with its reason.
const (
	// defaultGiveUp is how long a check-in waits for a practice that is away: A_28503 names 72 hours, and a relay keeps a letter as long (design.md 10).
	defaultGiveUp = 72 * time.Hour
	// minGiveUp and maxGiveUp bound the setting: a trial waits for seconds, and no practice takes a statement that is good for more than a week
	// (package checkin).
	minGiveUp = time.Second
	maxGiveUp = 7 * 24 * time.Hour

	// proveWithin is how long an agreement stands before it is proved: who agreed an hour ago looks at the institution again.
	proveWithin = time.Hour
	// freshFor is how long one statement is used for further tries with the card. Practices tolerate ten minutes of another clock (design.md 17), so an
	// older one is replaced.
	freshFor = 5 * time.Minute
	// maxOpenCheckins are before their proof at a time. Only the user's own programs begin any; whoever begins more has the oldest forgotten.
	maxOpenCheckins = 16
	// maxPending wait for practices at a time: a mailbox stream watches 64 boxes, and nobody is at so many practices within a week.
	maxPending = 32

	// shownCheckins is the history: A_28511 recommends the last ten.
	shownCheckins = 10
	// keepCheckin is how long a check-in that is over is kept when more than ten came after it, as a booking is (design.md 11).
	keepCheckin = 30 * 24 * time.Hour
	// maxCheckins bounds those: three a day for a month.
	maxCheckins = 100
	// listenOn is how long a mailbox is looked into after a check-in was given up: as long as a relay keeps a practice's last word.
	listenOn = 72 * time.Hour

	// maxFavourites: a family knows some dozen institutions.
	maxFavourites = 100
	// maxAliasRunes is a line of a page.
	maxAliasRunes = 80

	// maxCardAnswer is the longest answer of a card: 65,536 bytes of data and the status word (ISO 7816-4).
	maxCardAnswer = 65536 + 2
	// cardStepWithin is how long the practice, or the service, may take for one answer, and sessionWithin all of it: a session of a
	// practice lasts two minutes at most (package checkin).
	cardStepWithin = 30 * time.Second
	sessionWithin  = 2 * time.Minute

	// reachTry: a relay that is there says within a second whether it has a way to a practice; reachWait covers all of them, while somebody holds a card.
	reachTry  = 6 * time.Second
	reachWait = 15 * time.Second

	// askPendingEvery: a practice that is back says so by mail; the question is for when its letter got lost.
	askPendingEvery = 10 * time.Minute
	// pendingEvery: what waits is looked at, given up, or posted once more.
	pendingEvery = 10 * time.Second
	// syncDirectoryEvery: listings are good for a week and change rarely.
	syncDirectoryEvery = 15 * time.Minute
	// askPendingAgain: who looks at a page again and again has the practice asked so often.
	askPendingAgain = 5 * time.Second

	// maxRemembered are search results that a check-in can begin from without another question, and rememberFor is how long.
	maxRemembered = 256
	rememberFor   = 10 * time.Minute
	// maxBack bounds the address that a login comes back to: the app has short ones.
	maxBack = 256
	// maxLogins are under way at a time, each for loginWithin (package healthid).
	maxLogins   = 16
	loginWithin = 10 * time.Minute
	// healthIDOffers: the offer to set a GesundheitsID up comes with the first three check-ins with one's own card (specification, 7.3.4).
	healthIDOffers = 3
)
