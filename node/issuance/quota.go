package issuance

import (
	"context"
	"errors"
	"slices"
	"time"

	"pieks/gossip"
	"pieks/gossip/wire"
	"pieks/store"
)

var (
	// quotaBucket counts passes by key id and Telematik-ID, which the store keeps as an HMAC only.
	quotaBucket = store.NewHiddenBucket("issuance.quota")
	// nonceBucket remembers requests by device key and nonce, as an HMAC, until their time is stale.
	nonceBucket = store.NewHiddenBucket("issuance.nonce")
)

// Quota is how many passes a practice gets under a key: two for each epoch that the key serves and some to spare,
// in whole batches. A restored practice thus gets a whole new set once.
func Quota(key gossip.IssuerKey, rules gossip.Rules) int {
	span := time.Duration(key.To-key.From) * time.Second
	if span > maxPerKey*rules.Epoch {
		return maxPerKey
	}
	epochs := int((span + rules.Epoch - 1) / rules.Epoch)
	return min((2*epochs+spareEpochs+Batch-1)/Batch*Batch, maxPerKey)
}

// tally is a record of either bucket.
type tally struct {
	Count uint64 `cbor:"1,keyasint,omitempty"` // passes signed
	Until uint64 `cbor:"2,keyasint"`           // Unix seconds; then the record is of no use
}

// ledger is what an issuer has on disk.
type ledger struct{ store *store.Store }

func openLedger(s *store.Store) ledger {
	keep := func(_, value []byte, now time.Time) bool {
		var t tally
		return wire.Unmarshal(value, &t) == nil && int64(t.Until) > now.Unix()
	}
	s.Retain(quotaBucket, keep)
	s.Retain(nonceBucket, keep)
	return ledger{s}
}

var (
	errReplay = errors.New("request was answered before")
	errQuota  = errors.New("quota of the practice is used up")
)

// claim is one batch that a practice asks for.
type claim struct {
	key         gossip.IssuerKey
	telematikID string
	device      [32]byte
	nonce       [nonceBytes]byte
	time        uint64
	quota       int
}

func (c claim) quotaKey() []byte { return append(slices.Clone(c.key.ID[:]), c.telematikID...) }
func (c claim) nonceKey() []byte { return append(slices.Clone(c.device[:]), c.nonce[:]...) }

// look says whether a claim would be counted now, and how many passes are left after it.
func (c claim) look(tx *store.Tx) (used, left uint64, err error) {
	seen, err := tx.Get(nonceBucket, c.nonceKey())
	if err != nil {
		return 0, 0, err
	}
	if seen != nil {
		return 0, 0, errReplay
	}
	value, err := tx.Get(quotaBucket, c.quotaKey())
	if err != nil {
		return 0, 0, err
	}
	var t tally
	if value != nil {
		if err := wire.Unmarshal(value, &t); err != nil {
			return 0, 0, err
		}
	}
	if t.Count+Batch > uint64(c.quota) {
		return t.Count, 0, errQuota
	}
	return t.Count, uint64(c.quota) - t.Count - Batch, nil
}

// check refuses what count would refuse, before any signature is made.
func (l ledger) check(c claim) error {
	return l.store.View(func(tx *store.Tx) error {
		_, _, err := c.look(tx)
		return err
	})
}

// count books a batch and returns when that is on disk.
func (l ledger) count(ctx context.Context, c claim) (left uint64, err error) {
	err = l.store.Update(ctx, func(tx *store.Tx) error {
		var used uint64
		if used, left, err = c.look(tx); err != nil {
			return err
		}
		booked, err := wire.Marshal(tally{Count: used + Batch, Until: c.key.To})
		if err != nil {
			return err
		}
		seen, err := wire.Marshal(tally{Until: c.time + 2*uint64(maxSkew/time.Second)})
		if err != nil {
			return err
		}
		if err := tx.Put(nonceBucket, c.nonceKey(), seen); err != nil {
			return err
		}
		return tx.Put(quotaBucket, c.quotaKey(), booked)
	})
	return left, err
}
