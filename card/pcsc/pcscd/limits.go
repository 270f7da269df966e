package pcscd

import "time"

const (
	// firstPort of the readers: below what Linux gives to outgoing connections (32768 to 60999).
	firstPort = 20000

	// maxReaders: PCSCLITE_MAX_READERS_CONTEXTS.
	maxReaders = 16

	// settleLimit is how long pcscd gets to start, to see a card and to notice that it is gone: it looks every 0.4 s.
	settleLimit = 20 * time.Second

	// settleLook is the pause between two looks at a pcscd that starts.
	settleLook = 10 * time.Millisecond

	// stopLimit is how long pcscd gets to end. One whose card hangs never does.
	stopLimit = 3 * time.Second

	// reportTime is what is left of the test's time for its parent to report when it was not enough.
	reportTime = 5 * time.Second

	// maxSaid bounds what is kept of what pcscd writes.
	maxSaid = 64 << 10
)
