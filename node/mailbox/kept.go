package mailbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"pieks/gossip/wire"
	"pieks/store"
)

// mailBucket holds one record for each envelope. Its keys are hidden, since the box of a practice leads to its name.
var mailBucket = store.NewHiddenBucket("mailbox")

// record is an envelope on disk. Who put it is not in it.
type record struct {
	Box      BoxID  `cbor:"1,keyasint"`
	At       uint64 `cbor:"2,keyasint"` // Unix seconds
	Envelope []byte `cbor:"3,keyasint"`
}

func recordKey(box BoxID, id EnvelopeID) []byte { return append(slices.Clone(box[:]), id[:]...) }

// kept is the mail on disk.
type kept struct{ store *store.Store }

// openKept has the store's sweeper end the mail after Retention.
func openKept(s *store.Store) kept {
	s.Retain(mailBucket, func(_, value []byte, now time.Time) bool {
		var r record
		return wire.Unmarshal(value, &r) == nil && !expired(time.Unix(int64(r.At), 0), now)
	})
	return kept{s}
}

// put returns when the envelope is on disk for good.
func (k kept) put(ctx context.Context, id EnvelopeID, r record) error {
	value, err := wire.Marshal(r)
	if err != nil {
		return err
	}
	return k.store.Update(ctx, func(tx *store.Tx) error { return tx.Put(mailBucket, recordKey(r.Box, id), value) })
}

var errGone = errors.New("envelope is gone")

// get reads an envelope; errGone when it was deleted or swept.
func (k kept) get(box BoxID, id EnvelopeID) (record, error) {
	var r record
	err := k.store.View(func(tx *store.Tx) error {
		value, err := tx.Get(mailBucket, recordKey(box, id))
		if err != nil {
			return err
		}
		if value == nil {
			return errGone
		}
		return wire.Unmarshal(value, &r)
	})
	return r, err
}

// delete returns when the envelopes are off the disk.
func (k kept) delete(ctx context.Context, box BoxID, ids []EnvelopeID) error {
	return k.store.Update(ctx, func(tx *store.Tx) error {
		for _, id := range ids {
			if err := tx.Delete(mailBucket, recordKey(box, id)); err != nil {
				return err
			}
		}
		return nil
	})
}

// load makes the index of all mail on disk, in the order in which it came.
func (k kept) load(now time.Time) (*index, error) {
	x := newIndex()
	var all []*entry
	err := k.store.View(func(tx *store.Tx) error {
		return tx.Each(mailBucket, func(_, value []byte) error {
			var r record
			if err := wire.Unmarshal(value, &r); err != nil {
				return err
			}
			if at := time.Unix(int64(r.At), 0); !expired(at, now) {
				all = append(all, x.reserve(r.Box, IDOf(r.Envelope), at, ""))
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read mailboxes: %w", err)
	}
	slices.SortStableFunc(all, func(a, b *entry) int { return a.at.Compare(b.at) })
	for _, e := range all {
		x.durable(e)
	}
	return x, nil
}
