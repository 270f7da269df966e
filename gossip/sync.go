package gossip

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	p2pnet "github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	pubsub "github.com/libp2p/go-libp2p-pubsub"

	"pieks/gossip/wire"
)

// Errors of a pool sync, as the asker sees them.
var (
	ErrSyncRefused = errors.New("peer does not show this region: say hello to it first, or wait for the cycle that it named")
	ErrSyncBusy    = errors.New("peer has too many pool syncs under way: try again in a minute")
	ErrSyncVersion = errors.New("peer speaks another version of the pool sync: update this program")
	ErrSyncPeer    = errors.New("peer does not follow the pool sync protocol: use another one")
)

// SyncResult says what a sync did, also when it failed halfway.
type SyncResult struct {
	Regions  int   // asked for
	Received int   // sheets that came
	Added    int   // of these, changed the pool
	Refused  int   // of these, the validator refused
	Sent     int64 // bytes, with frame heads
	Read     int64
	// Same says that the pool now has the peer's digest in all regions that were compared. It stays false when this pool has
	// more than the peer.
	Same  bool
	Cycle uint64 // in which the peer released what it showed; 0 for its pool as it is
}

// SyncPool fetches from p what pool lacks of one region. validator should be Against(pool).
func SyncPool(ctx context.Context, h host.Host, p peer.ID, region string, pool *Pool, validator *Validator) (SyncResult, error) {
	return syncWith(ctx, h, p, pool, validator, func(a *asker) error { return a.region(region) })
}

// SyncAll compares the digests of all regions that p shows to this node, and fetches where they differ. With zones only
// those are compared, first by one short root each: relays, which have the same zones, do this every minute.
func SyncAll(ctx context.Context, h host.Host, p peer.ID, pool *Pool, validator *Validator, zones ...string) (SyncResult, error) {
	return syncWith(ctx, h, p, pool, validator, func(a *asker) error { return a.all(zones) })
}

func syncWith(ctx context.Context, h host.Host, p peer.ID, pool *Pool, validator *Validator, do func(*asker) error) (SyncResult, error) {
	a := &asker{pool: pool, validator: validator, end: time.Now().Add(syncTotal)}
	a.result.Same = true
	fail := func(err error) (SyncResult, error) {
		a.result.Same = false
		return a.result, fmt.Errorf("pool sync with %s: %w", p, err)
	}
	stream, err := h.NewStream(p2pnet.WithAllowLimitedConn(ctx, "pieks"), p, PoolProtocol)
	if err != nil {
		return fail(err)
	}
	defer stream.Close()
	if err := stream.Scope().SetService(PoolService); err != nil {
		_ = stream.Reset()
		return fail(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = stream.Reset() })
	defer stop()
	a.stream, a.in = stream, bufio.NewReader(counted{stream, &a.result.Read})
	if err := do(a); err != nil {
		_ = stream.Reset()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return fail(err)
	}
	return a.result, nil
}

// asker is the asking side of one stream.
type asker struct {
	stream    p2pnet.Stream
	in        *bufio.Reader
	pool      *Pool
	validator *Validator
	end       time.Time
	result    SyncResult
	invalid   int
}

type counted struct {
	io.Reader
	n *int64
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	*c.n += int64(n)
	return n, err
}

// ask sends a request and hands each frame of the answer but the last to each, until the answer is above limit bytes.
func (a *asker) ask(q syncRequest, limit int, each func(*syncFrame) error) (*syncEnd, error) {
	if err := a.stream.SetDeadline(earlier(time.Now().Add(syncIdle), a.end)); err != nil {
		return nil, err
	}
	data, err := wire.Marshal(q)
	if err != nil {
		return nil, err
	}
	if err := wire.WriteFrame(a.stream, data); err != nil {
		return nil, err
	}
	a.result.Sent += int64(len(data)) + 4
	for total := 0; total <= limit; {
		if err := a.stream.SetDeadline(earlier(time.Now().Add(syncIdle), a.end)); err != nil {
			return nil, err
		}
		data, err := wire.ReadFrame(a.in, maxSyncFrame)
		if err != nil {
			return nil, fmt.Errorf("read an answer: %w", err)
		}
		total += len(data)
		f, err := decodeSyncFrame(data)
		if err != nil {
			return nil, fmt.Errorf("%w: %v", ErrSyncPeer, err)
		}
		if f.End != nil {
			return f.End, f.End.err()
		}
		if err := each(f); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: its answer does not end", ErrSyncPeer)
}

func (e *syncEnd) err() error {
	switch e.Code {
	case syncDone:
		return nil
	case syncRefused:
		return ErrSyncRefused
	case syncBusy:
		return ErrSyncBusy
	case syncVersed:
		return ErrSyncVersion
	}
	return fmt.Errorf("%w: code %d", ErrSyncPeer, e.Code)
}

// region asks until the peer has nothing more.
func (a *asker) region(region string) error {
	a.result.Regions++
	for range maxSyncRounds {
		got := a.result.Received
		q := askFor(a.pool.View(), region, a.pool.now())
		end, err := a.ask(q, maxSyncAnswer+2*maxSyncFrame, func(f *syncFrame) error {
			if len(f.Sheets) == 0 {
				return ErrSyncPeer
			}
			return a.take(f.Sheets, region)
		})
		if err != nil {
			return err
		}
		a.result.Cycle = end.Cycle
		if end.More && a.result.Received > got {
			continue
		}
		a.result.Same = a.result.Same && a.pool.Digest(region, timeOf(end.At)) == end.Digest
		return nil
	}
	a.result.Same = false
	return nil
}

func (a *asker) take(sheets [][]byte, region string) error {
	for _, raw := range sheets {
		a.result.Received++
		s, err := a.validator.Check(raw, "")
		if err == nil && s.Region != region {
			err = ErrArea
		}
		if err == nil {
			var added bool
			if added, err = a.pool.Add(s); added {
				a.result.Added++
			}
		}
		switch {
		case err == nil, errors.Is(err, ErrKnown), errors.Is(err, ErrOld), errors.Is(err, ErrEquivocation):
			continue
		}
		a.result.Refused++
		if VerdictOf(err) == pubsub.ValidationReject {
			if a.invalid++; a.invalid > maxSyncRefused {
				return fmt.Errorf("%w: it sends sheets that no honest node passes on", ErrSyncPeer)
			}
		}
	}
	return nil
}

func (a *asker) all(zones []string) error {
	view, now := a.pool.View(), a.pool.now()
	q := syncRequest{Version: syncVersion, At: unixOf(now)}
	roots := rootsOf(view, func(string) bool { return true }, now)
	for _, zone := range zones {
		q.Zones = append(q.Zones, zoneRoot{zone, roots[zone]})
	}
	var digests []regionDigest
	end, err := a.ask(q, maxSyncAnswer, func(f *syncFrame) error {
		digests = append(digests, f.Digests...)
		if len(f.Digests) == 0 || len(digests) > maxRelayRequests {
			return ErrSyncPeer
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.result.Cycle = end.Cycle
	for _, d := range digests {
		own := view.Digest(d.Region, timeOf(end.At))
		if [digestBytes]byte(own[:digestBytes]) == d.Digest {
			continue
		}
		if err := a.region(d.Region); err != nil {
			return err
		}
	}
	return nil
}
