package directory

import "time"

const (
	// maxLife: a practice that is closed for good is gone from all copies within a week; one on holiday leaves its node on, or is missing.
	maxLife = 7 * 24 * time.Hour
	// Life is how long a listing is made for: half a day less, so that one that takes it back outlasts it though the clock was set back in between.
	Life = maxLife - 12*time.Hour
	// RenewAfter is how old a listing gets before the next one: a relay that is away for three days still has it.
	RenewAfter = maxLife / 2
	// maxSkew: how far another clock may be off (design.md 17).
	maxSkew = 10 * time.Minute
	// maxUnix: the year 2200, as in node/booking.
	maxUnix = 7258118400

	// MaxAlias: as the name in a practice card, bytes.
	MaxAlias = 96
	// maxHours: four spans a day, as the practice's own opening hours (node/practice).
	maxHours = 28
	// MaxRelays, maxRelayText: as in an offer (node/booking).
	MaxRelays    = 3
	maxRelayText = 64
	// maxListing: device and hash 70 bytes, alias 98, hours 28 times 10, relays 3 times 66, numbers and map 50, signature and COSE 80: below 800.
	maxListing = 1 << 10
	// maxCard: card.MaxEnrolment. Both together stay below 4 KiB.
	maxCard = 2600
)

const (
	// maxListings: Germany has 100,000 practices and 17,000 pharmacies; those that take part in one mesh and list themselves are fewer for a long
	// time. In memory a relay has 250 bytes of each, a patient 1.5 KiB.
	maxListings = 20_000
	// maxWithdrawn: listings that were taken back within a week, were every second one to go; twice as many where they are taken back from here.
	maxWithdrawn = 10_000
	// maxPerInstitution: listings of one Telematik-ID: who moves to a new computer has two for a week. A card could enrol devices without end.
	maxPerInstitution = 4
	// maxShown: A search shows as many (issue 5; the FHIR-VZD has the same).
	maxShown = 100
	// maxRadiusKM: as the FHIR-VZD has it (popp.md 6).
	maxRadiusKM = 100
	// maxQuery: bytes of one field of a query, and words in it: nobody types more.
	maxQuery = 256
	maxWords = 16
)

const (
	// headBytes: version and kind.
	headBytes = 32
	// answerBytes: version and code.
	answerBytes = 32
	// buckets: a copy is compared in as many parts, by the first byte of D: 80 listings each when the directory is full.
	buckets = 256
	// digestBytes: 64 bits of a hash, against chance; who makes two copies look alike on purpose only keeps news from himself.
	digestBytes = 8
	// marksBytes: a digest of each bucket.
	marksBytes = buckets * digestBytes
	// keyBytes: how much of D names a listing in an index: two of 30,000 are alike once in 40 billion.
	keyBytes = 8
	// rowBytes: key, seq, and as many bytes of the card's hash.
	rowBytes = keyBytes + 8 + 8
	// indexRows: in one frame, 48 KiB.
	indexRows = 2048
	// wantBytes: a key, and whether the card is wanted, too.
	wantBytes = keyBytes + 1
	// maxWants: listings for one question, 15 MiB with their cards. Who lacks more asks again.
	maxWants = 4096
	// maxRounds: questions until a copy is whole: a full directory takes eight. The rest is for the next sync.
	maxRounds = 10
	// recordBytes: a listing, its card, and what is around them.
	recordBytes = maxListing + maxCard + 16

	// streamMemory: a put, decoded, its certificates, and its answer.
	streamMemory = 32 << 10
	// fetchMemory is reserved on top while a copy is given out: a frame of the index, the wants, and a batch of records.
	fetchMemory = 512 << 10
	// streamTimeout: 4 KiB over a slow line, a signature check and an fsync.
	streamTimeout = 30 * time.Second
	// fetchTimeout: 15 MiB at 1 Mbit/s are two minutes.
	fetchTimeout = 3 * time.Minute
	// writeBatch: records in one transaction; 256 KiB.
	writeBatch = 64
)

const (
	// putBurst, putEvery, for each D: a listing a week, more while its relays or hours change.
	putBurst = 8
	putEvery = time.Minute
	// sourceBurst, sourceEvery: puts of one network: the practices of a medical centre, and a provider's that share an address.
	sourceBurst = 64
	sourceEvery = 5 * time.Second
	// fetchBurst, fetchEvery: a patient's node asks every quarter of an hour, a mobile carrier has hundreds behind one address, and they come in the
	// morning. An answer without news is some 100 bytes.
	fetchBurst = 256
	fetchEvery = time.Second
	// giveBurst, giveEvery: batches of 64 listings that one network is given: three full directories, for a carrier's patients in the morning and a relay
	// that is new, and 40 KB a second after that, so that nobody drains the relay's volume.
	giveBurst = 1024
	giveEvery = 3 * time.Second
	// maxServing: copies that are given out at the same time.
	maxServing = 16
	// pruneEvery: how often what is over is looked for; in between it is passed over.
	pruneEvery = time.Minute
	// judgeEvery: how often cards are held against revocation lists that stand beside the network file: as often as CAs publish them.
	judgeEvery = time.Hour
)
