package inbound

const (
	// bitsIPv4, bitsIPv6: what one subscriber or one small network gets, so what counts as one source (p2p.md 7.4).
	bitsIPv4 = 24
	bitsIPv6 = 56
	// sourceBytes: 96 bits of an HMAC do not collide among the sources of a process's life.
	sourceBytes = 12
	// maxKeys: 65,536 keys of 12 bytes with their time are 6 MiB; a flood beyond that shares one budget.
	maxKeys = 65536
)
