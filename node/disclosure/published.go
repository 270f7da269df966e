package disclosure

import (
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Published is a list that a relay keeps, without its items.
type Published struct {
	Relay  peer.ID
	Number uint64
	Issued time.Time
	Items  int
}

// Published lists what is kept now, in the order of its time.
func (s *Server) Published() []Published {
	var out []Published
	for _, l := range s.shelf.all(s.cfg.Now()) {
		out = append(out, Published{Relay: l.relay, Number: l.number, Issued: l.issued, Items: l.items})
	}
	return out
}
