package host

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/sec"
	"github.com/libp2p/go-libp2p/core/transport"
	"github.com/libp2p/go-libp2p/p2p/host/peerstore/pstoremem"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/libp2p/go-libp2p/p2p/net/upgrader"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	libquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/quic-go/quic-go"
)

// link is a swarm with what it speaks over: QUIC, and TCP with Noise and yamux.
type link struct {
	*swarm.Swarm
	upgrader transport.Upgrader
	quic     *quicreuse.ConnManager
}

// link makes a swarm under a key. Its peerstore is new, and closed by the host above it.
func (s settings) link(bus event.Bus, key crypto.PrivKey, opts ...swarm.Option) (_ *link, err error) {
	id, err := peer.IDFromPublicKey(key.GetPublic())
	if err != nil {
		return nil, err
	}
	peers, err := pstoremem.NewPeerstore()
	if err != nil {
		return nil, err
	}
	if err := errors.Join(peers.AddPrivKey(id, key), peers.AddPubKey(id, key.GetPublic())); err != nil {
		return nil, errors.Join(err, peers.Close())
	}
	opts = append(opts, swarm.WithConnectionGater(s.gate), swarm.WithResourceManager(s.limits))
	if s.reporter != nil {
		opts = append(opts, swarm.WithMetrics(s.reporter))
	}
	l := &link{}
	if l.quic, err = s.quic(key); err != nil {
		return nil, errors.Join(err, peers.Close())
	}
	if l.Swarm, err = swarm.NewSwarm(id, peers, bus, opts...); err != nil {
		return nil, errors.Join(err, l.quic.Close(), peers.Close())
	}
	if err := s.speak(l, key); err != nil {
		return nil, errors.Join(err, l.close(), peers.Close())
	}
	return l, nil
}

func (s settings) speak(l *link, key crypto.PrivKey) error {
	muxers := []upgrader.StreamMuxer{{ID: yamux.ID, Muxer: yamux.DefaultTransport}}
	secured, err := noise.New(noise.ID, key, muxers)
	if err != nil {
		return err
	}
	if l.upgrader, err = upgrader.New([]sec.SecureTransport{secured}, muxers, nil, s.limits, s.gate); err != nil {
		return err
	}
	overQUIC, err := libquic.NewTransport(key, l.quic, nil, s.gate, s.limits)
	if err != nil {
		return err
	}
	overTCP, err := tcp.NewTCPTransport(l.upgrader, s.limits, nil)
	if err != nil {
		return err
	}
	return errors.Join(l.AddTransport(overQUIC), l.AddTransport(overTCP))
}

// close ends the swarm first: it still uses the sockets.
func (l *link) close() error { return errors.Join(l.Swarm.Close(), l.quic.Close()) }

// quic shares the UDP sockets of all connections, and asks the limits before a handshake costs anything.
func (s settings) quic(key crypto.PrivKey) (*quicreuse.ConnManager, error) {
	var reset quic.StatelessResetKey
	var token quic.TokenGeneratorKey
	if err := errors.Join(derive(key, "libp2p quic stateless reset key", reset[:]), derive(key, "libp2p quic token generator key", token[:])); err != nil {
		return nil, fmt.Errorf("keys of QUIC: %w", err)
	}
	return quicreuse.NewConnManager(reset, token,
		quicreuse.ConnContext(func(ctx context.Context, client *quic.ClientInfo) (context.Context, error) {
			addr, err := quicreuse.ToQuicMultiaddr(client.RemoteAddr, quic.Version1)
			if err != nil {
				addr = nil // the limits decide what to do with it
			}
			scope, err := s.limits.OpenConnection(network.DirInbound, false, addr)
			if err != nil {
				return ctx, err
			}
			ctx = network.WithConnManagementScope(ctx, scope)
			context.AfterFunc(ctx, scope.Done)
			return ctx, nil
		}),
		quicreuse.VerifySourceAddress(func(addr net.Addr) bool { return s.limits.VerifySourceAddress(addr) }))
}

// derive makes a key for a purpose out of a host's own, so that it is the same after a restart.
func derive(key crypto.PrivKey, purpose string, into []byte) error {
	raw, err := key.Raw()
	if err != nil {
		return err
	}
	out, err := hkdf.Key(sha256.New, raw, nil, purpose, len(into))
	copy(into, out)
	return err
}
