package gossip

import "time"

const (
	// MaxSheetBytes: 200 slots of about 45 bytes are 9 KB and the pass is 520 bytes, so a full sheet of long vaccine codes
	// still fits; a frame of a pool sync and a part of a cycle hold several (design.md 6).
	MaxSheetBytes = 16 << 10

	// MaxSlots: what a busy practice gives out in one go. More follow as these are taken, by a sheet with a higher Seq.
	MaxSlots = 200

	// MaxRelays: a practice keeps circuits at two or three relays (design.md 2).
	MaxRelays = 3

	// maxRelayText: a peer ID of an Ed25519 key has 52 characters; other key types stay below 64.
	maxRelayText = 64

	// maxAreaText: an area is a prefix of 3 to 5 digits or the name of a merged region, such as "506+2" (place).
	maxAreaText = 16

	// maxVaccineText: catalogue codes are short words; 24 characters times 200 slots keep a full sheet below MaxSheetBytes.
	maxVaccineText = 24

	// maxInstant bounds every foreign time before arithmetic, in unix seconds: the year 36812.
	maxInstant = 1 << 40
)

const (
	// issuerKeyBits: RSA below 3000 bit is not accepted by BSI and SOG-IS after 2025 (crypto.md 2.3); all
	// issuer keys have the same size, so a pass always has the same length.
	issuerKeyBits = 3072

	// passSignatureBytes is the length of an RSA-3072 signature.
	passSignatureBytes = issuerKeyBits / 8

	// passCacheGeneration: verified passes remembered, times two generations. A relay of several zones sees some thousand
	// pseudonyms an epoch; an entry is about 80 bytes, so both generations stay below 3 MB. Only
	// passes that verified enter, so strangers cannot flush it.
	passCacheGeneration = 16 << 10
)

const (
	// MaxRegionSheets: the default regions have below 400 practices that vaccinate, and while pseudonyms rotate each
	// has two. It is also what one pool sync can name (wire.maxArray).
	MaxRegionSheets = 1024

	// MaxPoolSheets: a relay of the whole country with 16,000 practices, twice for rotation.
	MaxPoolSheets = 32 << 10

	// MaxPoolBytes bounds the signed bytes of all sheets. With what was read out of them it is three times that,
	// so a relay on a 1 GiB machine lives through a pool that hostile but licensed practices filled.
	MaxPoolBytes = 128 << 20
)

// Bounds of the rules that a bundle may set.
const (
	minCycle = time.Second // also the unit of instants on the wire
	maxCycle = time.Hour   // a patient must not wait longer for new slots

	// minEpochCycles: an epoch holds at least four ticks, so that a random rotation within its first quarter has room.
	minEpochCycles = 4
	// maxEpoch: after 24 hours nobody can trace a token (design.md 6).
	maxEpoch = 24 * time.Hour

	maxHold         = 24 * time.Hour // practices that answer once a day
	maxSkewAllowed  = time.Hour      // design.md 17 asks for 10 minutes
	maxDaysAhead    = 366            // appointments beyond a year are not given out in public
	maxCoolDown     = 1024           // cycles
	maxDrawFraction = 1000
)
