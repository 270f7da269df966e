package gossip

import (
	"crypto/ed25519"
	"log/slog"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
)

// BroadcastConfig says what a relay broadcasts.
type BroadcastConfig struct {
	PubSub *pubsub.PubSub
	Key    ed25519.PrivateKey // the relay's identity
	Live   *Pool              // what the relay has collected
	// Policy gives the map and the rules; nil while there is no bundle.
	Policy func() *Policy
	// Serves says whether this relay serves a region; nil = all.
	Serves func(region string) bool
	Filter *CapFilter         // its Revoke is called before each broadcast; nil = none
	OnTick func(cycle uint64) // called after each broadcast; nil = none
	Now    func() time.Time   // nil = time.Now
	Log    *slog.Logger       // nil = discard
}

// Broadcaster publishes at each tick what changed in each region, to the patients of this relay only.
type Broadcaster struct{}

// StartBroadcast releases what was issued before the current cycle and starts the tick timer.
func StartBroadcast(cfg BroadcastConfig) (*Broadcaster, error) { return nil, ErrClosed }

// Released is what patients may see now, and the cycle that it was released in. It changes only at a tick.
func (b *Broadcaster) Released() (*View, uint64) { return &View{}, 0 }

// Close stops the timer and leaves the topics.
func (b *Broadcaster) Close() error { return nil }
