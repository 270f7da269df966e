package control

import "time"

const (
	// MaxBodyBytes bounds a request. The largest is a network file of 1 MiB in Base64; slots/block with every appointment of a practice
	// year is 10,000 ids of 35 bytes.
	MaxBodyBytes = 1536 << 10

	// maxAnswerBytes bounds what a client reads: a search result of 10,000 tokens is about 3 MB.
	maxAnswerBytes = 64 << 20

	// maxSocketPath: sockaddr_un holds 108 bytes on Linux and 104 on macOS and the BSDs, with the final zero.
	maxSocketPath = 100

	// tokenBytes is the entropy of the bearer token; 128 bits would do, 256 cost nothing.
	tokenBytes = 32

	// readTimeout ends a connection that does not finish its request. Both ends are on one machine.
	readTimeout = 10 * time.Second

	// stopGrace is what running calls get to end by themselves before their context is cancelled. It is part of the two
	// seconds in which a node stops.
	stopGrace = 300 * time.Millisecond

	// dialTimeout: a local socket answers at once or not at all.
	dialTimeout = 2 * time.Second
)
