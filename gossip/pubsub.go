package gossip

import (
	"context"
	"errors"
	"log/slog"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
)

// ErrProfile says that pubsub parameters cannot work together. The error names the first that cannot.
var ErrProfile = errors.New("these pubsub parameters cannot be used")

// PubSubOptions says who the peers are. The functions are called in pubsub's event loop: they must return at once and
// never call into pubsub.
type PubSubOptions struct {
	// IsRelay names the relays. Fronts and clients speak pubsub with these and with nobody else: a client names the
	// one relay that it is client of. Needed in all profiles.
	IsRelay func(peer.ID) bool
	// Filter says which peer may hold which topics. Needed in the relay profile, unused in the others.
	Filter *CapFilter
	Log    *slog.Logger // nil = discard
}

// NewPubSub starts pubsub on h until ctx ends. Join all pool topics before the host listens: each join is told to every
// connected peer.
func NewPubSub(ctx context.Context, h host.Host, profile Profile, o PubSubOptions) (*pubsub.PubSub, error) {
	return nil, ErrProfile
}
