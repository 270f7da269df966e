package web

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// live counts the tabs that are told of changes.
type live struct{ tabs atomic.Int32 }

// serveLive tells a page that something changed, as server-sent events; the page fetches itself again and takes over what is marked
// data-live. No content goes this way.
func (s *Server) serveLive(c *Call) error {
	if s.live.tabs.Add(1) > liveAtOnce {
		s.live.tabs.Add(-1)
		http.Error(c.W, "too many tabs", http.StatusServiceUnavailable)
		return nil
	}
	defer s.live.tabs.Add(-1)
	c.W.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(c.W)
	beat := time.NewTicker(liveBeat)
	defer beat.Stop()
	next := s.cfg.Changes.Next()
	line := "retry: 2000\n\n"
	for n := 1; ; n++ {
		if _, err := fmt.Fprint(c.W, line); err != nil {
			return nil
		}
		if err := out.Flush(); err != nil {
			return nil
		}
		select {
		case <-c.Context().Done():
			return nil
		case <-beat.C:
			line = ":\n\n"
		case <-next:
			line = fmt.Sprintf("event: change\ndata: %d\n\n", n)
			select { // what follows at once is part of the same change
			case <-c.Context().Done():
				return nil
			case <-time.After(liveEvery / 4):
				next = s.cfg.Changes.Next()
			}
			s.forgetStatus() // it may be what changed, and the page is about to fetch itself
		}
	}
}
