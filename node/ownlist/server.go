package ownlist

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"

	"pieks/gossip/wire"
	"pieks/node/admission/inbound"
	"pieks/node/booking"
)

const (
	// ProtocolID is the protocol on a desk host.
	ProtocolID protocol.ID = "/pieks/list/1"
	// ServiceName names it at the resource manager.
	ServiceName = "pieks.list"
)

// Config is what a practice needs to show its list. The functions are called for each question.
type Config struct {
	Host     host.Host // the desk, whose identity is D
	Practice booking.Practice
	Slots    func() (slots []booking.Listed, good time.Time, err error) // booking.Ledger.OwnList
	Closed   func() bool                                                // nothing may be offered now

	LimitLocal bool // count loopback and private addresses as subnets like any other
	Now        func() time.Time
	Log        *slog.Logger // nil = discard
}

// Server shows a practice's own list until Close.
type Server struct {
	cfg      Config
	sources  *inbound.Sources
	source   *inbound.Rate
	peer     *inbound.Rate
	listener *inbound.Listener
}

// Serve answers questions on cfg.Host.
func Serve(cfg Config) (*Server, error) {
	if cfg.Host == nil || len(cfg.Practice.Device) != ed25519.PrivateKeySize || cfg.Practice.Enrolment == nil || cfg.Practice.Relays == nil ||
		cfg.Slots == nil || cfg.Closed == nil {
		return nil, errors.New("a practice's own list needs its host, its keys and its appointments")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, sources: inbound.NewSources(cfg.LimitLocal),
		source: inbound.NewRate(sourceBurst, sourceEvery, cfg.Now), peer: inbound.NewRate(peerBurst, peerEvery, cfg.Now)}
	s.listener = inbound.Listen(cfg.Host, inbound.Protocol{
		ID: ProtocolID, Service: ServiceName, Memory: streamMemory, Timeout: streamTimeout, Handle: s.handle, Log: cfg.Log,
	})
	return s, nil
}

// Close takes no new streams, resets the open ones and waits for what is under way.
func (s *Server) Close() error { return s.listener.Close() }

func (s *Server) handle(_ context.Context, st network.Stream) error {
	data, err := wire.ReadFrame(st, maxRequestFrame)
	if err != nil {
		return err
	}
	a := answer{Version: version}
	if s.allowed(st.Conn()) {
		a.List, a.Status = s.answer(data)
	} else {
		a.Status = statusBusy
	}
	return wire.WriteObject(st, a)
}

// allowed counts a question for who asks it and where from.
func (s *Server) allowed(c network.Conn) bool {
	return s.peer.Allow(string(c.RemotePeer())) && s.source.Allow(string(s.sources.Of(c.RemoteMultiaddr())))
}

// answer makes the list for one question.
func (s *Server) answer(data []byte) ([]byte, Status) {
	var r request
	if err := wire.Unmarshal(data, &r); err != nil {
		return nil, statusMalformed
	}
	if r.Version != version {
		return nil, statusVersion
	}
	if s.cfg.Closed() {
		return nil, statusClosed
	}
	slots, good, err := s.cfg.Slots()
	if errors.Is(err, booking.ErrEpoch) {
		return nil, statusClosed // it is about to begin
	}
	if err != nil {
		s.cfg.Log.Warn("the own list was not read", "err", err)
		return nil, statusBusy
	}
	p := s.cfg.Practice
	relays := p.Relays()
	signed, err := wire.SignObject(typeList, p.Device, list{
		Version: version, Nonce: r.Nonce, Issued: uint64(s.cfg.Now().Unix()), Expires: uint64(good.Unix()),
		Device: [32]byte(p.Device.Public().(ed25519.PublicKey)), Relays: relays[:min(len(relays), maxRelays)], Enrolment: p.Enrolment(), Slots: slots,
	})
	if err != nil {
		s.cfg.Log.Warn("the own list was not signed", "err", err)
		return nil, statusBusy
	}
	return signed, statusOK
}
