package card

import "time"

const (
	// maxCMS: crypto.md 5.2. A signed statement with three certificates stays below 6 KiB.
	maxCMS = 16 << 10
	// cmsAround: a message has 300 bytes at most beside its content, its certificate and the signer's name and number.
	cmsAround = 310
	// MaxEnrolment is the largest enrolment in bytes: with an offer beside it, it must fit into a mailbox envelope of 4 KiB.
	// Full fields (900 bytes) with a real SMC-B or HBA certificate (960 bytes) and the CMS around them need 2,300.
	MaxEnrolment = 2600
	// maxCertificates: signer, issuing CA, and one more for a change of CA keys.
	maxCertificates = 3
	// maxCertificate: gematik's certificates have 700 to 1,000 bytes, RSA ones below 2,000. Also the most that is read from a card.
	maxCertificate = 4 << 10
	// maxSerial: RFC 5280 section 4.1.2.2.
	maxSerial = 20
	// maxExtensions: real certificates have ten.
	maxExtensions = 24
	// maxProfessions: real certificates have one; two appear in test suites.
	maxProfessions = 16
	// maxDepth: a certificate with an admission authority is 12 deep inside a CMS; more is an attack on the stack.
	maxDepth = 24
	// maxCRL: 100,000 revoked cards of a CA that issued a million, at 40 bytes each. It comes from a file of the operator's, never from a
	// stranger.
	maxCRL = 4 << 20
	// maxIssuers: signature checks that one chain may cost, so that many CAs of one name cannot burn time.
	maxIssuers = 6
)

const (
	// maxSpan: design.md 4, an enrolment lives at most 90 days.
	maxSpan = 90 * 24 * time.Hour
	// maxSkew: design.md 17, how far another clock may be off.
	maxSkew = 10 * time.Minute
	// freshness: crypto.md 5.2, how far the claimed signing time may be from now at the first presentation.
	freshness = 30 * time.Minute
)

// Longest fields of a statement, in bytes of UTF-8: what fits on a letterhead, so that MaxEnrolment holds.
const (
	maxName        = 96
	maxStreet      = 96
	maxPlace       = 64
	maxPhone       = 32
	maxDirections  = 240
	maxTelematikID = 128 // GS-A_4709
)

const (
	// pinTries: what HBA and SMC-B give (gemSpec_HBA_ObjSys, gemSpec_SMC-B_ObjSys).
	pinTries = 3
	minPIN   = 6
	maxPIN   = 8
	// readChunk: the most a short response APDU carries (ISO 7816-3 section 12.1.3).
	readChunk = 256
	// maxReads ends the reading of a file or an answer by a card that hands it out in crumbs; 32 are enough for maxFile.
	maxReads = 64
	// maxFile: a certificate, or a directory of PKCS #15, which has 100 bytes for each of a card's few objects.
	maxFile = 8 << 10
	// maxAnswer: a PIV object with a certificate of maxCertificate, and no more.
	maxAnswer = 5 << 10
	// maxRounds ends the fetching of one answer (61xx); 20 are enough for maxAnswer.
	maxRounds = 24
	// maxATR: ISO 7816-3 section 8.2.1, TS and at most 32 characters.
	maxATR = 33
	// maxExtended: data in an extended APDU, more than any card here takes.
	maxExtended = 65535
)

// Directories of PKCS #15 cards (ISO 7816-15), which have a handful of each.
const (
	maxObjects   = 32
	maxObjectID  = 255 // identifiers are OCTET STRING (SIZE (0..255))
	maxPath      = 16  // eight levels
	maxStoredPIN = 64
)

const (
	// testCALife: longer than any throw-away network, as real CAs have eight years.
	testCALife = 5 * 365 * 24 * time.Hour
	// virtualLife: a virtual card outlives several enrolments of 90 days.
	virtualLife = 2 * 365 * 24 * time.Hour
	// virtualLead: test certificates begin earlier than now, so that a slow clock takes them.
	virtualLead = 24 * time.Hour
)
