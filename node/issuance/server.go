package issuance

import (
	"context"
	"crypto/rsa"
	"errors"
	"log/slog"
	"maps"
	"runtime"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/card"
	"pieks/gossip"
	"pieks/gossip/wire"
	"pieks/node/admission/inbound"
	"pieks/store"
)

// Config says what an issuer signs with and for whom. The functions are called for each request.
type Config struct {
	Host   host.Host
	Store  *store.Store
	Keys   map[gossip.KeyID]*rsa.PrivateKey // of this relay; those that the bundle does not list as its own are not used
	Policy func() *gossip.Policy            // nil while there is no bundle that counts: nothing is signed
	Roots  func() card.Roots                // card roots, professions and revoked device keys of the bundle

	LimitLocal bool             // count loopback and private addresses as subnets like any other
	Now        func() time.Time // nil = time.Now
	Log        *slog.Logger     // nil = discard
}

// Server is the issuer's end on a relay.
type Server struct {
	cfg      Config
	self     peer.ID
	ledger   ledger
	sources  *inbound.Sources
	rate     *inbound.Rate
	listener *inbound.Listener
	turns    chan struct{} // one for each request that is worked on
	waiting  chan struct{} // one for each request that waits or is worked on

	mu   sync.Mutex
	keys map[gossip.KeyID]*rsa.PrivateKey
}

// Serve answers requests on cfg.Host until Close. The store must stay open until then. Half of the cores sign, so that
// the relay goes on serving patients with the others.
func Serve(cfg Config) (*Server, error) { return serve(cfg, max(1, runtime.GOMAXPROCS(0)/2)) }

func serve(cfg Config, turns int) (*Server, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		cfg: cfg, self: cfg.Host.ID(), ledger: openLedger(cfg.Store),
		sources: inbound.NewSources(cfg.LimitLocal), rate: inbound.NewRate(rateBurst, rateEvery, cfg.Now),
		turns: make(chan struct{}, turns), waiting: make(chan struct{}, turns+maxWaiting),
	}
	s.SetKeys(cfg.Keys)
	s.listener = inbound.Listen(cfg.Host, inbound.Protocol{
		ID: ProtocolID, Service: ServiceName, Memory: streamMemory, Timeout: streamTimeout, Handle: s.handle, Log: cfg.Log,
	})
	return s, nil
}

// Close ends the protocol on the host and waits for its streams.
func (s *Server) Close() error { return s.listener.Close() }

// SetKeys replaces the private keys, as after a new network bundle.
func (s *Server) SetKeys(keys map[gossip.KeyID]*rsa.PrivateKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = maps.Clone(keys)
}

func (s *Server) handle(ctx context.Context, st network.Stream) error {
	data, err := wire.ReadFrame(st, maxRequestFrame)
	if err != nil {
		return err
	}
	a := answer{Version: version}
	a.Signatures, a.Left, a.Code = s.issue(ctx, data, s.sources.Of(st.Conn().RemoteMultiaddr()))
	return wire.WriteObject(st, a)
}

// issue answers one request. The steps are in the order of their cost.
func (s *Server) issue(ctx context.Context, data []byte, from inbound.Source) ([][]byte, uint64, Code) {
	now := s.cfg.Now()
	env, req, code := readRequest(data, s.self, now)
	if code != CodeOK {
		return nil, 0, code
	}
	policy := s.cfg.Policy()
	if policy == nil {
		return nil, 0, CodeFailed
	}
	key, private, code := s.key(policy, req.Key, now)
	if code != CodeOK {
		return nil, 0, code
	}
	if !s.rate.Allow(string(from)) {
		return nil, 0, CodeBusy
	}
	release, ok := s.turn(ctx)
	if !ok {
		return nil, 0, CodeBusy
	}
	defer release()
	licence, err := card.VerifyEnrolment(req.Enrolment, s.cfg.Roots(), now)
	if err != nil {
		return nil, 0, codeOfCard(err)
	}
	if err := env.Verify(requestType, licence.Statement.Device[:]); err != nil {
		return nil, 0, CodeSignature
	}
	return s.sign(ctx, private, req.Blinded, claim{key: key, telematikID: licence.TelematikID, device: licence.Statement.Device,
		nonce: req.Nonce, time: req.Time, quota: Quota(key, policy.Rules)})
}

// key finds a key that is this relay's own by the bundle and at hand, and whose time is not over.
func (s *Server) key(policy *gossip.Policy, id gossip.KeyID, now time.Time) (gossip.IssuerKey, *rsa.PrivateKey, Code) {
	key, listed := policy.Keys[id]
	s.mu.Lock()
	private := s.keys[id]
	s.mu.Unlock()
	if !listed || private == nil || key.Issuer != s.self.String() || !private.PublicKey.Equal(key.Key) || now.Unix() >= int64(key.To) {
		return key, nil, CodeKey
	}
	return key, private, CodeOK
}

// turn waits until few enough requests are worked on.
func (s *Server) turn(ctx context.Context) (release func(), ok bool) {
	select {
	case s.waiting <- struct{}{}:
	default:
		return nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, turnTimeout)
	defer cancel()
	select {
	case s.turns <- struct{}{}:
		return func() { <-s.turns; <-s.waiting }, true
	case <-ctx.Done():
		<-s.waiting
		return nil, false
	}
}

// sign signs the batch and gives it out only after it was counted on disk.
func (s *Server) sign(ctx context.Context, key *rsa.PrivateKey, blinded [][]byte, c claim) ([][]byte, uint64, Code) {
	if err := s.ledger.check(c); err != nil {
		return nil, 0, s.codeOfLedger(err)
	}
	signatures := make([][]byte, len(blinded))
	for i, b := range blinded {
		if ctx.Err() != nil {
			return nil, 0, CodeFailed
		}
		var err error
		if signatures[i], err = gossip.BlindSign(key, b); err != nil {
			return nil, 0, CodeMalformed
		}
	}
	left, err := s.ledger.count(ctx, c)
	if err != nil {
		return nil, 0, s.codeOfLedger(err)
	}
	return signatures, left, CodeOK
}

func (s *Server) codeOfLedger(err error) Code {
	switch {
	case errors.Is(err, errReplay):
		return CodeReplay
	case errors.Is(err, errQuota):
		return CodeQuota
	}
	s.cfg.Log.Warn("passes could not be counted, none were given", "err", err)
	return CodeFailed
}
