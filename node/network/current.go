package network

import (
	"log/slog"
	"time"

	"pieks/gossip"
)

// Memory is where a home keeps its network file.
type Memory interface {
	Load() ([]byte, error)  // nil, nil when there is none yet
	Save(data []byte) error // returns when it is durable
}

// CurrentConfig says where a Current keeps its bundle.
type CurrentConfig struct {
	Memory Memory           // nil = only in memory
	Now    func() time.Time // nil = time.Now
	Log    *slog.Logger     // nil = discard
}

// Current is the bundle that a node goes by: the one with the highest number that it ever accepted. The first bundle pins the network.
type Current struct{}

// NewCurrent loads what the home knows. A home that knows nothing starts empty: Offer it a bundle.
func NewCurrent(cfg CurrentConfig) (*Current, error) { return &Current{}, nil }

// Offer hands over a network file from wherever it came. Accepted means that it is now the current one and saved. The file that is already
// current is (false, nil). Errors are those of Verify, and ErrForeign, ErrRolledBack, ErrEquivocation, ErrExpired, ErrNotYet.
func (c *Current) Offer(data []byte) (accepted bool, err error) { return false, ErrForm }

// Get is the current bundle, nil when there is none.
func (c *Current) Get() *Bundle { return nil }

// Policy is the Policy of the current bundle, nil when there is none. It is ready made: it may be called for every message.
func (c *Current) Policy() *gossip.Policy { return nil }

// Signed is the current network file as it was signed, nil when there is none. It must not be changed.
func (c *Current) Signed() []byte { return nil }

// Usable is nil when there is a bundle that has not expired, or else ErrNone or ErrExpired: what is then left is reading.
func (c *Current) Usable() error { return ErrNone }

// Expired says that there is a bundle and that it has expired at now.
func (c *Current) Expired(now time.Time) bool { return false }

// OnChange has fn called after each accepted bundle, one call after another, in the goroutine that offered it. fn must
// not block and must not call Offer. The returned function ends it.
func (c *Current) OnChange(fn func(*Bundle)) (stop func()) { return func() {} }
