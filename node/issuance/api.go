package issuance

import (
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"log/slog"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/card"
	"pieks/gossip"
)

var errUnbuilt = errors.New("not built yet")

// Batch is how many passes every request asks for, whatever is needed.
const Batch = 8

// Config says what an issuer signs with and for whom.
type Config struct {
	Host host.Host
	// Store *store.Store follows as soon as that package is there
	Keys   map[gossip.KeyID]*rsa.PrivateKey // of this relay; those that the bundle does not list as its own are not used
	Policy func() *gossip.Policy            // nil while there is no bundle: nothing is signed
	Roots  func() card.Roots                // card roots, professions and revoked device keys of the bundle

	LimitLocal bool             // count loopback and private addresses as subnets like any other
	Now        func() time.Time // nil = time.Now
	Log        *slog.Logger     // nil = discard
}

// Server is the issuer's end on a relay.
type Server struct{}

// Serve answers requests on cfg.Host until Close.
func Serve(cfg Config) (*Server, error) { return nil, errUnbuilt }

// Close ends the protocol on the host and waits for its streams.
func (s *Server) Close() error { return nil }

// PassWant is one pass that a practice needs.
type PassWant struct {
	P, H  [32]byte
	Epoch uint64
}

// FetchPasses gets one pass for each want, in their order, from the issuer at relay. It blinds only for keys that policy lists
// for that relay, and fills each request up to Batch. On an error the passes that were finished before it are returned too:
// the first len(passes) wants. Ask at a random time, some days before the epoch: an issuer sees when a practice asks.
func FetchPasses(ctx context.Context, h host.Host, relay peer.ID, policy *gossip.Policy, enrolment []byte, device ed25519.PrivateKey, want []PassWant) ([]gossip.Pass, error) {
	return nil, errUnbuilt
}
