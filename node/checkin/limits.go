package checkin

import "time"

const (
	// MaxMessage: as in node/booking, so that any message fits into a mailbox envelope of 4,096 bytes with its seal and padding.
	MaxMessage = 3900
	// maxStatement: Telematik-ID and workplace at their longest (256 bytes each), three relays, keys, COSE: below 1,050 bytes.
	maxStatement = 1100
	// maxResponse: the largest file that is read, EF.C.CH.AUT.E256, has at most 1,900 bytes (gemSpec_eGK_ObjSys); room for its status word and
	// for a card that fills up its files.
	maxResponse = 2048
	// maxCommand: the longest command has 29 bytes; room for those of other generations.
	maxCommand = 512
	// maxExpected: a step names one or two status words.
	maxExpected = 8
	// maxSteps: a dialogue has nine commands.
	maxSteps = 32
	// maxIDToken: an ID token with two certificates in its header still leaves room for the statement in one envelope.
	maxIDToken = 2700
	// maxTelematikID, maxWorkplace: 128 and 64 code points (A_28629, popp.md 4.1) in UTF-8.
	maxTelematikID = 256
	maxWorkplace   = 256
	// maxRelays, maxRelayText: as in node/booking.
	maxRelays    = 3
	maxRelayText = 64
	// maxUnix: the year 2200, as in node/booking.
	maxUnix = 7258118400
)

const (
	// MaxGiveUp: the spec speaks of 72 h (A_28503), its texts of 120 h; mailboxes keep 72 h. A week is more than any.
	MaxGiveUp = 7 * 24 * time.Hour
	// maxSkew: a clock that is ten minutes off still checks in (design.md 17).
	maxSkew = 10 * time.Minute
	// sessionLife: a challenge is good for a few minutes at most (popp.md 10), and a circuit is cut after two (design.md 10).
	sessionLife = 2 * time.Minute
	// idleStream: between two commands somebody puts the card back onto the reader.
	idleStream = 45 * time.Second
	// patience of a patient's program with a desk that has to verify a card and to write it down, through a slow circuit.
	patience = 20 * time.Second
	// streamMemory: one message in and one out, and the files that the card said so far.
	streamMemory = 4 * MaxMessage
)

const (
	// peerBurst, peerEvery: a family of four at one computer, each with a card that slips twice.
	peerBurst = 12
	peerEvery = 5 * time.Second
	// sourceBurst, sourceEvery: all who come through one relay count as one source, and a waiting room opens at eight.
	sourceBurst = 96
	sourceEvery = time.Second
	// maxDialogues at once: a full waiting room; each holds 16 KiB.
	maxDialogues = 128
	// maxSpent: sessions and signatures that are remembered, as long as one could pass for new; 48 bytes each.
	maxSpent = 8192
)

const (
	// perCardAndDay: who checks in at several workplaces of a health centre, or again since the first try seemed lost, needs a few.
	perCardAndDay = 16
	// perDay: a vaccination centre sees 2,000 people a day.
	perDay   = 4000
	maxPairs = 50000
	// keepArrivals: as long as bookings (design.md 11). It has to be longer than MaxGiveUp, so that no statement outlives the memory of its use.
	keepArrivals = 30 * 24 * time.Hour
	// maxToken: as package popp takes one.
	maxToken = 8 << 10
	// MaxWaiting: as many as may arrive in a day. Whoever has so many that cannot be verified fetches no more: there they do not get lost.
	MaxWaiting = perDay
	// keepWaiting: no keys that a practice has live longer (package popp/keys), so what they do not verify in that time nothing will.
	keepWaiting = 7 * 24 * time.Hour
	// maxListed: a day of a vaccination centre; pages show a morning.
	maxListed = 4000
)
