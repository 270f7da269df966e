package host

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/net/connmgr"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	quic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
)

// ErrPortInUse says that another program already listens where this node should.
var ErrPortInUse = errors.New("the address is in use by another program: stop it, or choose another with --listen")

// closeTimeout bounds a host's close: libp2p has had closes that hung (p2p.md 1.1).
const closeTimeout = 5 * time.Second

// Relay makes the public host of a relay. Only peers that acl admits may reserve a circuit.
func Relay(key ed25519.PrivateKey, gate *Gate, listen []string, acl relay.ACLFilter) (host.Host, error) {
	rm, err := resources(relayLimits())
	if err != nil {
		return nil, err
	}
	cm, err := connmgr.NewConnManager(relayConnsLow, relayConns, connmgr.WithGracePeriod(connGrace))
	if err != nil {
		return nil, fmt.Errorf("connection manager: %w", err)
	}
	return newHost(key, gate,
		libp2p.UserAgent("pieks-relay/1"),
		libp2p.ListenAddrStrings(listen...),
		libp2p.ResourceManager(rm), libp2p.ConnectionManager(cm),
		libp2p.ForceReachabilityPublic(), libp2p.EnableNATService(), libp2p.EnableAutoNATv2(),
		libp2p.EnableRelay(),
		libp2p.EnableRelayService(relay.WithResources(circuitResources()), relay.WithACL(acl)),
	)
}

// Practice makes a desk or a front. It listens where listen says, which may be nowhere; holePunch lets
// peers of a circuit find a direct way, which shows them this machine's address.
func Practice(key ed25519.PrivateKey, gate *Gate, listen []string, holePunch bool) (host.Host, error) {
	rm, err := resources(practiceLimits())
	if err != nil {
		return nil, err
	}
	cm, err := connmgr.NewConnManager(practiceConns/2, practiceConns*3/4, connmgr.WithGracePeriod(connGrace))
	if err != nil {
		return nil, fmt.Errorf("connection manager: %w", err)
	}
	opts := []libp2p.Option{
		libp2p.UserAgent("pieks/1"), listenOption(listen),
		libp2p.ResourceManager(rm), libp2p.ConnectionManager(cm),
		libp2p.EnableRelay(), libp2p.DisableIdentifyAddressDiscovery(),
	}
	if len(listen) > 0 {
		opts = append(opts, libp2p.EnableAutoNATv2())
	}
	if holePunch {
		opts = append(opts, libp2p.EnableHolePunching())
	}
	return newHost(key, gate, opts...)
}

// Patient makes a patient's host: no listener, no hint of its network, an identity that nobody has seen before.
func Patient(gate *Gate, holePunch bool) (host.Host, error) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, fmt.Errorf("make identity: %w", err)
	}
	rm, err := resources(patientLimits())
	if err != nil {
		return nil, err
	}
	opts := []libp2p.Option{
		libp2p.UserAgent("pieks/1"), libp2p.NoListenAddrs, libp2p.EnableRelay(),
		libp2p.DisableIdentifyAddressDiscovery(), libp2p.ResourceManager(rm), libp2p.Ping(false),
	}
	if holePunch {
		opts = append(opts, libp2p.EnableHolePunching())
	}
	return newHost(key, gate, opts...)
}

func newHost(key ed25519.PrivateKey, gate *Gate, opts ...libp2p.Option) (host.Host, error) {
	id, err := crypto.UnmarshalEd25519PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("read identity: %w", err)
	}
	h, err := libp2p.New(append(opts,
		libp2p.Identity(id),
		libp2p.Transport(quic.NewTransport), libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Security(noise.ID, noise.New),
		libp2p.ConnectionGater(gate),
		libp2p.DisableMetrics(),
		libp2p.NonPublicAddrPublishing(false),
	)...)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%w (%v)", ErrPortInUse, err)
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return nil, fmt.Errorf("the address to listen on is unknown: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("start network: %w", err)
	}
	return h, nil
}

func listenOption(listen []string) libp2p.Option {
	if len(listen) == 0 {
		return libp2p.NoListenAddrs
	}
	return libp2p.ListenAddrStrings(listen...)
}

func resources(partial rcmgr.PartialLimitConfig) (network.ResourceManager, error) {
	limits := partial.Build(rcmgr.DefaultLimits.AutoScale())
	opts := append(connsPerSubnet(), rcmgr.WithMetricsDisabled(), rcmgr.WithConnRateLimiters(connRates()))
	rm, err := rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(limits), opts...)
	if err != nil {
		return nil, fmt.Errorf("resource limits: %w", err)
	}
	return rm, nil
}

// Close closes h and gives up after a few seconds, so that a stuck connection cannot keep a program from ending.
func Close(h host.Host) error {
	done := make(chan error, 1)
	go func() { done <- h.Close() }()
	select {
	case err := <-done:
		return err
	case <-time.After(closeTimeout):
		return fmt.Errorf("close network: not done after %s", closeTimeout)
	}
}

// PeerID is the libp2p identity of an Ed25519 public key.
func PeerID(pub ed25519.PublicKey) (peer.ID, error) {
	k, err := crypto.UnmarshalEd25519PublicKey(pub)
	if err != nil {
		return "", fmt.Errorf("peer id: %w", err)
	}
	return peer.IDFromPublicKey(k)
}

// PublicKey is the Ed25519 key of a peer ID that was made from one.
func PublicKey(id peer.ID) ([32]byte, error) {
	k, err := id.ExtractPublicKey()
	if err != nil {
		return [32]byte{}, fmt.Errorf("key of %s: %w", id, err)
	}
	raw, err := k.Raw()
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return [32]byte{}, fmt.Errorf("key of %s: not Ed25519", id)
	}
	return [32]byte(raw), nil
}

// Connect connects h to a relay at the addresses of the bundle.
func Connect(ctx context.Context, h host.Host, relay peer.AddrInfo) error {
	if err := h.Connect(ctx, relay); err != nil {
		return fmt.Errorf("connect to relay %s: %w", relay.ID, err)
	}
	return nil
}
