package directory

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/card"
	"pieks/node/network"
	"pieks/store"
)

// Copy is somebody's copy of the directory, kept in their store. It is safe for concurrent use.
type Copy struct {
	shelf   *shelf
	current *network.Current
	syncing sync.Mutex // one at a time: two would fetch the same

	mu     sync.Mutex
	judged uint64 // number of the network file that the copy was last held against
}

// Open reads the kept one; current says what cards and devices are good now.
func Open(st *store.Store, current *network.Current, now func() time.Time) (*Copy, error) {
	if now == nil {
		now = time.Now
	}
	c := &Copy{current: current}
	roots := func() card.Roots {
		if b := current.Get(); b != nil {
			return b.CardRoots()
		}
		return card.Roots{}
	}
	var err error
	if c.shelf, err = openShelf(st, roots, now, true); err != nil {
		return nil, err
	}
	return c, c.judge(context.Background())
}

// judge drops what a newer network file does not stand behind.
func (c *Copy) judge(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.current.Get()
	if b == nil || b.Number == c.judged {
		return nil
	}
	if _, err := c.shelf.judgeAgain(ctx, false); err != nil {
		return err
	}
	c.judged = b.Number
	return nil
}

// Sync fetches from a relay what is new. It says nothing of what is looked for: the whole directory comes. The host must be able to reach the relay.
func (c *Copy) Sync(ctx context.Context, h host.Host, relay peer.ID) (changed bool, err error) {
	c.syncing.Lock()
	defer c.syncing.Unlock()
	if err := c.judge(ctx); err != nil {
		return false, err
	}
	fresh, err := c.shelf.sync(ctx, h, relay)
	return fresh > 0, err
}

// All are the entries that are good now, in no order that says anything.
func (c *Copy) All() []Entry {
	return c.matching(func(*Entry) bool { return true })
}

// With are those of one Telematik-ID, the newest first.
func (c *Copy) With(telematikID string) []Entry {
	out := c.matching(func(e *Entry) bool { return e.Licence.Statement.TelematikID == telematikID })
	slices.SortStableFunc(out, func(a, b Entry) int { return b.Issued.Compare(a.Issued) })
	return out
}

// matching are the good entries that fit. What cannot be held against a newer network file, since the disk is full or fails, is not shown.
func (c *Copy) matching(fits func(*Entry) bool) []Entry {
	if err := c.judge(context.Background()); err != nil {
		return nil // the next Sync says so
	}
	now := c.shelf.now()
	out := []Entry{}
	c.shelf.mu.Lock()
	defer c.shelf.mu.Unlock()
	c.shelf.index.all(func(i *item) {
		if i.entry != nil && now.Before(i.until) && fits(i.entry) {
			out = append(out, *i.entry)
		}
	})
	return out
}
