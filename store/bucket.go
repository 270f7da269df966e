package store

import (
	"fmt"
	"strings"
)

// Bucket names a set of keys. The name is visible on disk and part of what each value is sealed to: renaming it is
// a migration.
type Bucket struct {
	name   string
	hidden bool
}

// NewBucket names a bucket whose keys are on disk as they are: for random ids, counters, days.
func NewBucket(name string) Bucket { return Bucket{name: name} }

// NewHiddenBucket names a bucket whose keys on disk are HMACs: for keys that say something, such as a Telematik-ID or a peer.
// Get, Put and Delete take the key itself; Each gives the HMAC.
func NewHiddenBucket(name string) Bucket { return Bucket{name: name, hidden: true} }

// Name returns the name.
func (b Bucket) Name() string { return b.name }

// check refuses names that would make the AAD ambiguous or meet the store's own bucket.
func (b Bucket) check() error {
	if b.name == "" || len(b.name) > maxBucketName || strings.IndexByte(b.name, 0) >= 0 {
		return fmt.Errorf("%w: name %q", ErrBucket, b.name)
	}
	return nil
}
