package host

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/net/connmgr"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// ErrPortInUse says that another program already listens where this node should.
var ErrPortInUse = errors.New("the address is in use by another program: stop it, or choose another with --listen")

// closeTimeout bounds a host's close: libp2p has had closes that hung (p2p.md 1.1).
const closeTimeout = 5 * time.Second

// Relay makes the public host of a relay. Only peers that acl admits may reserve a circuit; meter counts what passes through.
func Relay(key ed25519.PrivateKey, gate *Gate, listen []string, acl relay.ACLFilter, meter *Meter) (host.Host, error) {
	return newHost(key, gate, listen, relayLimits(), watermarks{relayConnsLow, relayConns}, settings{
		userAgent: "pieks-relay/1", ping: true, observe: true, probe: true, public: true, reporter: reporter{meter},
		relay: []relay.Option{relay.WithResources(circuitResources()), relay.WithACL(acl), relay.WithMetricsTracer(circuitTracer{meter})},
	})
}

// Practice makes a desk or a front. It listens where listen says, which may be nowhere; holePunch lets
// peers of a circuit find a direct way, which shows them this machine's address.
func Practice(key ed25519.PrivateKey, gate *Gate, listen []string, holePunch bool) (host.Host, error) {
	return newHost(key, gate, listen, practiceLimits(), watermarks{practiceConns / 2, practiceConns * 3 / 4}, settings{
		userAgent: "pieks/1", ping: true, probe: len(listen) > 0, holePunch: holePunch,
	})
}

// Patient makes a patient's host: no listener, no hint of its network, an identity that nobody has seen before.
func Patient(gate *Gate, holePunch bool) (host.Host, error) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, fmt.Errorf("make identity: %w", err)
	}
	return newHost(key, gate, nil, patientLimits(), watermarks{patientConns, patientConns}, settings{userAgent: "pieks/1", holePunch: holePunch})
}

// watermarks are between which numbers of connections the idlest are closed.
type watermarks struct{ low, high int }

func newHost(key ed25519.PrivateKey, gate *Gate, listen []string, limits rcmgr.PartialLimitConfig, conns watermarks, s settings) (_ host.Host, err error) {
	for _, text := range listen {
		if err := free(text); err != nil {
			return nil, startError(err)
		}
		addr, err := ma.NewMultiaddr(text)
		if err != nil {
			return nil, fmt.Errorf("address %q: %w", text, err)
		}
		s.listen = append(s.listen, addr)
	}
	if s.key, err = crypto.UnmarshalEd25519PrivateKey(key); err != nil {
		return nil, fmt.Errorf("read identity: %w", err)
	}
	if s.limits, err = resources(limits); err != nil {
		return nil, err
	}
	s.gate = gate
	if s.conns, err = connmgr.NewConnManager(conns.low, conns.high, connmgr.WithGracePeriod(connGrace)); err != nil {
		return nil, errors.Join(fmt.Errorf("connection manager: %w", err), s.limits.Close())
	}
	h, err := s.start()
	if err != nil {
		return nil, startError(err)
	}
	return h, nil
}

// startError says what to do about an address that cannot be listened on. libp2p passes the reason on as text only.
func startError(err error) error {
	if errors.Is(err, syscall.EADDRINUSE) || strings.Contains(err.Error(), syscall.EADDRINUSE.Error()) {
		return fmt.Errorf("%w (%v)", ErrPortInUse, err)
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return fmt.Errorf("the address to listen on is unknown: %w", err)
	}
	return fmt.Errorf("start network: %w", err)
}

// free says whether an address with a port can be listened on. libp2p would be content with one of several, would share a TCP port with
// another process, and leaves goroutines behind when it can have none.
func free(text string) error {
	a, err := ma.NewMultiaddr(text)
	if err != nil {
		return fmt.Errorf("address %q: %w", text, err)
	}
	ip, port := ma.SplitFunc(a, func(c ma.Component) bool { return c.Protocol().Code != ma.P_IP4 && c.Protocol().Code != ma.P_IP6 })
	if len(ip) == 0 || len(port) == 0 || port[0].Value() == "0" {
		return nil
	}
	at := ip.AppendComponent(&port[0])
	if port[0].Protocol().Code == ma.P_UDP {
		c, err := manet.ListenPacket(at)
		if err != nil {
			return err
		}
		return c.Close()
	}
	l, err := manet.Listen(at)
	if err != nil {
		return err
	}
	return l.Close()
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

// Connect connects h to a relay at the addresses of the bundle, also when it could not be reached a moment ago: how often to ask
// is for the caller to say, and libp2p's own pause of up to five minutes would outlast most restarts.
func Connect(ctx context.Context, h host.Host, relay peer.AddrInfo) error {
	Retry(h, relay.ID)
	if err := h.Connect(ctx, relay); err != nil {
		return fmt.Errorf("connect to relay %s: %w", relay.ID, err)
	}
	return nil
}

// Retry has h dial id at the next occasion although it failed a moment ago.
func Retry(h host.Host, id peer.ID) {
	if s, ok := h.Network().(interface{ Backoff() *swarm.DialBackoff }); ok {
		s.Backoff().Clear(id)
	}
}
