package mailbox

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip/wire"
	"pieks/node/admission/inbound"
	"pieks/store"
)

// Config says where a Server keeps mail.
type Config struct {
	Host  host.Host
	Store *store.Store

	LimitLocal bool             // count loopback and private addresses as subnets like any other
	Now        func() time.Time // nil = time.Now
	Log        *slog.Logger     // nil = discard
}

// Server is the relay's end.
type Server struct {
	self     peer.ID
	kept     kept
	now      func() time.Time
	log      *slog.Logger
	sources  *inbound.Sources
	puts     *inbound.Rate
	opens    *inbound.Rate
	listener *inbound.Listener

	mu       sync.Mutex
	index    *index
	taken    uint64 // envelopes kept since the start
	watchers map[BoxID]map[*session]struct{}
	perPeer  map[peer.ID]int        // sessions that watch
	perFrom  map[inbound.Source]int // sessions that watch
}

// Serve loads what the store holds and answers on cfg.Host until Close. The store must stay open until then.
func Serve(cfg Config) (*Server, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		self: cfg.Host.ID(), kept: openKept(cfg.Store), now: cfg.Now, log: cfg.Log,
		sources:  inbound.NewSources(cfg.LimitLocal),
		puts:     inbound.NewRate(putBurst, putEvery, cfg.Now),
		opens:    inbound.NewRate(sessionBurst, sessionEvery, cfg.Now),
		watchers: map[BoxID]map[*session]struct{}{},
		perPeer:  map[peer.ID]int{}, perFrom: map[inbound.Source]int{},
	}
	var err error
	if s.index, err = s.kept.load(cfg.Now()); err != nil {
		return nil, err
	}
	s.listener = inbound.Listen(cfg.Host, inbound.Protocol{
		ID: ProtocolID, Service: ServiceName, Memory: streamMemory, Timeout: requestTimeout, Handle: s.handle, Log: cfg.Log,
	})
	return s, nil
}

// Close ends the protocol on the host and waits for its streams.
func (s *Server) Close() error { return s.listener.Close() }

// Counts are numbers for the relay's status, nothing of anybody.
type Counts struct {
	Envelopes, Boxes, Watching int
	Taken                      uint64 // envelopes kept since the start
}

// Counts returns what is kept now.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	sessions := 0
	for _, n := range s.perPeer {
		sessions += n
	}
	return Counts{Envelopes: s.index.count, Boxes: len(s.index.boxes), Watching: sessions, Taken: s.taken}
}

func (s *Server) handle(ctx context.Context, st network.Stream) error {
	var req request
	if err := wire.ReadObject(st, maxClientFrame, &req); err != nil {
		if errors.Is(err, wire.ErrEncoding) {
			return done(st, CodeMalformed, 0)
		}
		return err
	}
	from := s.sources.Of(st.Conn().RemoteMultiaddr())
	if code := checkRequest(req); code != CodeOK {
		return done(st, code, 0)
	}
	if req.Kind == requestPut {
		until, code := s.put(ctx, from, BoxID(req.Box), req.Envelope)
		return done(st, code, until)
	}
	return s.serveOwner(ctx, st, from)
}

// put keeps an envelope and returns when it is on disk. The same envelope twice is kept once, and acknowledged twice.
func (s *Server) put(ctx context.Context, from inbound.Source, box BoxID, envelope []byte) (until uint64, code Code) {
	if !s.puts.Allow(string(from)) {
		return 0, CodeBusy
	}
	id, now := IDOf(envelope), s.now().Truncate(time.Second)
	e, mine, code := s.reserve(box, id, now, from)
	if code != CodeOK {
		return 0, code
	}
	if !mine {
		return s.await(ctx, e)
	}
	err := s.kept.put(ctx, id, record{Box: box, At: uint64(now.Unix()), Envelope: envelope})
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.log.Warn("mailbox could not store an envelope", "err", err)
		s.index.remove(e)
		close(e.done)
		return 0, CodeFailed
	}
	s.index.durable(e)
	s.taken++
	for w := range s.watchers[box] {
		w.wakeUp()
	}
	return uint64(now.Add(Retention).Unix()), CodeOK
}

func (s *Server) reserve(box BoxID, id EnvelopeID, now time.Time, from inbound.Source) (e *entry, mine bool, code Code) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.index.prune(box, now)
	if e := s.index.find(box, id); e != nil {
		return e, false, CodeOK
	}
	if code := s.index.room(box, from); code != CodeOK {
		return nil, false, code
	}
	return s.index.reserve(box, id, now, from), true, CodeOK
}

// await waits for the other put of the same envelope.
func (s *Server) await(ctx context.Context, e *entry) (until uint64, code Code) {
	select {
	case <-e.done:
	case <-ctx.Done():
		return 0, CodeFailed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.seq == 0 {
		return 0, CodeFailed
	}
	return uint64(e.at.Add(Retention).Unix()), CodeOK
}

// done writes the frame that ends a request.
func done(w io.Writer, code Code, until uint64) error {
	return wire.WriteObject(w, reply{Version: version, Kind: replyDone, Code: code, Until: until})
}

func newNonce() (nonce [32]byte) {
	_, _ = rand.Read(nonce[:]) // never fails
	return nonce
}
