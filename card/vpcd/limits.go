package vpcd

import "time"

const (
	// maxFrame: the two bytes of the length hold no more.
	maxFrame = 65535

	// maxATR: ISO 7816-3 section 8.2.1, TS and at most 32 characters.
	maxATR = 33

	// redialMin and redialMax are the pauses before dialling again: pcscd takes a card within 0.4 s, and one that is not running
	// is no reason for load.
	redialMin = 20 * time.Millisecond
	redialMax = time.Second

	// dialTimeout: the reader is on this computer, or near.
	dialTimeout = 5 * time.Second

	// writeTimeout: the reader is waiting for the answer.
	writeTimeout = 10 * time.Second
)
