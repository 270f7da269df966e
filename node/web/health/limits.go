package health

import "time"

const (
	// kept: however many ask, the node is asked once a second.
	kept = time.Second
	// doctorKept: the node's doctor reads its whole store.
	doctorKept = time.Minute
	// askTimeout: longer than a store of 1 GiB takes to be read.
	askTimeout = 10 * time.Second
	// apartWarns: a relay that restarts, and its hoster's short maintenance, are no news.
	apartWarns = 5 * time.Minute

	// The server of its own: a request is one line and some headers, an answer some kilobytes.
	requestTimeout = 5 * time.Second
	answerTimeout  = askTimeout + 5*time.Second
	idleTimeout    = time.Minute
	maxHeader      = 8 << 10
)
