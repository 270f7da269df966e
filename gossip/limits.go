package gossip

const (
	// MaxSheetBytes: 200 slots of about 55 bytes are 11 KB, the pass 520 bytes; a pubsub message and a sync frame hold it.
	MaxSheetBytes = 16 << 10
	// MaxSlots: a busy practice gives out 200 appointments in a day's sheet; more come as these are taken.
	MaxSlots = 200
	// MaxRelays: a practice keeps a circuit at two or three relays (design.md 2).
	MaxRelays = 3
)
