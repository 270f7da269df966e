package gossip

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	p2pnet "github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/time/rate"

	"pieks/gossip/wire"
)

// PoolProtocol is the stream protocol of the pool sync.
const PoolProtocol = "/pieks/pool/1"

// PoolService is its name in the resource manager.
const PoolService = "pieks.pool"

// Shelf is what one peer may read. A patient's shelf is what the broadcaster released, a relay's or front's the pool as
// it is.
type Shelf struct {
	View    *View
	Cycle   uint64                   // that View was released in; 0 for the pool as it is
	At      time.Time                // instant of the digests: the tick of Cycle, or now
	Allowed func(region string) bool // nil = nothing
	Relay   bool                     // a relay or front: it may ask for more at once
}

// ServeConfig says who may read what.
type ServeConfig struct {
	// Shelf is called once a request.
	Shelf func(peer.ID) Shelf
	Now   func() time.Time // nil = time.Now
	Log   *slog.Logger     // nil = discard
}

// PoolServer answers pool syncs.
type PoolServer struct {
	host host.Host
	cfg  ServeConfig

	mu      sync.Mutex
	closed  bool
	open    map[p2pnet.Stream]struct{}
	budgets map[peer.ID]*rate.Limiter
	wg      sync.WaitGroup
}

// ServePool answers pool syncs on h until Close.
func ServePool(h host.Host, cfg ServeConfig) *PoolServer {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &PoolServer{host: h, cfg: cfg, open: make(map[p2pnet.Stream]struct{}), budgets: make(map[peer.ID]*rate.Limiter)}
	h.SetStreamHandler(PoolProtocol, s.handle)
	return s
}

// Close ends all streams and waits for them.
func (s *PoolServer) Close() error {
	s.host.RemoveStreamHandler(PoolProtocol)
	s.mu.Lock()
	s.closed = true
	for stream := range s.open {
		_ = stream.Reset()
	}
	s.mu.Unlock()
	s.wg.Wait()
	return nil
}

func (s *PoolServer) handle(stream p2pnet.Stream) {
	if !s.begin(stream) {
		_ = stream.Reset()
		return
	}
	defer s.finish(stream)
	if err := stream.Scope().SetService(PoolService); err != nil {
		_ = stream.Reset()
		return
	}
	if err := stream.Scope().ReserveMemory(maxSyncRequest+maxSyncFrame, p2pnet.ReservationPriorityAlways); err != nil {
		_ = stream.Reset()
		return
	}
	defer stream.Scope().ReleaseMemory(maxSyncRequest + maxSyncFrame)
	// The log names no peer and no region: who asked a relay for what is nobody's business.
	if err := s.serve(stream); err != nil {
		s.cfg.Log.Debug("pool sync ended", "err", err)
		_ = stream.Reset()
		return
	}
	_ = stream.Close()
}

func (s *PoolServer) begin(stream p2pnet.Stream) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.open) >= 2*maxSyncStreams { // twice: those above maxSyncStreams are told that it is busy
		return false
	}
	s.open[stream] = struct{}{}
	s.wg.Add(1)
	return true
}

func (s *PoolServer) finish(stream p2pnet.Stream) {
	s.mu.Lock()
	delete(s.open, stream)
	s.mu.Unlock()
	s.wg.Done()
}

// free says whether a peer may sync now.
func (s *PoolServer) free(p peer.ID) bool {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.open) > maxSyncStreams {
		return false
	}
	l := s.budgets[p]
	if l == nil {
		if len(s.budgets) >= maxSyncPeers {
			for p, l := range s.budgets {
				if l.TokensAt(now) >= syncBurst {
					delete(s.budgets, p)
				}
			}
		}
		if len(s.budgets) >= maxSyncPeers {
			return false
		}
		l = rate.NewLimiter(rate.Every(syncEvery), syncBurst)
		s.budgets[p] = l
	}
	return l.AllowN(now, 1)
}

// serve answers requests until the asker closes its side.
func (s *PoolServer) serve(stream p2pnet.Stream) error {
	p := stream.Conn().RemotePeer()
	first := s.cfg.Shelf(p)
	busy := !first.Relay && !s.free(p)
	limit := maxClientRequests
	if first.Relay {
		limit = maxRelayRequests
	}
	end := time.Now().Add(syncTotal)
	in, out := bufio.NewReader(stream), bufio.NewWriter(stream)
	for n := 0; ; n++ {
		if err := stream.SetDeadline(earlier(time.Now().Add(syncIdle), end)); err != nil {
			return err
		}
		data, err := wire.ReadFrame(in, maxSyncRequest)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a request: %w", err)
		}
		if n == limit {
			return errors.New("too many requests on one stream")
		}
		q, err := decodeSyncRequest(data)
		if err != nil {
			return fmt.Errorf("read a request: %w", err)
		}
		answer := func(f *syncFrame) error { return wire.WriteObject(out, f) }
		if busy {
			err = answer(&syncFrame{End: &syncEnd{Code: syncBusy}})
		} else {
			err = s.answer(s.cfg.Shelf(p), q, answer)
		}
		if err == nil {
			err = out.Flush()
		}
		if err != nil {
			return fmt.Errorf("answer a request: %w", err)
		}
	}
}

func (s *PoolServer) answer(shelf Shelf, q *syncRequest, send func(*syncFrame) error) error {
	allowed := shelf.Allowed
	if allowed == nil {
		allowed = func(string) bool { return false }
	}
	at := shelf.At.Truncate(time.Second)
	// Two pools as they are compare at one instant, the asker's: what expires between their clocks is no difference.
	if asked := timeOf(q.At); shelf.Cycle == 0 && asked.Sub(at).Abs() <= maxSkewAllowed {
		at = asked
	}
	end := &syncEnd{Cycle: shelf.Cycle, At: unixOf(at)}
	switch {
	case q.Version != syncVersion:
		end.Code = syncVersed
	case q.Region == "":
		for _, list := range chunks(digestsFor(shelf.View, q, allowed, at), maxFrameDigests) {
			if err := send(&syncFrame{Digests: list}); err != nil {
				return err
			}
		}
	case !allowed(q.Region):
		end.Code = syncRefused
	default:
		end.Digest = shelf.View.Digest(q.Region, at)
		sheets := lacking(shelf.View, q, at)
		n, err := sendSheets(sheets, send)
		if err != nil {
			return err
		}
		end.More = n < len(sheets)
	}
	return send(&syncFrame{End: end})
}

// maxFrameDigests of 35 bytes fill half a frame.
const maxFrameDigests = 1000

func chunks[T any](list []T, size int) [][]T {
	var parts [][]T
	for len(list) > 0 {
		n := min(size, len(list))
		parts, list = append(parts, list[:n]), list[n:]
	}
	return parts
}

// sendSheets packs sheets into frames, and says how many went out before the answer was long enough.
func sendSheets(sheets []*Signed, send func(*syncFrame) error) (int, error) {
	const head = 16 // of a frame's object
	sent, total := 0, 0
	for sent < len(sheets) && total < maxSyncAnswer {
		var f syncFrame
		size := head
		for _, s := range sheets[sent:] {
			if size+len(s.Raw)+5 > maxSyncFrame || len(f.Sheets) == maxCycleSheets {
				break
			}
			f.Sheets = append(f.Sheets, s.Raw)
			size += len(s.Raw) + 5
		}
		if err := send(&f); err != nil {
			return sent, err
		}
		sent, total = sent+len(f.Sheets), total+size
	}
	return sent, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
