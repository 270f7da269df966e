package relay

import (
	"context"
	"log/slog"
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
	// keepQueue: as many as a pool can take in at once.
	keepQueue = 1024
)

// keeper writes the pool's sheets behind, in batches.
type keeper struct {
	store  *store.Store
	log    *slog.Logger
	sheets chan *gossip.Signed
	wg     sync.WaitGroup
}

func newKeeper(st *store.Store, log *slog.Logger) *keeper {
	return &keeper{store: st, log: log, sheets: make(chan *gossip.Signed, keepQueue)}
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

// put queues a sheet. When the queue is full the sheet is not kept on disk, only in memory.
func (k *keeper) put(s *gossip.Signed) {
	select {
	case k.sheets <- s:
	default:
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
	batch := map[[32]byte]*gossip.Signed{}
	for {
		select {
		case s := <-k.sheets:
			if old := batch[s.Sheet.Pass.P]; old == nil || old.Sheet.Seq < s.Sheet.Seq {
				batch[s.Sheet.Pass.P] = s
			}
			continue
		default:
		}
		break
	}
	if len(batch) == 0 {
		return
	}
	err := k.store.Update(context.Background(), func(tx *store.Tx) error {
		for p, s := range batch {
			if err := tx.Put(sheetBucket, p[:], s.Raw); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		k.log.Warn("sheets were not written to disk; they stay in memory", "err", err)
	}
}

// retain says which kept sheets have not expired.
func retain(_, value []byte, now time.Time) bool {
	signed, err := gossip.ParseSheet(value)
	return err == nil && signed.Sheet.ExpiresAt().After(now)
}
