package relay

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"pieks/gossip"
	"pieks/store"
)

// sheetBucket holds signed sheets by pseudonym, so that a relay that restarts still knows what it had.
var sheetBucket = store.NewBucket("sheets")

const (
	// keepEvery: sheets are written together; what is lost in between comes back with the next sync.
	keepEvery = 2 * time.Second
	// keepBatch: 4 MiB of the largest sheets in one transaction.
	keepBatch = 256
)

// keeper writes the pool's sheets behind, in batches.
type keeper struct {
	store *store.Store
	log   *slog.Logger
	now   func() time.Time
	wg    sync.WaitGroup

	mu    sync.Mutex
	fresh map[[32]byte]*gossip.Signed // not on the disk yet, by pseudonym; no more than the pool takes in between two writes
}

func newKeeper(st *store.Store, now func() time.Time, log *slog.Logger) *keeper {
	return &keeper{store: st, log: log, now: now, fresh: map[[32]byte]*gossip.Signed{}}
}

// load adds what was kept to the pool, after checking it as if it had just arrived.
func (k *keeper) load(v *gossip.Validator, pool *gossip.Pool) error {
	var raws [][]byte
	err := k.store.View(func(tx *store.Tx) error {
		return tx.Each(sheetBucket, func(_, value []byte) error {
			raws = append(raws, value)
			return nil
		})
	})
	if err != nil {
		return err
	}
	for _, raw := range raws {
		if signed, err := v.Check(raw, ""); err == nil {
			_, _ = pool.Add(signed) // a full pool or an older copy: nothing to do about it here
		}
	}
	return nil
}

// put notes a sheet to be written.
func (k *keeper) put(s *gossip.Signed) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if old := k.fresh[s.Sheet.Pass.P]; old == nil || old.Sheet.Seq <= s.Sheet.Seq {
		k.fresh[s.Sheet.Pass.P] = s
	}
}

func (k *keeper) run(ctx context.Context) {
	k.wg.Add(1)
	go func() {
		defer k.wg.Done()
		tick := time.NewTicker(keepEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				k.flush()
				return
			case <-tick.C:
				k.flush()
			}
		}
	}()
}

func (k *keeper) flush() {
	k.mu.Lock()
	fresh := k.fresh
	k.fresh = map[[32]byte]*gossip.Signed{}
	k.mu.Unlock()
	for batch := range slices.Chunk(slices.Collect(maps.Values(fresh)), keepBatch) {
		if err := k.write(batch); err != nil {
			k.log.Warn("sheets are not on the disk yet; they stay in memory", "err", err)
			k.again(batch)
		}
	}
}

func (k *keeper) write(batch []*gossip.Signed) error {
	return k.store.Update(context.Background(), func(tx *store.Tx) error {
		for _, s := range batch {
			if err := tx.Put(sheetBucket, s.Sheet.Pass.P[:], s.Raw); err != nil {
				return err
			}
		}
		return nil
	})
}

// again notes what could not be written, unless it is over or there is newer.
func (k *keeper) again(batch []*gossip.Signed) {
	now := k.now()
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range batch {
		if k.fresh[s.Sheet.Pass.P] == nil && now.Before(s.Sheet.ExpiresAt()) {
			k.fresh[s.Sheet.Pass.P] = s
		}
	}
}

// retain says which kept sheets have not expired.
func retain(_, value []byte, now time.Time) bool {
	signed, err := gossip.ParseSheet(value)
	return err == nil && signed.Sheet.ExpiresAt().After(now)
}
