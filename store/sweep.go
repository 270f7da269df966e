package store

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// rules are the retention rules of a store, in the order in which they were set.
type rules struct {
	mu   sync.Mutex
	list []rule
}

type rule struct {
	bucket Bucket
	keep   func(key, value []byte, now time.Time) bool
}

// Retain sets the retention rule of a bucket: keep says whether a value stays. It is called within a transaction with the key as
// Each gives it, must be quick and must not use the store. The sweeper applies it each minute, Sweep at once. A second rule for the same bucket
// replaces the first.
func (s *Store) Retain(b Bucket, keep func(key, value []byte, now time.Time) bool) {
	s.rules.mu.Lock()
	defer s.rules.mu.Unlock()
	s.rules.list = slices.DeleteFunc(s.rules.list, func(r rule) bool { return r.bucket.name == b.name })
	s.rules.list = append(s.rules.list, rule{bucket: b, keep: keep})
}

// Sweep applies all retention rules as of now and returns how many values it removed. A bucket that cannot be read does not keep
// the others from being swept.
func (s *Store) Sweep(ctx context.Context, now time.Time) (int, error) {
	s.rules.mu.Lock()
	list := slices.Clone(s.rules.list)
	s.rules.mu.Unlock()
	removed := 0
	var errs []error
	for _, r := range list {
		n, err := s.sweepBucket(ctx, r, now)
		removed += n
		if err != nil {
			errs = append(errs, err)
		}
	}
	return removed, errors.Join(errs...)
}

// sweepBucket looks for what is over in a View, then deletes it in small Updates, asking again: it may have changed in between.
func (s *Store) sweepBucket(ctx context.Context, r rule, now time.Time) (int, error) {
	disk := Bucket{name: r.bucket.name} // keys as they are on disk
	var over [][]byte
	err := s.View(func(tx *Tx) error {
		return tx.Each(disk, func(key, value []byte) error {
			if !r.keep(key, value, now) {
				over = append(over, key)
			}
			return ctx.Err()
		})
	})
	removed := 0
	for part := range slices.Chunk(over, sweepBatch) {
		n := 0
		errPart := s.update(ctx, s.frees, func(tx *Tx) error {
			for _, key := range part {
				value, err := tx.Get(disk, key)
				if err != nil {
					return err
				}
				if value == nil || r.keep(bytes.Clone(key), value, now) {
					continue
				}
				if err := tx.Delete(disk, key); err != nil {
					return err
				}
				n++
			}
			return nil
		})
		if errPart != nil {
			return removed, errors.Join(err, errPart)
		}
		removed += n
	}
	return removed, err
}

// sweepNowAndThen is the sweeper goroutine. It also keeps the key file's generation up to date.
func (s *Store) sweepNowAndThen(ctx context.Context) {
	s.nowAndThen(ctx, s.o.SweepEvery, func() {
		removed, err := s.Sweep(ctx, s.o.Now())
		if err == nil {
			err = s.keys.mirror()
		}
		if err != nil && ctx.Err() == nil {
			s.o.Log.Error("sweeping the store failed", "removed", removed, "error", err)
		} else if removed > 0 {
			s.o.Log.Info("the store was swept", "removed", removed)
		}
	})
}

// nowAndThen calls fn at the given interval until ctx ends.
func (s *Store) nowAndThen(ctx context.Context, every time.Duration, fn func()) {
	if every < 0 {
		return
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			fn()
		case <-ctx.Done():
			return
		}
	}
}
