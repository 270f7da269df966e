package host

import (
	"crypto/rand"
	"fmt"
	"slices"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/p2p/host/autonat"
	basic "github.com/libp2p/go-libp2p/p2p/host/basic"
	blank "github.com/libp2p/go-libp2p/p2p/host/blank"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/libp2p/go-libp2p/p2p/protocol/autonatv2"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// throughBlackHoles: a network that drops all UDP, or has no IPv6, lets fewer than 5 of 100 dials through.
func throughBlackHoles() []swarm.Option {
	return []swarm.Option{
		swarm.WithUDPBlackHoleSuccessCounter(&swarm.BlackHoleSuccessCounter{N: 100, MinSuccesses: 5, Name: "UDP"}),
		swarm.WithIPv6BlackHoleSuccessCounter(&swarm.BlackHoleSuccessCounter{N: 100, MinSuccesses: 5, Name: "IPv6"}),
	}
}

// dialer is a second swarm under a key of its own, which dials back whoever asks whether it can be reached: a connection that stands would
// answer the question wrongly. Its sockets and its peerstore are closed with it.
func (s settings) dialer(opts ...swarm.Option) (*link, error) {
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		return nil, err
	}
	l, err := s.link(eventbus.NewBus(), key, append(opts, swarm.WithDialRanker(swarm.NoDelayDialRanker))...)
	if err != nil {
		return nil, fmt.Errorf("a host that dials back: %w", err)
	}
	go func() {
		<-l.Done()
		_ = l.quic.Close()
		_ = l.Peerstore().Close()
	}()
	return l, nil
}

// prober asks peers whether they reach this host, and does the same for them (AutoNAT 2). The host above closes it.
func (s settings) prober() (*autonatv2.AutoNAT, error) {
	l, err := s.dialer(append(throughBlackHoles(), swarm.WithReadOnlyBlackHoleDetector())...)
	if err != nil {
		return nil, err
	}
	return autonatv2.New(blank.NewBlankHost(l.Swarm))
}

// judge has the host know whether it can be reached: by asking, or, for a public one, because its operators say so. The host closes it.
func (s settings) judge(h *basic.BasicHost) error {
	opts := []autonat.Option{autonat.UsingAddresses(func() []ma.Multiaddr {
		return slices.DeleteFunc(h.AllAddrs(), func(a ma.Multiaddr) bool { return !manet.IsPublicAddr(a) })
	})}
	if s.public {
		l, err := s.dialer(swarm.WithUDPBlackHoleSuccessCounter(nil), swarm.WithIPv6BlackHoleSuccessCounter(nil))
		if err != nil {
			return err
		}
		opts = append(opts, autonat.EnableService(l.Swarm), autonat.WithReachability(network.ReachabilityPublic))
	}
	a, err := autonat.New(h, opts...)
	if err != nil {
		return err
	}
	h.SetAutoNat(a)
	return nil
}
