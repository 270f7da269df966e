package disclosure

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/card"
	"pieks/gossip/wire"
	"pieks/node/admission/inbound"
	"pieks/store"
)

// Config says for whom a relay keeps and publishes disclosed data. The functions are called for each request.
type Config struct {
	Host  host.Host
	Store *store.Store
	Key   ed25519.PrivateKey // identity of the relay, which signs its lists

	Roots        func() card.Roots  // card roots and professions of the network file
	Rules        func() Rules       // nil = DefaultRules
	Professional func(peer.ID) bool // who may look up and deliver: enrolled practices
	Usable       func() bool        // false while the network file has expired: no new registrations. nil = always
	Relays       func(peer.ID) bool // whose lists Sync takes. nil = nobody's

	LimitLocal bool             // count loopback and private addresses as subnets like any other
	Now        func() time.Time // nil = time.Now
	Log        *slog.Logger     // nil = discard
}

// rates are how often each source, or professional, may ask for what.
type rates struct{ register, collect, professional, post, lists *inbound.Rate }

// Server is the relay's end.
type Server struct {
	cfg      Config
	self     peer.ID
	registry *registry
	queue    *queue
	shelf    *shelf
	sources  *inbound.Sources
	rates    rates
	serving  chan struct{} // one for each stream that is given lists
	listener *inbound.Listener

	ticking sync.Mutex // held while lists are made
	end     context.CancelFunc
	loop    sync.WaitGroup
}

// Serve loads what the store holds, answers on cfg.Host and makes lists until Close. The store must stay open until then.
func Serve(cfg Config) (*Server, error) {
	cfg.fill()
	self, err := idOf(cfg.Key.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, err
	}
	if self != cfg.Host.ID() {
		return nil, fmt.Errorf("serve disclosures: %w: the key is not the host's", ErrRelay)
	}
	s := &Server{
		cfg: cfg, self: self, registry: newRegistry(), sources: inbound.NewSources(cfg.LimitLocal), serving: make(chan struct{}, maxServing),
		rates: rates{
			register: inbound.NewRate(registerBurst, registerEvery, cfg.Now), collect: inbound.NewRate(collectBurst, collectEvery, cfg.Now),
			professional: inbound.NewRate(professionalBurst, professionalEvery, cfg.Now),
			post:         inbound.NewRate(postBurst, postEvery, cfg.Now), lists: inbound.NewRate(listsBurst, listsEvery, cfg.Now),
		},
	}
	if s.queue, err = openQueue(cfg.Store); err != nil {
		return nil, fmt.Errorf("load what waits for publication: %w", err)
	}
	if s.shelf, err = openShelf(cfg.Store); err != nil {
		return nil, fmt.Errorf("load published lists: %w", err)
	}
	s.listener = inbound.Listen(cfg.Host, inbound.Protocol{
		ID: ProtocolID, Service: ServiceName, Memory: smallMemory, Timeout: streamTimeout, Handle: s.handle, Log: cfg.Log,
	})
	ctx, cancel := context.WithCancel(context.Background())
	s.end = cancel
	s.loop.Go(func() { s.tickNowAndThen(ctx) })
	return s, nil
}

func (c *Config) fill() {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Rules == nil {
		c.Rules = DefaultRules
	}
	if c.Usable == nil {
		c.Usable = func() bool { return true }
	}
	if c.Relays == nil {
		c.Relays = func(peer.ID) bool { return false }
	}
}

// Close ends the protocol on the host and the making of lists, and waits for both.
func (s *Server) Close() error {
	s.end()
	err := s.listener.Close()
	s.loop.Wait()
	return err
}

// Counts are numbers for the relay's status, nothing of anybody. Dummies are in none of them.
type Counts struct {
	Registered int // codes that live
	Waiting    int // items that wait for publication
	Lists      int // lists of all relays, of the last 14 days
	Forks      int // lists that contradicted one that was kept, since the start
}

// Counts returns what is kept now.
func (s *Server) Counts() Counts {
	now := s.cfg.Now()
	c := Counts{Registered: s.registry.count(now), Waiting: s.queue.count()}
	c.Lists, c.Forks = s.shelf.count(now)
	return c
}

func (s *Server) handle(ctx context.Context, st network.Stream) error {
	var h head
	if err := readPadded(st, headBytes, &h); err != nil {
		return refuseForm(st, kindRegister, err)
	}
	if status := checkHead(h); status != StatusOK {
		return writePadded(st, answerSize(h.Kind), answer{Version: version, Status: status})
	}
	from := s.sources.Of(st.Conn().RemoteMultiaddr())
	switch h.Kind {
	case kindLists:
		return s.serveLists(ctx, st, from)
	case kindPost:
		return s.servePost(ctx, st, h, from)
	case kindDeliver:
		return s.serveDeliver(st, h)
	}
	return writePadded(st, answerSize(h.Kind), s.answer(h, st.Conn().RemotePeer(), from))
}

// refuseForm answers what is no message of this protocol; any other failure of the stream ends it.
func refuseForm(st network.Stream, k kind, err error) error {
	if !errors.Is(err, wire.ErrEncoding) {
		return err
	}
	return writePadded(st, answerSize(k), answer{Version: version, Status: StatusMalformed})
}

// answer is what a request gets that is all in its head.
func (s *Server) answer(h head, who peer.ID, from inbound.Source) answer {
	a := answer{Version: version}
	switch h.Kind {
	case kindRegister:
		a.Until, a.Status = s.register(h, from)
	case kindCollect:
		a.CMS, a.Status = s.collect(h, from)
	case kindLookup:
		a.Commitment, a.Until, a.Status = s.lookup(h, who)
	}
	return a
}

func (s *Server) register(h head, from inbound.Source) (uint64, Status) {
	if !s.cfg.Usable() {
		return 0, StatusClosed
	}
	if !s.rates.register.Allow(string(from)) {
		return 0, StatusBusy
	}
	until, status := s.registry.register(h.Reference, Commitment(h.Commitment), h.Dummy, from, s.cfg.Now())
	if status != StatusOK {
		return 0, status
	}
	return uint64(until.Unix()), StatusOK
}

func (s *Server) collect(h head, from inbound.Source) ([]byte, Status) {
	if !s.rates.collect.Allow(string(from)) {
		return nil, StatusBusy
	}
	cms, status := s.registry.collect(h.Reference, Commitment(h.Commitment), s.cfg.Now())
	if h.Dummy {
		return nil, StatusPending
	}
	return cms, status
}

func (s *Server) lookup(h head, who peer.ID) ([]byte, uint64, Status) {
	if status := s.professional(who); status != StatusOK {
		return nil, 0, status
	}
	c, until, status := s.registry.lookup(h.Reference, s.cfg.Now())
	if status != StatusOK {
		return nil, 0, status
	}
	return c[:], uint64(until.Unix()), StatusOK
}

func (s *Server) professional(who peer.ID) Status {
	if s.cfg.Professional == nil || !s.cfg.Professional(who) {
		return StatusRefused
	}
	if !s.rates.professional.Allow(string(who)) {
		return StatusBusy
	}
	return StatusOK
}

// tickNowAndThen makes the lists whose time has come. The clock is the relay's; the timer only says when to look at it.
func (s *Server) tickNowAndThen(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		if _, err := s.Tick(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Log.Warn("disclosed data could not be published, they wait", "err", err)
		}
		timer.Reset(max(min(tickCheck, s.cfg.Rules().Cycle/4), minTickCheck))
	}
}
