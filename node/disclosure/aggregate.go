package disclosure

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"pieks/store"
)

// Tick makes the lists that are due at the last multiple of the cycle, and returns how many it made. It may be called at any time
// and any number of times: what was posted after that multiple waits for the next one.
func (s *Server) Tick(ctx context.Context) (int, error) {
	s.ticking.Lock()
	defer s.ticking.Unlock()
	rules := s.cfg.Rules()
	if !rules.valid() {
		return 0, errRules
	}
	tick := rules.Tick(s.cfg.Now())
	for made := 0; ; made++ {
		chosen := rules.publish(s.queue.all(), tick, shuffle)
		if len(chosen) == 0 {
			return made, nil
		}
		if err := s.publish(ctx, chosen, tick); err != nil {
			return made, err
		}
	}
}

// publish turns items into a list: in one transaction they leave the queue, and the list, its items and its number are there. A crash leaves
// the one or the other.
func (s *Server) publish(ctx context.Context, chosen []waiting, tick time.Time) error {
	items, err := s.queue.read(chosen)
	if err != nil {
		return err
	}
	l, err := makeList(s.cfg.Key, s.self, s.shelf.next(), tick, items)
	if err != nil {
		return err
	}
	err = s.cfg.Store.Update(ctx, func(tx *store.Tx) error {
		return errors.Join(s.queue.remove(tx, chosen), s.shelf.putOwn(tx, l))
	})
	if err != nil {
		return err
	}
	s.queue.published(chosen)
	s.shelf.noteOwn(l)
	s.cfg.Log.Info("disclosed data were published", "items", len(items))
	return nil
}

// shuffle draws from the operating system: an order that somebody could compute would be one.
func shuffle(n int, swap func(i, j int)) { rand.New(systemRandom{}).Shuffle(n, swap) }
