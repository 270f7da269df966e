package gossip

import "time"

// Topics and subscriptions.
const (
	// maxTopicBytes: the longest topic, a cycle topic of a merged region, has 31 bytes.
	maxTopicBytes = 64

	// maxZones: zones are two digits. Germany has 95.
	maxZones = 100

	// helloBytesPerTopic: what one subscription takes in a hello; a relay of the whole country sends 3 KB (p2p.md
	// finding 7).
	helloBytesPerTopic = maxTopicBytes + 10

	// maxRPCSubscriptions: the hello of a relay of the whole country names 95 pool topics and the network's.
	maxRPCSubscriptions = 256

	// maxPeerTopics at a time: a patient has 4 cycle topics and the network's, a front its pool and the network's.
	maxPeerTopics = 8
	// maxRelayTopics at a time: all zones and the network's, with room.
	maxRelayTopics = 128

	// A peer may take peerTopicBurst topics that it never had, then one a peerTopicEvery: the first claim and three
	// changes of it, then far more than the cool-down of Claims lets through.
	peerTopicBurst = 24
	peerTopicEvery = time.Minute
	// The same for all peers of a subnet together: Claims shows it 16 regions a day; two fronts behind one NAT add 2 zones.
	subnetTopicBurst = 32
	subnetTopicEvery = 30 * time.Minute

	// forgetPeerAfter keeps a peer's budget after it left, so that leaving and coming back does not renew it.
	forgetPeerAfter = 10 * time.Minute
	// forgetSubnetAfter: as long as Claims counts.
	forgetSubnetAfter = 24 * time.Hour
	// maxPeerBudgets, maxSubnetBudgets: below 1 KiB each, so 64 MiB at most; beyond it the longest unused goes.
	maxPeerBudgets   = 32 << 10
	maxSubnetBudgets = 32 << 10

	// revokeGentle: so often within forgetPeerAfter a peer that keeps what it may not hold only loses its pubsub
	// streams; pubsub opens them again four times in ten minutes and then never until it reconnects. After that it is
	// disconnected.
	revokeGentle = 3
	// revokeWait: pubsub's event loop takes microseconds to hear of a reset stream; a tick waits no longer than this.
	revokeWait = time.Second
)

// Claims.
const (
	// maxExtraRegions: a patient sees its own region and three neighbours (design.md 7).
	maxExtraRegions = 3
	// maxSubnetRegions a day: households and clinics of one /24 live in a few regions; a harvester needs 676.
	maxSubnetRegions = 16
	subnetWindow     = 24 * time.Hour
	// forgetClaimAfter: a patient's identity lives a day, and no cool-down is longer (64 cycles are 11 hours).
	forgetClaimAfter = 24 * time.Hour
	// maxClaims, maxClaimSubnets: below 1 KiB each; beyond it the longest unused goes.
	maxClaims       = 32 << 10
	maxClaimSubnets = 32 << 10
)

// Pool topics.
const (
	// A pseudonym may publish sheetBurst sheets at once, then one a sheetEvery: a practice that is booked out within a
	// minute publishes after each booking, a hostile one costs a check of 0.08 ms each.
	sheetBurst = 32
	sheetEvery = 2 * time.Second
	// maxPublishers: as many budgets as the pool has sheets at most; the idle ones are dropped when it is full.
	maxPublishers = 4096
)

// Cycles.
const (
	// maxCycleBytes of one message: below the 64 KiB that other implementations allow by default.
	maxCycleBytes = 60 << 10
	// maxCycleParts: half of a relay's queue to a patient; 7.5 MB in one region and cycle. What is beyond comes by a
	// pool sync.
	maxCycleParts = 128
	// maxCycleSheets in one message: the smallest sheet has 600 bytes.
	maxCycleSheets = 128

	// releaseMargin: sheets issued this short before a tick wait for the next one, so that all relays have a sheet when the
	// first one shows it; gossip takes 1.2 s. At most a tenth of a cycle.
	releaseMargin = 5 * time.Second
	// partGrace: parts of a cycle come within a second; after this the rest is fetched. At most a quarter of a cycle.
	partGrace = 10 * time.Second
	// silenceGrace: a relay that is this late does not broadcast any more. At most half a cycle.
	silenceGrace = 30 * time.Second
	// changeLead: a patient leaves old regions this long before the cycle of a change, and joins new ones this long after.
	// At most a tenth of a cycle.
	changeLead = time.Second
	// maxSleep: timers follow the monotonic clock; the wall clock is looked at again at least this often.
	maxSleep = 30 * time.Second
	// subscriptionBuffer: four regions of maxCycleParts would be 512; real cycles have a few parts.
	subscriptionBuffer = 256
)

// Pool sync.
const (
	// maxSyncRequest: MaxRegionSheets entries of 21 bytes and their marks, or 100 zones.
	maxSyncRequest = 32 << 10
	// maxSyncFrame holds at least three sheets.
	maxSyncFrame = 64 << 10
	// maxSyncAnswer: then the asker asks again with what it has by now.
	maxSyncAnswer = 4 << 20
	// maxSyncRounds of one region: MaxRegionSheets of MaxSheetBytes are four answers.
	maxSyncRounds = 6
	// markBytes of a sheet's hash tell two sheets with one sequence number apart.
	markBytes = 4
	// rootBytes, digestBytes: who finds two pools with the same short digest only hides its own sheets from itself.
	rootBytes, digestBytes = 8, 16

	// maxSyncStreams at a time: 128 KiB each are 8 MiB.
	maxSyncStreams = 64
	// A peer may open syncBurst streams at once, then one a syncEvery: four regions, each again after a gap.
	syncBurst = 16
	syncEvery = 5 * time.Second
	// maxSyncPeers: budgets kept; the idle ones are dropped when it is full.
	maxSyncPeers = 4096
	// maxClientRequests, maxRelayRequests on one stream: a patient has 4 regions; a relay of the whole country has 676.
	maxClientRequests = 32
	maxRelayRequests  = 2048

	// syncIdle: the next request or frame is there within this, or the stream ends.
	syncIdle = 30 * time.Second
	// syncTotal: a whole stream. 16 MiB at 1 Mbit/s take two minutes.
	syncTotal = 5 * time.Minute
	// maxSyncRefused: a peer that sends so many invalid sheets is faulty; those that depend on the clock do not count.
	maxSyncRefused = 8
)
