package scenarios

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"time"

	libhost "github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip"
	"pieks/gossip/place"
	nodehost "pieks/node/host"
)

// CatchupResult is what bench catchup says: bytes both ways beside the bytes of the sheets that were missing.
type CatchupResult struct {
	Sheets       int     `json:"sheets"`
	Missing      int     `json:"missing"`
	MissingBytes int     `json:"missing_bytes"`
	WireBytes    int64   `json:"wire_bytes"`
	Budget       float64 `json:"budget_bytes"` // 1.2 times the missing sheets and 4 KiB (design.md 19)
	Milliseconds float64 `json:"ms"`
}

const (
	// catchupSheets is a region with many practices: a tenth of Germany's in one city.
	catchupSheets = 300
	// catchupChanged is how many of them changed in six hours.
	catchupChanged = 120
)

// benchCatchup has a node that missed six hours reconcile with one that did not, over real streams.
func benchCatchup(ctx context.Context, o BenchOptions) (any, error) {
	now := time.Now()
	o.Progress(0, 2, "make the sheets")
	policy, issue, err := benchPolicy(now)
	if err != nil {
		return nil, err
	}
	full, stale := gossip.NewPool(nil), gossip.NewPool(nil)
	result := CatchupResult{Sheets: catchupSheets, Missing: catchupChanged}
	random := mrand.New(mrand.NewPCG(3, 4))
	for i := range catchupSheets {
		older, newer, err := benchPair(policy, issue, 1+random.IntN(benchSlots), now)
		if err != nil {
			return nil, err
		}
		current := older
		if i < catchupChanged {
			current = newer
			result.MissingBytes += len(newer.Raw)
		}
		if _, err := full.Add(current); err != nil {
			return nil, err
		}
		if _, err := stale.Add(older); err != nil {
			return nil, err
		}
	}
	o.Progress(1, 2, "catch up")
	return result.run(ctx, policy, full, stale, now)
}

// benchPair is a sheet and the one that replaces it, of one practice in Cologne.
func benchPair(policy *gossip.Policy, issue func(p, h [32]byte) (gossip.Pass, error), slots int, now time.Time) (older, newer *gossip.Signed, err error) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	pass, err := issue([32]byte(pub), [32]byte{1})
	if err != nil {
		return nil, nil, err
	}
	area := policy.Map.Area(place.PLZ(benchPLZ))
	if older, err = benchSheetOf(policy, key, pass, area, slots, now); err != nil {
		return nil, nil, err
	}
	next := older.Sheet
	next.Seq, next.Slots = 2, next.Slots[1:]
	newer, err = gossip.SignSheet(next, key)
	if err == nil {
		newer.Region = older.Region
	}
	return older, newer, err
}

func (r CatchupResult) run(ctx context.Context, policy *gossip.Policy, full, stale *gossip.Pool, now time.Time) (any, error) {
	relay, err := benchHost()
	if err != nil {
		return nil, err
	}
	defer nodehost.Close(relay)
	asker, err := benchHost()
	if err != nil {
		return nil, err
	}
	defer nodehost.Close(asker)
	server := gossip.ServePool(relay, gossip.ServeConfig{Shelf: func(peer.ID) gossip.Shelf {
		return gossip.Shelf{View: full.View(), At: now, Allowed: func(string) bool { return true }, Relay: true}
	}})
	defer server.Close()
	if err := asker.Connect(ctx, peer.AddrInfo{ID: relay.ID(), Addrs: relay.Addrs()}); err != nil {
		return nil, err
	}
	validator := gossip.NewValidator(func() *gossip.Policy { return policy }, nil).Against(stale)
	began := time.Now()
	region := policy.Map.Region(place.PLZ(benchPLZ))
	synced, err := gossip.SyncPool(ctx, asker, relay.ID(), region, stale, validator)
	if err != nil {
		return nil, err
	}
	r.Milliseconds = milliseconds(time.Since(began))
	r.WireBytes, r.Budget = synced.Sent+synced.Read, 1.2*float64(r.MissingBytes)+4096
	if synced.Added != r.Missing || full.Digest(region, now) != stale.Digest(region, now) {
		return nil, fmt.Errorf("%d of %d sheets came", synced.Added, r.Missing)
	}
	return r, nil
}

func benchHost() (libhost.Host, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	h, err := nodehost.Practice(key, &nodehost.Gate{}, loopback, false)
	if err != nil {
		return nil, errors.Join(errors.New("host on loopback"), err)
	}
	return h, nil
}
