package admission

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/card"
	"pieks/gossip"
	"pieks/gossip/wire"
	"pieks/node/admission/inbound"
	pieks "pieks/node/host"
)

// Admitted is told to OnAdmit.
type Admitted struct {
	Peer   peer.ID
	Kind   Kind
	Region string    // home region of a client or front, "" for a desk
	Zone   string    // first two digits of it
	Until  time.Time // zero for a client
}

// Config says what a Server knows of the network. All functions are called often, from several goroutines, some in the
// event loop of pubsub, and must return at once.
type Config struct {
	Policy    func() *gossip.Policy    // nil while there is no bundle that counts: nobody is admitted
	CheckPass func(gossip.Pass) error  // Validator.CheckPass
	Roots     func() card.Roots        // card roots, professions and revoked device keys of the bundle
	Bundle    func() uint64            // number of the current bundle, told in every answer; nil = 0
	IsRelay   func(peer.ID) bool       // relays of the bundle; nil = none
	Serves    func(region string) bool // whether this relay serves a region; nil = all
	Full      func() bool              // no client that is not here already is taken, as busy; nil = never

	// LimitLocal counts loopback and private addresses as subnets like any other (tests, closed networks).
	LimitLocal bool
	// OnAdmit is called after a peer was admitted, or admitted again, and has its answer; in the goroutine of its stream,
	// which Close waits for; may be nil.
	OnAdmit func(context.Context, Admitted)

	Now func() time.Time // nil = time.Now
	Log *slog.Logger     // nil = discard
}

// Server is the relay's end: it knows who the connected peers are, in memory only, and answers for them. It is a
// relay.ACLFilter of circuit v2.
type Server struct {
	cfg       Config
	claims    *gossip.Claims
	sources   *inbound.Sources
	perPeer   *inbound.Rate
	perSource *inbound.Rate
	refused   atomic.Uint64
	full      atomic.Uint64

	mu   sync.Mutex
	roll *roll

	listener *inbound.Listener
	stop     context.CancelFunc
	wg       sync.WaitGroup
}

// New makes a Server, so that a host can be made with it as ACL filter. Serve starts it.
func New(cfg Config) *Server {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Bundle == nil {
		cfg.Bundle = func() uint64 { return 0 }
	}
	if cfg.IsRelay == nil {
		cfg.IsRelay = func(peer.ID) bool { return false }
	}
	if cfg.Serves == nil {
		cfg.Serves = func(string) bool { return true }
	}
	if cfg.Full == nil {
		cfg.Full = func() bool { return false }
	}
	return &Server{
		cfg:       cfg,
		claims:    gossip.NewClaims(gossip.ClaimsConfig{Policy: cfg.Policy, Serves: cfg.Serves}),
		sources:   inbound.NewSources(cfg.LimitLocal),
		perPeer:   inbound.NewRate(peerBurst, peerEvery, cfg.Now),
		perSource: inbound.NewRate(sourceBurst, sourceEvery, cfg.Now),
		roll:      newRoll(),
	}
}

// Serve answers hellos on h until Close. It is called once.
func (s *Server) Serve(h host.Host) {
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.wg.Go(func() { s.forgetting(ctx) })
	s.listener = inbound.Listen(h, inbound.Protocol{
		ID: ProtocolID, Service: ServiceName, Memory: streamMemory, Timeout: streamTimeout, Handle: s.handle, Log: s.cfg.Log,
	})
}

// Close ends the protocol on the host and waits for its streams. Before Serve it does nothing.
func (s *Server) Close() error {
	if s.listener == nil {
		return nil
	}
	err := s.listener.Close()
	s.stop()
	s.wg.Wait()
	return err
}

func (s *Server) handle(ctx context.Context, st network.Stream) error {
	var h hello
	err := wire.ReadObject(st, maxHelloFrame, &h)
	if err != nil && !errors.Is(err, wire.ErrEncoding) {
		return err
	}
	r, admitted := reply{Code: CodeMalformed}, Admitted{}
	if err == nil {
		r, admitted = s.admit(st.Conn(), h)
	}
	r.Version, r.Bundle = version, s.cfg.Bundle()
	if r.Code != CodeOK {
		s.refused.Add(1)
	}
	if err := wire.WriteObject(st, r); err != nil {
		return err
	}
	if r.Code == CodeOK && s.cfg.OnAdmit != nil {
		s.cfg.OnAdmit(ctx, admitted)
	}
	return nil
}

