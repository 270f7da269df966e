package issuance

import (
	"time"

	"pieks/card"
)

const (
	// Batch is how many passes every request asks for, whatever is needed, so that it says nothing about
	// how many pseudonyms a practice keeps in hand (crypto.md 2.3).
	Batch = 8
	// maxPerKey: what one practice may get under one key at most. A week of days needs 24; networks with epochs of minutes,
	// made for tests, would otherwise let one practice ask for thousands.
	maxPerKey = 64
	// spareEpochs: lost answers and restarts that cost passes.
	spareEpochs = 8

	// signatureBytes: RSA with 3072 bits, the one size that issuer keys have.
	signatureBytes = 384
	// nonceBytes: never the same by chance within the minutes for which it is kept.
	nonceBytes = 16

	// maxRequestFrame: the enrolment, eight blinded passes, and 400 bytes for the rest.
	maxRequestFrame = card.MaxEnrolment + Batch*(signatureBytes+3) + 400
	// maxAnswerFrame: eight signatures and a few numbers.
	maxAnswerFrame = Batch*(signatureBytes+3) + 64
	// streamMemory: the request, its decoded form and re-encoding, and the answer.
	streamMemory = 4 * maxRequestFrame

	// maxSkew: how far a request's time may be from the issuer's clock (design.md 17). Nonces are kept twice as long.
	maxSkew = 10 * time.Minute
	// streamTimeout: reading a request, waiting for a turn, 60 ms of signing, and the answer over a slow line.
	streamTimeout = 30 * time.Second
	// turnTimeout: how long a request waits for its turn; its client then asks another issuer.
	turnTimeout = 10 * time.Second
	// maxWaiting: requests that wait for a turn; at 60 ms each the last one waits four seconds.
	maxWaiting = 64

	// rateBurst, rateEvery: a practice asks a few times a week; one network may hold a health centre. A check
	// of a card's chain and eight signatures take 61 ms of a core.
	rateBurst = 32
	rateEvery = 5 * time.Second
)
