package client

import "time"

const (
	// maxStatus: a state, a sentence and an id, or one command of at most 65,544 bytes in hex with its status words.
	maxStatus = 160 << 10
	// maxDirectory: a hundred entries of three resources of some 2 KiB, escaped once more as a JSON string.
	maxDirectory = 4 << 20
	// maxSearch: a search request, as an address holds one.
	maxSearch = 2 << 10
	// maxTokens, maxTokenLength, maxPulls: a practice that was offline for 120 h with 50 check-ins an hour has 6,000 waiting; each is below 2 KiB, and
	// 8 KiB is what package popp takes. What is left over is there the next time.
	maxTokens      = 256
	maxTokenLength = 8 << 10
	maxPull        = maxTokens*maxTokenLength + 64<<10
	maxPulls       = 64

	// minCommand, maxCommand: ISO 7816-3 section 12.1.3, header alone and header, extended length, 65,535 bytes and extended Le.
	minCommand = 4
	maxCommand = 65544
	// maxResponse: 65,536 bytes and the status word.
	maxResponse = 65538
	// maxExpected: gematik's scenarios have one or two.
	maxExpected = 16
	// maxSteps: eight commands prove a card without contacts; with contacts it is some twenty (popp.md 3.3). It ends a service that never does.
	maxSteps = 64

	// maxMessage, maxDetail, maxErrorCode: sentences of a service.
	maxMessage   = 1000
	maxDetail    = 500
	maxErrorCode = 64

	// retryAfter: the retry interval that all OpenAPI files suggest after a 500.
	retryAfter = 10 * time.Minute

	// maxScenarioSteps, maxCounter: the WebSocket interface's own.
	maxScenarioSteps = 63
	maxCounter       = 32767
	// maxScenarios: OPEN_EGK and AUTH_G2 are two; with contacts it is five.
	maxScenarios = 16
	// messageTimeout: the service verifies, and asks OCSP and the list of card pairs.
	messageTimeout = 40 * time.Second
)
