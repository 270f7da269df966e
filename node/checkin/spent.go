package checkin

import (
	"crypto/sha256"
	"sync"
	"time"
)

// spent remembers sessions that are over and signatures that were taken, so that whoever shows one again is told so and not that the card is bad.
// Nothing depends on it: another challenge does not fit the signature, and no dialogue takes the session.
type spent struct {
	mu   sync.Mutex
	seen map[[sha256.Size]byte]time.Time
}

// spentFor: nobody shows an answer of an hour ago by mistake.
const spentFor = time.Hour

func spentKey(what string, data []byte) [sha256.Size]byte {
	return sha256.Sum256(append([]byte(what+"\x00"), data...))
}

func (s *spent) add(what string, data []byte, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = map[[sha256.Size]byte]time.Time{}
	}
	if len(s.seen) >= maxSpent {
		s.sweep(now)
	}
	if len(s.seen) < maxSpent {
		s.seen[spentKey(what, data)] = now
	}
}

func (s *spent) has(what string, data []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.seen[spentKey(what, data)]
	return ok
}

func (s *spent) sweep(now time.Time) {
	for key, at := range s.seen {
		if at.After(now) || now.Sub(at) > spentFor {
			delete(s.seen, key)
		}
	}
}
