package disclosure

import (
	"context"
	"errors"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Sync fetches from another relay what this one does not have and keeps it, and returns how many lists were new. The host must be able to
// reach relay.
func (s *Server) Sync(ctx context.Context, relay peer.ID) (int, error) {
	fresh := 0
	r := Reading{Known: s.shelf.known(s.cfg.Now()), Relays: s.trusted, Now: s.cfg.Now}
	err := FetchLists(ctx, s.cfg.Host, relay, r, func(l List) error {
		ok, err := s.Adopt(ctx, l)
		if ok {
			fresh++
		}
		if errors.Is(err, ErrFork) || errors.Is(err, ErrShelf) {
			s.cfg.Log.Warn("a relay's list was not kept", "err", err)
			return nil
		}
		return err
	})
	return fresh, err
}

// Adopt keeps a verified list of a relay, and says whether it is new. A second list of the same number is ErrFork, and counted. A relay
// that was restored from a backup adopts its own later lists, too, and goes on counting after them.
func (s *Server) Adopt(ctx context.Context, l List) (bool, error) {
	if l.Relay == s.self {
		s.ticking.Lock()
		defer s.ticking.Unlock()
	}
	return s.shelf.adopt(ctx, l, l.Relay == s.self, s.cfg.Now())
}

func (s *Server) trusted(relay peer.ID) bool { return relay == s.self || s.cfg.Relays(relay) }
