package store

import (
	"context"
	"time"
)

// Retain sets the retention rule of a bucket: keep says whether a value stays. It is called within a transaction with the key as
// Each gives it, must be quick and must not use the store. The sweeper applies it each minute, Sweep at once.
func (s *Store) Retain(b Bucket, keep func(key, value []byte, now time.Time) bool) {}

// Sweep applies all retention rules as of now and returns how many values it removed.
func (s *Store) Sweep(ctx context.Context, now time.Time) (int, error) { return 0, ErrClosed }
