package disclosure

import "time"

const (
	// MaxData is the largest opaque data of one disclosure in bytes (crypto.md 8.5). Fourteen days of contact seeds need 1 KiB, a warning
	// 241 bytes.
	MaxData = 64 << 10
	// maxAuthorisation: content of 170 bytes, a certificate of 1,000 and the CMS around them need 1,500; one with three
	// certificates stays below 6 KiB.
	maxAuthorisation = 6 << 10
	// nonceBytes: two authorisations of the same digits within the same second still differ.
	nonceBytes = 16
	// maxPeerID: an Ed25519 peer ID has 38 bytes in binary.
	maxPeerID = 42
	// maxUnix: the last second of the year 9999; times beyond are nobody's.
	maxUnix = 253402300799

	// Lifetime is how long a registration, and at most an authorisation, lasts: a consultation, or a call back (crypto.md 1.1).
	Lifetime = 30 * time.Minute
	// CollectEvery is the interval at which a patient's app asks whether the card has signed: soon enough for who waits at the
	// desk, 360 questions and 2 MiB in a registration's life.
	CollectEvery = 5 * time.Second
	// maxSkew: how far another clock may be off (design.md 17). What ends, ends by the relay's clock, to the second.
	maxSkew = 10 * time.Minute
)

// Sizes of frames without their length. Each kind has one, whatever it carries, so that a line tells kinds apart and nothing else.
const (
	// headBytes: the largest head, a register, has 66 bytes.
	headBytes = 96
	// authorisationBytes: the largest authorisation and its padding's length.
	authorisationBytes = maxAuthorisation + 32
	// packageBytes: the largest data, the largest authorisation, r, and the CBOR around them.
	packageBytes = MaxData + maxAuthorisation + 128
	// marksBytes: 64 relays at 66 bytes each.
	marksBytes = 4352
	// answerBytes: the largest answer without an authorisation, a lookup's, has 59 bytes.
	answerBytes = 96
	// collectBytes: an answer that carries an authorisation, or could.
	collectBytes = maxAuthorisation + 64

	// smallMemory: a head, an authorisation or marks, their decoded forms, and an answer.
	smallMemory = 4 * authorisationBytes
	// packageMemory is reserved on top before a package is read: frame, decoded form, re-encoding, and what goes to the disk.
	packageMemory = 4 * packageBytes
	// listMemory is reserved on top while lists are given out: an item as it is read, and the frame that it becomes. Whole lists are
	// never in memory.
	listMemory = 4 * MaxData

	// streamTimeout: 72 KiB over a slow mobile line (crypto.md 8.5: 64 KiB at 32 kbit/s are 16 s) and an fsync.
	streamTimeout = 60 * time.Second
	// listsTimeout: eight lists of sixteen full items are 8 MiB, on a line of 1 Mbit/s a minute.
	listsTimeout = 3 * time.Minute
)

const (
	// maxRegistrations: of the million references 0.8 % are taken then, so a patient draws again once in 120 times at most; with
	// an authorisation each they are 50 MiB.
	maxRegistrations = 8192
	// maxPerSource: a clinic's waiting room; one network alone takes a 128th of the places.
	maxPerSource = 64
	// maxDeliveries: signatures for one registration. A professional may sign again after a slip; one who tries pins ends here (crypto.md
	// 3.4).
	maxDeliveries = 5

	// registerBurst, registerEvery: the same waiting room on one afternoon, dummies included.
	registerBurst = 32
	registerEvery = 20 * time.Second
	// collectBurst, collectEvery: 64 patients of one network that ask every 5 seconds are 13 a second.
	collectBurst = 128
	collectEvery = 75 * time.Millisecond
	// professionalBurst, professionalEvery, for each professional: a consultation takes minutes. At that rate one peer
	// would go through the references in three months.
	professionalBurst = 20
	professionalEvery = 10 * time.Second
	// postBurst, postEvery: as registrations; each is 72 KiB to read and an fsync.
	postBurst = 32
	postEvery = 20 * time.Second
	// listsBurst, listsEvery: an app asks once in hours, a relay that comes back goes through all others at once.
	listsBurst = 64
	listsEvery = 5 * time.Second
	// maxServing: streams that read lists from the disk at the same time.
	maxServing = 8
)

const (
	// defaultK: a list of 20 does not single anybody out (crypto.md 1.3: CWA took 140 keys, ten persons' worth).
	defaultK = 20
	// defaultCycle: four lists a day; DP-3T's target H2 is 6 h (crypto.md 1.1).
	defaultCycle = 6 * time.Hour
	// defaultMaxWait: DP-3T's guarantee H1 is 24 h. Where fewer than K disclose in a day, the list is smaller than K, and says so.
	defaultMaxWait = 24 * time.Hour

	// maxQueued: items that wait, 256 MiB of disk at most. Each took a physician's card.
	maxQueued = 4096
	// maxItems: items in one list, so that a list is at most 16 MiB on its way and in the transaction that writes it.
	maxItems = 256
	// maxListBytes: the signed part of a list of 256 items: 34 bytes each, and 200.
	maxListBytes = 34*maxItems + 200

	// Retention: contacts older than 14 days have no consequence (crypto.md 1.1), nor has their list.
	Retention = 14 * 24 * time.Hour
	// spentMargin: how much longer a commitment is remembered than its authorisation could be used: clocks that are set back.
	spentMargin = 24 * time.Hour

	// maxMarks: relays that one request names; a network of regions has fewer.
	maxMarks = 64
	// markSpan: lists of one relay whose absence is noticed: 14 days of 6 h are 56. Older ones count as known.
	markSpan = 64
	// maxListsPerFetch: lists in one answer; who wants more asks again.
	maxListsPerFetch = 8
	// maxShelf: what a relay keeps of one other relay's lists, so that none fills its disk.
	maxShelf = 256 << 20
	// maxShelved: the lists in it, what a map of marks covers.
	maxShelved = markSpan
	// listSkew: how far in the future a list may be issued.
	listSkew = maxSkew
	// tickCheck, minTickCheck: how often the loop looks whether a cycle has ended; test networks have cycles of seconds.
	tickCheck    = 10 * time.Second
	minTickCheck = 250 * time.Millisecond
	// maxDraws: codes that an app draws until one is free; each is taken once in 120 times at most.
	maxDraws = 8
)

const (
	// MaxRooms is how many rooms a warning can name: two weeks of one room a day.
	MaxRooms = 14
	// markBytes: 128 bits of an HMAC do not match by chance.
	markBytes = 16
	// saltBytes: never twice by chance.
	saltBytes = 16

	// dummyEvery: crypto.md 1.1, DP-3T imitates with λ = 0.2 a day.
	dummyEvery = 5 * 24 * time.Hour
	// minCollects, maxCollects: how often a dummy asks: from one minute, a signature at once, to twelve.
	minCollects = 12
	maxCollects = 144

	// maxCodeInput: a QR text has 121 characters; people paste a little around it.
	maxCodeInput = 256
)
