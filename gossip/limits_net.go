package gossip

import "time"

const (
	// maxTopicBytes: the longest topic, a cycle topic of a merged region, is 29 bytes.
	maxTopicBytes = 64

	// maxExtraRegions: a patient sees its own region and three neighbours (design.md 7).
	maxExtraRegions = 3
)

const (
	// maxRPCSubscriptions: the hello of a relay of the whole country names 95 pool topics and the network's.
	maxRPCSubscriptions = 256
	// maxPeerTopics: a patient has 4 cycle topics and the network's, a front its pool and the network's.
	maxPeerTopics = 8
	// maxRelayTopics: 95 pool topics and the network's; zones are two digits, so there can never be more than 101.
	maxRelayTopics = 128
	// forgetAfter keeps a peer's budget after it left, so that leaving and coming back does not renew it.
	forgetAfter = 10 * time.Minute
)
