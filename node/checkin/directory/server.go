package directory

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"pieks/card"
	"pieks/gossip/wire"
	"pieks/node/admission/inbound"
	nodehost "pieks/node/host"
	"pieks/store"
)

const (
	// ProtocolID is the protocol on relays.
	ProtocolID protocol.ID = "/pieks/directory/1"
	// ServiceName names it at the resource manager.
	ServiceName = "pieks.directory"
)

// Config says for whom a relay keeps the directory. The functions are called for each request.
type Config struct {
	Host  host.Host
	Store *store.Store

	Roots  func() card.Roots // card roots, professions and revocations of the network file
	Usable func() bool       // false while the network file has expired: no listings are taken. nil = always

	LimitLocal bool             // count loopback and private addresses as subnets like any other
	Now        func() time.Time // nil = time.Now
	Log        *slog.Logger     // nil = discard
}

// Server is the relay's end.
type Server struct {
	cfg      Config
	shelf    *shelf
	sources  *inbound.Sources
	puts     *inbound.Rate // by D
	from     *inbound.Rate // puts by network
	fetches  *inbound.Rate // by network
	given    *inbound.Rate // batches of listings, by network
	serving  chan struct{} // one for each copy that is given out
	listener *inbound.Listener

	end  context.CancelFunc
	loop sync.WaitGroup
}

// Serve loads what the store holds, drops what is no longer good, and answers on cfg.Host until Close. The store must stay open until then.
func Serve(cfg Config) (*Server, error) {
	if cfg.Host == nil || cfg.Store == nil || cfg.Roots == nil {
		return nil, errors.New("a directory needs a host, a store and card roots")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Usable == nil {
		cfg.Usable = func() bool { return true }
	}
	s := &Server{
		cfg: cfg, sources: inbound.NewSources(cfg.LimitLocal), serving: make(chan struct{}, maxServing),
		puts: inbound.NewRate(putBurst, putEvery, cfg.Now), from: inbound.NewRate(sourceBurst, sourceEvery, cfg.Now),
		fetches: inbound.NewRate(fetchBurst, fetchEvery, cfg.Now), given: inbound.NewRate(giveBurst, giveEvery, cfg.Now),
	}
	var err error
	if s.shelf, err = openShelf(cfg.Store, cfg.Roots, cfg.Now, false); err != nil {
		return nil, err
	}
	if err := s.Judge(context.Background()); err != nil {
		return nil, err
	}
	s.listener = inbound.Listen(cfg.Host, inbound.Protocol{
		ID: ProtocolID, Service: ServiceName, Memory: streamMemory, Timeout: streamTimeout, Handle: s.handle, Log: cfg.Log,
	})
	ctx, cancel := context.WithCancel(context.Background())
	s.end = cancel
	s.loop.Go(func() { s.judgeNowAndThen(ctx) })
	return s, nil
}

// Close takes no new streams, resets the open ones and waits for what is under way.
func (s *Server) Close() error {
	s.end()
	err := s.listener.Close()
	s.loop.Wait()
	return err
}

// Judge drops listings that the network does not stand behind any longer. It is for whoever hears of a newer network file.
func (s *Server) Judge(ctx context.Context) error {
	_, err := s.shelf.judgeAgain(ctx, false)
	return err
}

// judgeNowAndThen holds all cards against the revocation lists that the relay has beside the network file.
func (s *Server) judgeNowAndThen(ctx context.Context) {
	tick := time.NewTicker(judgeEvery)
	defer tick.Stop()
	for {
		if len(s.cfg.Roots().CRLs) > 0 {
			if _, err := s.shelf.judgeAgain(ctx, true); err != nil && ctx.Err() == nil {
				s.cfg.Log.Warn("the directory was not held against revocation lists", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Counts are numbers for the relay's status, nothing of anybody.
type Counts struct {
	Listed    int
	Withdrawn int // remembered until the listings that they take back are over
}

// Counts returns what is kept now.
func (s *Server) Counts() Counts {
	var c Counts
	c.Listed, c.Withdrawn = s.shelf.counts()
	return c
}

// Sync fetches from another relay of the network what this one lacks, and gives how many listings are new.
func (s *Server) Sync(ctx context.Context, relay peer.ID) (int, error) {
	return s.shelf.sync(ctx, s.cfg.Host, relay)
}

func (s *Server) handle(ctx context.Context, st network.Stream) error {
	var h head
	err := readMessage(st, headBytes, &h)
	switch {
	case errors.Is(err, wire.ErrEncoding):
		return say(st, ErrMalformed)
	case err != nil:
		return err
	case h.Version != version:
		return say(st, ErrVersion)
	}
	from := string(s.sources.Of(st.Conn().RemoteMultiaddr()))
	switch h.Kind {
	case kindPut:
		return s.servePut(ctx, st, from)
	case kindFetch:
		return s.serveFetch(st, from)
	}
	return say(st, ErrMalformed)
}

// readMessage reads an object of a stranger. Only wire.ErrEncoding is worth an answer.
func readMessage(st io.Reader, limit int, v any) error {
	data, err := wire.ReadFrame(st, limit)
	if err != nil {
		return err
	}
	return wire.Unmarshal(data, v)
}

func say(st io.Writer, err error) error {
	return wire.WriteObject(st, answer{Version: version, Code: codeOf(err)})
}

func (s *Server) servePut(ctx context.Context, st network.Stream, from string) error {
	var r record
	err := readMessage(st, recordBytes, &r)
	switch {
	case errors.Is(err, wire.ErrEncoding):
		return say(st, ErrMalformed)
	case err != nil:
		return err
	case !s.puts.Allow(string(st.Conn().RemotePeer())) || !s.from.Allow(from):
		return say(st, ErrBusy)
	}
	err = s.put(ctx, r, st.Conn().RemotePeer())
	if codeOf(err) == codeFailed {
		s.cfg.Log.Warn("a listing was not kept", "err", err)
	}
	return say(st, err)
}

// put keeps a listing of the peer that brings it.
func (s *Server) put(ctx context.Context, r record, who peer.ID) error {
	if !s.cfg.Usable() {
		return ErrClosed
	}
	l, err := Parse(r.Listing, r.Card)
	if err != nil {
		return err
	}
	if id, err := nodehost.PeerID(l.Device[:]); err != nil || id != who {
		return ErrForeign
	}
	s.shelf.writing.Lock()
	defer s.shelf.writing.Unlock()
	t, err := s.shelf.judge(l, s.cfg.Roots())
	if t == nil || err != nil {
		return err
	}
	if l.Withdrawn() && !s.shelf.has(l.Device) {
		return nil // there is nothing to take back: strangers cannot fill the place for what was withdrawn
	}
	_, refused, err := s.shelf.keep(ctx, []*taken{t})
	return errors.Join(err, refused)
}

// has says whether there is a listing of a device.
func (s *shelf) has(device [32]byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.index.get(device) != nil
}

// serveFetch gives out what the asker lacks.
func (s *Server) serveFetch(st network.Stream, from string) error {
	if !s.fetches.Allow(from) {
		return say(st, ErrBusy)
	}
	select {
	case s.serving <- struct{}{}:
		defer func() { <-s.serving }()
	default:
		return say(st, ErrBusy)
	}
	if err := st.Scope().ReserveMemory(fetchMemory, network.ReservationPriorityAlways); err != nil {
		return say(st, ErrBusy)
	}
	defer st.Scope().ReleaseMemory(fetchMemory)
	_ = st.SetDeadline(time.Now().Add(fetchTimeout))
	return s.shelf.serve(st, func() bool { return s.given.Allow(from) })
}
