// Package records is how protocols keep their records in the sealed store: as CBOR of package wire.
package records

import (
	"fmt"
	"time"

	"pieks/gossip/wire"
	"pieks/store"
)

// Get reads a record into v and says whether there was one.
func Get(tx *store.Tx, b store.Bucket, key []byte, v any) (bool, error) {
	data, err := tx.Get(b, key)
	if err != nil || data == nil {
		return false, err
	}
	if err := wire.Unmarshal(data, v); err != nil {
		return false, fmt.Errorf("read %s: %w", b.Name(), err)
	}
	return true, nil
}

// Put writes a record in the place of an older one.
func Put(tx *store.Tx, b store.Bucket, key []byte, v any) error {
	data, err := wire.Marshal(v)
	if err != nil {
		return fmt.Errorf("write %s: %w", b.Name(), err)
	}
	return tx.Put(b, key, data)
}

// KeepUntil is the retention rule ([store.Store.Retain]) of records that name their end, in Unix seconds.
func KeepUntil[T any](until func(*T) uint64) func(key, value []byte, now time.Time) bool {
	return func(_, value []byte, now time.Time) bool {
		var record T
		if wire.Unmarshal(value, &record) != nil {
			return true // not ours to throw away: a check will name it
		}
		return uint64(max(0, now.Unix())) <= until(&record)
	}
}
