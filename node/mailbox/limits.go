package mailbox

import "time"

const (
	// SmallEnvelope, LargeEnvelope: the two sizes that an envelope may have. 1 KiB holds a notice or a confirmation, 4 KiB an
	// offer with a practice card (crypto.md 6.2). Two sizes tell an observer one bit at most.
	SmallEnvelope = 1024
	LargeEnvelope = 4096

	// Retention: a practice that closes on Friday noon reads its mail on Monday morning.
	Retention = 72 * time.Hour

	// MaxPerBox: 64 envelopes of at most 4 KiB, so at most 256 KiB, are more than a practice gets in a weekend.
	MaxPerBox = 64
	// MaxPerSourceAndBox: a quarter of a box, so one network alone cannot fill it for all others.
	MaxPerSourceAndBox = 16
	// MaxPerSource: a clinic that cancels a week at once leaves 2,000 notices; one network holds at most 8 MiB.
	MaxPerSource = 2048
	// MaxEnvelopes: 256 MiB of the relay's disk and 16 MiB of its memory.
	MaxEnvelopes = 65536

	// putBurst, putEvery: the same clinic puts its notices in a few minutes; one network writes at most 2 envelopes a second.
	putBurst = 256
	putEvery = 500 * time.Millisecond
	// sessionBurst, sessionEvery: an owner asks once per box at start and watches from then on.
	sessionBurst = 128
	sessionEvery = time.Second

	// MaxBoxes: boxes that one stream may watch; somebody who books for a whole family has a box for each open booking.
	MaxBoxes = 64
	// maxDelete: no more than a box can hold.
	maxDelete = MaxPerBox
	// accessBurst, accessEvery: an owner deletes each mail as it comes; a stream is no way to keep the relay verifying.
	accessBurst = 2 * MaxPerBox
	accessEvery = 200 * time.Millisecond
	// maxWatchesPerPeer: one stream a host, and its successor while the relay has not noticed that the old one is gone.
	maxWatchesPerPeer = 3
	// maxWatchesPerSource: more than the connections that one address may have.
	maxWatchesPerSource = 128

	// maxClientFrame: the largest frame to a relay is a put of 4,096 bytes with its box.
	maxClientFrame = LargeEnvelope + 128
	// maxRelayFrame: the largest frame from a relay is a mail.
	maxRelayFrame = LargeEnvelope + 128
	// streamMemory: one frame in, one frame out, and their decoded forms.
	streamMemory = 4 * maxClientFrame

	// requestTimeout: time for the whole of a put, and for each step of an owner's session until it watches.
	requestTimeout = 20 * time.Second
	// writeTimeout: a watcher that takes no bytes for this long is gone.
	writeTimeout = 20 * time.Second
	// sessionTimeout: a watching stream ends after this and is opened again, so nothing that is forgotten lasts.
	sessionTimeout = time.Hour
	// pruneEvery: how often the index looks for envelopes that the sweeper has dropped.
	pruneEvery = time.Minute
)
