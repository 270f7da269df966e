package host

import (
	"errors"
	"fmt"

	"github.com/libp2p/go-libp2p/config"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/transport"
	"github.com/libp2p/go-libp2p/p2p/host/peerstore/pstoremem"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	tptu "github.com/libp2p/go-libp2p/p2p/net/upgrader"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	quic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	ma "github.com/multiformats/go-multiaddr"
	"go.uber.org/fx"
)

// Hosts are made from config.Config and not with libp2p.New: the package go-libp2p links WebRTC, WebTransport and WebSocket into
// every program, several MB that no node uses. Its manner of giving transports and its defaults for what is not set here are
// repeated below (options.go and defaults.go of v0.51.0).

// base is what all hosts have.
func base(listen []string) (*config.Config, error) {
	cfg := &config.Config{
		Transports:         []fx.Option{transportOf(quic.NewTransport), transportOf(tcp.NewTCPTransport)},
		Muxers:             []tptu.StreamMuxer{{ID: yamux.ID, Muxer: yamux.DefaultTransport}},
		SecurityTransports: []config.Security{{ID: noise.ID, Constructor: noise.New}},
		RelayCustom:        true,
		Relay:              true, // circuits, as a client
		DisableMetrics:     true,

		DisableNonPublicAddrPublishing: true,

		// A network that drops all UDP, or has no IPv6, lets fewer than 5 of 100 dials through.
		UDPBlackHoleSuccessCounter:  &swarm.BlackHoleSuccessCounter{N: 100, MinSuccesses: 5, Name: "UDP"},
		IPv6BlackHoleSuccessCounter: &swarm.BlackHoleSuccessCounter{N: 100, MinSuccesses: 5, Name: "IPv6"},
	}
	for _, text := range listen {
		addr, err := ma.NewMultiaddr(text)
		if err != nil {
			return nil, fmt.Errorf("address %q: %w", text, err)
		}
		cfg.ListenAddrs = append(cfg.ListenAddrs, addr)
	}
	return cfg, nil
}

func transportOf(constructor any) fx.Option {
	return fx.Provide(fx.Annotate(constructor, fx.As(new(transport.Transport)), fx.ResultTags(`group:"transport"`)))
}

// start makes the host. The configuration is used up by it.
func start(cfg *config.Config) (host.Host, error) {
	store, err := pstoremem.NewPeerstore()
	if err != nil {
		return nil, errors.Join(err, cfg.ResourceManager.Close())
	}
	cfg.Peerstore = store
	return cfg.NewNode()
}
