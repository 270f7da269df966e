package gossip

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
)

// PoolProtocol is the stream protocol of the pool sync.
const PoolProtocol = "/pieks/pool/1"

// Errors of a pool sync, as the asker sees them.
var (
	ErrSyncRefused = errors.New("peer does not show this region: say hello first, or wait for the cycle it named")
	ErrSyncBusy    = errors.New("peer has too many pool syncs under way: try again in a minute")
	ErrSyncPeer    = errors.New("peer does not follow the pool sync protocol")
)

// Shelf is what one peer may read. A patient's shelf is what the broadcaster released, a relay's or front's the pool as it is.
type Shelf struct {
	View    *View
	Cycle   uint64                   // that View was released in; 0 when it is not a released view
	At      time.Time                // instant of the digests: the tick of Cycle, or now
	Allowed func(region string) bool // nil = nothing
	Relay   bool                     // a relay or front: it may ask more often
}

// ServeConfig says who may read what.
type ServeConfig struct {
	// Shelf is called once a stream.
	Shelf func(peer.ID) Shelf
	Now   func() time.Time // nil = time.Now
	Log   *slog.Logger     // nil = discard
}

// PoolServer answers pool syncs.
type PoolServer struct{}

// ServePool answers pool syncs on h until Close.
func ServePool(h host.Host, cfg ServeConfig) *PoolServer { return &PoolServer{} }

// Close ends all streams and waits for them.
func (s *PoolServer) Close() error { return nil }

// SyncResult says what a sync did.
type SyncResult struct {
	Regions  int   // compared
	Received int   // sheets that came
	Added    int   // of these, changed the pool
	Refused  int   // of these, the validator refused
	Sent     int64 // bytes, with frame heads
	Read     int64
	// Same says that the pool now has the peer's digest in all compared regions. It stays false when this pool has more than the peer.
	Same  bool
	Cycle uint64 // of the peer's shelf
}

// SyncPool fetches from p what pool lacks of one region. validator should be Against(pool).
func SyncPool(ctx context.Context, h host.Host, p peer.ID, region string, pool *Pool, validator *Validator) (SyncResult, error) {
	return SyncResult{}, ErrSyncPeer
}

// SyncAll compares the digests of all regions that p shows to this node, and fetches where they differ.
func SyncAll(ctx context.Context, h host.Host, p peer.ID, pool *Pool, validator *Validator) (SyncResult, error) {
	return SyncResult{}, ErrSyncPeer
}