// admit decides about one hello, in the order of what it costs.
func (s *Server) admit(conn network.Conn, h hello) (reply, Admitted) {
	if code := checkHello(h); code != CodeOK {
		return reply{Code: code}, Admitted{}
	}
	policy := s.cfg.Policy()
	if policy == nil {
		return reply{Code: CodeNoBundle}, Admitted{}
	}
	p := conn.RemotePeer()
	if !s.perPeer.Allow(string(p)) || !s.perSource.Allow(string(s.sources.Of(conn.RemoteMultiaddr()))) {
		return reply{Code: CodeBusy}, Admitted{}
	}
	now := s.cfg.Now()
	var (
		r reply
		g guest
	)
	switch h.Kind {
	case Client:
		r = s.admitClient(conn, h, now)
	case Front:
		g, r.Code = s.checkFront(policy, p, h)
	case Desk:
		g, r.Code = s.checkDesk(p, h, now)
	}
	if r.Code == CodeOK && h.Kind != Client {
		s.mu.Lock()
		r.Code = s.roll.admit(p, g, now)
		s.mu.Unlock()
		r.Until = uint64(max(g.until.Unix(), 0))
	}
	if r.Code != CodeOK {
		return reply{Code: r.Code}, Admitted{}
	}
	r.Cycle = policy.Rules.CycleAt(now)
	a := Admitted{Peer: p, Kind: h.Kind, Region: h.Region, Until: g.until}
	if h.Region != "" {
		a.Zone = policy.Map.Zone(h.Region)
	}
	return r, a
}

// admitClient has the claims decide. Nothing but their answer leaves, so an answer shows no pending change of anybody.
func (s *Server) admitClient(conn network.Conn, h hello, now time.Time) reply {
	if s.cfg.Full() && len(s.claims.Effective(conn.RemotePeer(), now)) == 0 {
		s.full.Add(1)
		return reply{Code: CodeBusy}
	}
	from := gossip.SubnetOf(conn.RemoteMultiaddr(), s.cfg.LimitLocal)
	grant, err := s.claims.Claim(conn.RemotePeer(), from, h.Region, h.Extra, now)
	if err != nil {
		return reply{Code: CodeRegion}
	}
	return reply{Effective: grant.Effective, Regions: grant.Regions}
}

func (s *Server) checkFront(policy *gossip.Policy, p peer.ID, h hello) (guest, Code) {
	if !policy.Map.HasRegion(h.Region) || !s.cfg.Serves(h.Region) {
		return guest{}, CodeRegion
	}
	if key, err := pieks.PublicKey(p); err != nil || key != h.Pass.P {
		return guest{}, CodePeer
	}
	if err := s.cfg.CheckPass(*h.Pass); err != nil {
		return guest{}, CodePass
	}
	_, until := policy.Rules.EpochSpan(h.Pass.Epoch)
	return guest{kind: Front, key: h.Pass.P, issuer: h.Pass.Issuer, region: h.Region, until: until}, CodeOK
}

func (s *Server) checkDesk(p peer.ID, h hello, now time.Time) (guest, Code) {
	licence, err := card.VerifyEnrolment(h.Enrolment, s.cfg.Roots(), now)
	if err != nil {
		return guest{}, codeOfCard(err)
	}
	if key, err := pieks.PublicKey(p); err != nil || key != licence.Statement.Device {
		return guest{}, CodePeer
	}
	return guest{kind: Desk, key: licence.Statement.Device, until: licence.NotAfter}, CodeOK
}

// Recheck drops guests that a new network bundle no longer admits: revoked desks, and fronts whose issuer's key was taken out.
// Call it when the bundle has changed.
func (s *Server) Recheck() {
	policy, revoked := s.cfg.Policy(), s.cfg.Roots().Revoked
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roll.forget(func(g guest) bool {
		if g.kind == Desk {
			return slices.Contains(revoked, g.key)
		}
		if policy == nil {
			return true
		}
		_, listed := policy.Keys[g.issuer]
		return !listed
	})
}

// forgetting drops what has ended, until ctx ends.
func (s *Server) forgetting(ctx context.Context) {
	ticker := time.NewTicker(forgetEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			now := s.cfg.Now()
			s.claims.Forget(now)
			s.mu.Lock()
			s.roll.forget(func(g guest) bool { return !now.Before(g.until) })
			s.mu.Unlock()
		}
	}
}
