package store

import (
	"runtime"
	"time"
)

const (
	// maxBucketName: names are words of our own code.
	maxBucketName = 64
	// maxKey: keys are ids, hashes and short composites of them; bbolt would allow 32 KiB.
	maxKey = 1024
	// maxValue: the largest value is a network bundle, below 1 MiB; one value must fit into memory several times.
	maxValue = 8 << 20
	// maxTxBytes: what one Update may write, so that one caller cannot make all that share its transaction wait long.
	maxTxBytes = 64 << 20

	// maxBatch: calls that share one transaction. More than callers ever wait at once in a practice (64 patients per slot);
	// the transaction stays small enough to be written in one go.
	maxBatch = 256

	// maxSecrets, maxSecret, maxSecretName: a practice holds two keys for each of at most three epochs and some for slots; the key file is
	// written as a whole, so it has to stay small.
	maxSecrets    = 4096
	maxSecret     = 1024
	maxSecretName = 128
	// maxKeyFile: 4,096 secrets of ordinary size.
	maxKeyFile = 4 << 20

	// maxPassphrase: no one types more; bounds the work on foreign input.
	maxPassphrase = 1024

	// maxArgon*: what a key file or backup may ask of us. Above this it is an attack on memory, not a parameter.
	maxArgonPasses = 16
	maxArgonKiB    = 1 << 20
	maxArgonLanes  = 16

	// reserveBytes: Update refuses with ErrFull below this much free space, so that the sweeper's
	// deletions, the key file and the final commit still fit.
	reserveBytes = 4 << 20

	// allocBytes: by how much bbolt grows the file once it is larger than this. Its own 16 MiB is most of a patient's disk use.
	allocBytes = 1 << 20

	// sweepEvery, copyEvery: design.md section 11.
	sweepEvery = time.Minute
	copyEvery  = time.Hour
	// sweepBatch: deletions in one Update of the sweeper, so that a booking never waits for a long one.
	sweepBatch = 500

	// backupChunk: plaintext in one sealed chunk of a backup, as in age.
	backupChunk = 64 << 10
	// maxQuarantine: copies of refused files that are kept; each is as large as the store.
	maxQuarantine = 8
)

// initialMmap is address space, not memory: while the file is smaller, a long View (a backup) never makes a writer wait
// for remapping. Windows would make the file that large, 32-bit systems have no such room.
func initialMmap() int {
	if runtime.GOOS == "windows" || ^uint(0)>>32 == 0 {
		return 0
	}
	return 1 << 30
}

// argon is the cost of Argon2id in new key files and backups: the second recommendation of RFC 9106 section 4, 127 ms on our test
// machine. A variable only for our own tests, which open hundreds of stores.
var argon = struct {
	passes, kib uint32
	lanes       uint8
}{3, 64 << 10, 4}
