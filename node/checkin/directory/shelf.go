package directory

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"pieks/card"
	"pieks/gossip/wire"
	"pieks/store"
)

var (
	// listingBucket holds listings by D. They are public, and all of them are kept: their keys say nothing.
	listingBucket = store.NewBucket("directory")
	// trustBucket holds what they were verified against.
	trustBucket = store.NewBucket("directory.trust")
	trustKey    = []byte("trust")
)

// shelf is a verified copy of the directory in a store, with an index in memory: a relay's, or a patient's with its entries.
type shelf struct {
	store   *store.Store
	roots   func() card.Roots
	now     func() time.Time
	entries bool

	writing sync.Mutex // held while listings are taken or judged again, so that what is decided is still so when it is written

	mu      sync.Mutex
	index   *index
	trust   trust
	refused map[row]bool // what a relay had and this copy does not take: it need not be fetched again
	pruned  time.Time
}

// openShelf reads what is kept, and forgets what is over.
func openShelf(st *store.Store, roots func() card.Roots, now func() time.Time, entries bool) (*shelf, error) {
	s := &shelf{store: st, roots: roots, now: now, entries: entries, index: newIndex(), refused: map[row]bool{}}
	st.Retain(listingBucket, func(_, value []byte, at time.Time) bool {
		var k kept
		return wire.Unmarshal(value, &k) == nil && time.Unix(int64(k.Until), 0).After(at)
	})
	err := st.View(func(tx *store.Tx) error {
		seen, err := tx.Get(trustBucket, trustKey)
		if err != nil {
			return err
		}
		copy(s.trust[:], seen)
		return tx.Each(listingBucket, func(_, value []byte) error {
			var k kept
			if err := wire.Unmarshal(value, &k); err != nil {
				return errors.Join(err, store.ErrDamaged)
			}
			l, by, err := k.read()
			if err != nil {
				return errors.Join(err, store.ErrDamaged)
			}
			s.index.put(itemOf(l, by, entries))
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read the directory: %w", err)
	}
	return s, nil
}

// taken is a listing that was verified.
type taken struct {
	listing Listing
	by      *card.Licence
}

// judge verifies a listing, unless it is known or older. It does not look whether there is room.
func (s *shelf) judge(l Listing, roots card.Roots) (*taken, error) {
	s.mu.Lock()
	old := s.index.get(l.Device)
	s.mu.Unlock()
	switch {
	case old != nil && old.seq > l.Seq:
		return nil, ErrOlder
	case old != nil && old.seq == l.Seq && old.card == cardHash(l):
		return nil, nil
	case old != nil && old.seq == l.Seq: // D signed two of one number: the first one stays
		return nil, ErrOlder
	}
	by, err := l.verify(roots, s.now())
	if err != nil {
		return nil, err
	}
	return &taken{l, by}, nil
}

func cardHash(l Listing) (h [32]byte) {
	copy(h[:], l.Card)
	return h
}

// keep writes verified listings down, those that are newer and that there is room for, and gives how many. refused is why one was left out. It must be
// called with writing held, and returns after an fsync.
func (s *shelf) keep(ctx context.Context, list []*taken) (fresh int, refused, err error) {
	fits, refused := s.fitting(list)
	if len(fits) == 0 {
		return 0, refused, nil
	}
	if err := s.store.Update(ctx, func(tx *store.Tx) error { return putAll(tx, fits) }); err != nil {
		return 0, refused, fmt.Errorf("%w: %w", ErrFailed, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range fits {
		s.index.put(itemOf(t.listing, t.by, s.entries))
	}
	return len(fits), refused, nil
}

// fitting are the listings that are newer, and that there is room for beside those before them. The index is left as it is: whoever finds a listing there
// is given what is on the disk, so it comes into the index after that.
func (s *shelf) fitting(list []*taken) (fits []*taken, refused error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prune()
	for _, t := range list {
		i := itemOf(t.listing, t.by, false)
		old := s.index.get(i.device)
		if old != nil && old.seq >= i.seq {
			continue
		}
		if err := s.index.room(i.device, i.institution); err != nil {
			refused = err
			continue
		}
		s.index.put(i)
		defer s.restore(i.device, old)
		fits = append(fits, t)
	}
	return fits, refused
}

// restore brings back what the index had of a device. The lock is held.
func (s *shelf) restore(device [32]byte, old *item) {
	if old != nil {
		s.index.put(old)
	} else {
		s.index.remove(device)
	}
}

func putAll(tx *store.Tx, list []*taken) error {
	for _, t := range list {
		value, err := wire.Marshal(keptOf(t.listing, t.by))
		if err != nil {
			return err
		}
		if err := tx.Put(listingBucket, t.listing.Device[:], value); err != nil {
			return err
		}
	}
	return nil
}

// prune forgets what the sweeper takes off the disk. The lock is held.
func (s *shelf) prune() {
	now := s.now()
	if since := now.Sub(s.pruned); since >= 0 && since < pruneEvery {
		return
	}
	s.pruned = now
	for _, device := range s.index.over(now) {
		s.index.remove(device)
	}
}

// refuse remembers that a row is of no use here: exactly this one, so that no relay can keep newer listings away. The lock is held.
func (s *shelf) refuse(r row) {
	if len(s.refused) < maxListings+2*maxWithdrawn {
		s.refused[r] = true
	}
}

// signed reads a listing from the disk; nil when it is gone.
func (s *shelf) signed(device [32]byte) (k *kept, err error) {
	err = s.store.View(func(tx *store.Tx) error {
		value, err := tx.Get(listingBucket, device[:])
		if err != nil || value == nil {
			return err
		}
		k = &kept{}
		return wire.Unmarshal(value, k)
	})
	return k, err
}

// counts are how many listings are kept, and how many that were withdrawn.
func (s *shelf) counts() (listed, withdrawn int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prune()
	return s.index.listed, s.index.withdrawn
}
