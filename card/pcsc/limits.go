package pcsc

import "time"

const (
	// callLimit: crypto.md 9, case 51: nothing hangs for more than 10 s. A real card needs 0.1 s to sign, and CCID readers give a card
	// a few seconds at most.
	callLimit = 10 * time.Second

	// maxCalls are the blocking calls of this process at one time: each costs a thread. A node has one person at its readers.
	maxCalls = 32

	// minCommand and maxCommand: header alone, and an extended command with most data and Le (ISO 7816-3 section 12.1.3).
	minCommand = 4
	maxCommand = 4 + 3 + 65535 + 2

	// minAnswer: the status word.
	minAnswer = 2

	// maxStates: PCSCLITE_MAX_READERS_CONTEXTS, the most readers of pcscd and of one SCardGetStatusChange.
	maxStates = 16

	// maxList ends a listing in which readers come and go all the time.
	maxList = 4

	// maxBegins ends a fight for the card with a program that resets it again and again.
	maxBegins = 4

	// watchSlice is how long one wait for a change lasts. pcsc-lite before 2.3 does not tell of a reader that came between listing and
	// waiting, so that the list has to be looked at now and then.
	watchSlice = 3 * time.Second

	// watchPause keeps a reader that changes all the time from costing all the time.
	watchPause = 20 * time.Millisecond

	// serviceRetry is the pause before a stopped pcscd is looked for again: nothing tells of its start.
	serviceRetry = 500 * time.Millisecond

	// cancelRetry: SCardCancel does nothing before the wait has begun, so it is repeated.
	cancelRetry = 5 * time.Millisecond

	// cancelGrace is what a cancelled wait gets to end, so that it is over when its caller goes on.
	cancelGrace = time.Second

	// pullDelay is how long a failed command waits for pcscd to notice that the card was pulled: it looks every 0.4 s
	// (PCSCLITE_STATUS_POLL_RATE).
	pullDelay = time.Second
)
