package booking

import "time"

const (
	// MaxMessage: a message must fit into a mailbox envelope of 4,096 bytes with its seal and padding.
	MaxMessage = 3900
	// maxTokens: one appointment, or the first and second dose at the same practice.
	maxTokens = 2
	// maxRelays: a box is kept at two or three relays (design.md 2).
	maxRelays = 3
	// maxRelayText: a peer ID in text form has 52 characters; room for other key types.
	maxRelayText = 64
	// maxEnrolment: an ordinary practice card is below 2,600 bytes; an offer adds below 900.
	maxEnrolment = 3000
	// maxVaccine: catalogue codes are short words.
	maxVaccine = 32
	// maxName, maxPhone: longest name that German registers take, in bytes; longest number anyone writes down.
	maxName  = 160
	maxPhone = 32
	// maxLot: lot numbers of vaccines have 6 to 12 characters; room for one that names its expiry, too.
	maxLot = 32
	// maxReason: a sentence from reception.
	maxReason = 240
	// maxCodeInput: four words of eight letters are 35 bytes, a QR text 44; people paste a little around it.
	maxCodeInput = 256
)

const (
	// minBirthYear: the oldest person alive was born after 1900.
	minBirthYear = 1900
	// maxPerDay: a day at 5 minutes each from early to late.
	maxPerDay = 200
	// maxOpen: a sheet has at most 200 slots (gossip.MaxSlots), so more could not be offered.
	maxOpen = 200
	// maxDay: twice what is given out at a time, for days to which others were moved; a list of more is no help to anybody.
	maxDay = 400
	// maxChange: a day's visits; they are written in one transaction with as many notices.
	maxChange = 200
	// maxYearsAhead: a later day is a slip of the pen.
	maxYearsAhead = 2
	// minVisit, maxVisit: an injection takes longer than a minute and no appointment fills a day.
	minVisit = time.Minute
	maxVisit = 8 * time.Hour
)

const (
	// idleStream: a patient reads an offer with a person in front of it on a new stream; a stream only carries machines' turns.
	idleStream = 30 * time.Second
	// wholeStream: a circuit is cut after 2 minutes (design.md 10), so nothing needs a longer stream.
	wholeStream = 2 * time.Minute
	// streamMemory: one message in and one out.
	streamMemory = 2 * (MaxMessage + 4)
)

const (
	// holdsPerPeer: a relative books for a family of four at once.
	holdsPerPeer = 4
	// holdsPerSubnet: a household or a small office behind one address.
	holdsPerSubnet = 16
	// holdsPerMailbox: requests from the mailbox have no sender, so they share one budget, a quarter of a full sheet.
	holdsPerMailbox = 50
	// abandonedPerPeer, abandonedPerSubnet within abandonedWindow: who lets holds lapse again and again blocks slots for others.
	abandonedPerPeer   = 12
	abandonedPerSubnet = 48
	abandonedWindow    = time.Hour
	// drawsPerPeer: one chance a draw for everyone, so that many keys of one peer are no edge; drawsPerSubnet as for holds.
	drawsPerPeer   = 1
	drawsPerSubnet = 16
	// maxSources: counters kept in memory; beyond it unknown sources share one counter.
	maxSources = 16384
	// maxCandidates: a draw for one sheet of 200 slots with 50 requests each; later ones are told to come back.
	maxCandidates = 10000
	// holdGrace: an expired hold is remembered this long, so that a late confirm is told what happened.
	holdGrace = 15 * time.Minute
)

const (
	// wrongPerReference: after five wrong endings for the same first six digits these digits are dead (crypto.md 3.4).
	wrongPerReference = 5
	// wrongPerDevice in wrongWindow, then the device waits for the window; the delay doubles from firstDelay after freeTries.
	wrongPerDevice = 10
	wrongWindow    = 15 * time.Minute
	freeTries      = 3
	firstDelay     = 2 * time.Second
	// referenceKept: how long a dead reference stays dead; its booking is over by then or can be shown as QR or words.
	referenceKept = 30 * 24 * time.Hour
)

// maxSkew: a clock that is ten minutes off still books (design.md 17); the practice's clock decides.
const maxSkew = 10 * time.Minute

// keepNotice: what was attended is still worth telling while its waiting room can be disclosed (node/disclosure).
const keepNotice = 14 * 24 * time.Hour

// undoFor: who has pressed the wrong button sees it within minutes, and patients are told twice.
const undoFor = 10 * time.Minute

// keepBookings: a booking is of use to both sides for a month after the visit (design.md 11).
const keepBookings = 30 * 24 * time.Hour
