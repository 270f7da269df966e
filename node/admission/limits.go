package admission

import (
	"time"

	"pieks/card"
)

const (
	// MaxExtra: neighbours of its home region that a patient may ask for (design.md 7).
	MaxExtra = 3
	// maxRegionText: "506+12", the longest name of a region.
	maxRegionText = 8

	// maxHelloFrame: a desk's enrolment is the largest thing in a hello; a pass has 520 bytes.
	maxHelloFrame = card.MaxEnrolment + 512
	// maxReplyFrame: four regions and some numbers.
	maxReplyFrame = 512
	// streamMemory: the hello, its decoded form and re-encoding, and the reply.
	streamMemory = 4 * maxHelloFrame
	// streamTimeout: one small frame each way; a phone in a lift gets this long.
	streamTimeout = 20 * time.Second

	// maxFronts, maxDesks: more than the connections of a relay, with those of the last epoch; 1 MiB each.
	maxFronts = 8192
	maxDesks  = 8192

	// peerBurst, peerEvery: a peer says hello when it connects and when its user changes the region.
	peerBurst = 64
	peerEvery = 2 * time.Second
	// sourceBurst, sourceEvery: a waiting room or a carrier's NAT after a restart of the relay; a card's chain costs 1 ms.
	sourceBurst = 256
	sourceEvery = 100 * time.Millisecond

	// forgetEvery: how often what has ended is dropped from memory.
	forgetEvery = 5 * time.Minute
)
