package wire

const (
	// maxNesting: the deepest object, a sheet's slot, is 4 deep; signed in signed doubles it.
	maxNesting = 8
	// maxArray: a pool sync names at most 1,024 sheets; a sheet has 200 slots.
	maxArray = 1024
	// maxPairs: the widest map, the network bundle, has below 20 keys.
	maxPairs = 64
)
