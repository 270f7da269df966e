package ownlist

import "time"

const (
	// codeHints: two relays; with a third the code would need the next size of a QR code.
	codeHints = 2
	// maxRequestFrame: a version and a nonce.
	maxRequestFrame = 64
	// maxAnswerFrame: 200 appointments of at most 72 bytes, a practice card of 3,000 and 500 for the rest are below 18,000 bytes.
	maxAnswerFrame = 18 << 10
	// maxEnrolment, maxRelays, maxRelayText: as in an offer (node/booking).
	maxEnrolment = 3000
	maxRelays    = 3
	maxRelayText = 64
	// streamMemory: the request, the list, its encoding and its signed form.
	streamMemory = 4 * maxAnswerFrame
	// streamTimeout: one question and one answer of 18 KiB over a slow line.
	streamTimeout = 20 * time.Second
	// maxUnix: the year 2200, as in node/booking.
	maxUnix = 7258118400
	// maxGood: the tokens of a list live for at most two epochs of a day; clocks may differ.
	maxGood = 50 * time.Hour
)

const (
	// peerBurst, peerEvery: somebody looks at the list, chooses, is too late and looks again.
	peerBurst = 8
	peerEvery = 5 * time.Second
	// sourceBurst, sourceEvery: all who come through one relay count as one source, and a waiting room may scan the poster within a minute. A list
	// costs a signature and 18 KiB: at most 9 KiB a second go to one source.
	sourceBurst = 64
	sourceEvery = 2 * time.Second
)
