package federation

import "time"

const (
	// MaxStatement: gematik's have 3 to 6 KiB.
	MaxStatement = 64 << 10
	// MaxKeys: 64 keys, each with a certificate chain of 2 KiB.
	MaxKeys = 256 << 10
	// maxLife: statements are good for a day (popp.md 1.5). A longer one is used for a week, so that a key that was given up is gone then.
	maxLife = 7 * 24 * time.Hour
	// leeway: for clocks, as with tokens (popp.md 1.4).
	leeway = time.Minute
	// maxAddress: what servers take.
	maxAddress = 2048
	// requestTimeout: a phone in a lift; the directory's slowest answers take 8 s (popp.md 6).
	requestTimeout = 20 * time.Second
)
