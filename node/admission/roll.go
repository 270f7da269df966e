package admission

import (
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip"
)

// guest is an admitted front or desk.
type guest struct {
	kind   Kind
	key    [32]byte     // P or D
	issuer gossip.KeyID // of a front's pass
	region string       // of a front
	until  time.Time
}

// roll is who was admitted, in memory only: a peer ID and how long it may stay. No name, no address. The server's lock guards it.
type roll struct {
	guests map[peer.ID]guest
	counts map[Kind]int
}

func newRoll() *roll { return &roll{guests: map[peer.ID]guest{}, counts: map[Kind]int{}} }

// of returns who a peer is now.
func (r *roll) of(p peer.ID, now time.Time) (guest, bool) {
	g, ok := r.guests[p]
	return g, ok && now.Before(g.until)
}

// admit enters or renews a guest. A front keeps the region that it first named: a pass opens one zone.
func (r *roll) admit(p peer.ID, g guest, now time.Time) Code {
	old, known := r.of(p, now)
	if known && old.kind == Front && old.region != g.region {
		return CodeRegion
	}
	if _, held := r.guests[p]; !held && r.counts[g.kind] >= maxOf(g.kind) {
		r.forget(func(g guest) bool { return !now.Before(g.until) })
		if r.counts[g.kind] >= maxOf(g.kind) {
			return CodeBusy
		}
	}
	r.remove(p)
	r.guests[p] = g
	r.counts[g.kind]++
	return CodeOK
}

func maxOf(k Kind) int {
	if k == Front {
		return maxFronts
	}
	return maxDesks
}

func (r *roll) remove(p peer.ID) {
	if g, ok := r.guests[p]; ok {
		r.counts[g.kind]--
		delete(r.guests, p)
	}
}

// forget drops all guests that gone says yes to.
func (r *roll) forget(gone func(guest) bool) {
	for p, g := range r.guests {
		if gone(g) {
			r.remove(p)
		}
	}
}
