package gossip

import (
	"log/slog"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
)

// ListenConfig says what a patient listens to.
type ListenConfig struct {
	PubSub    *pubsub.PubSub
	Relay     peer.ID // the one relay
	Pool      *Pool
	Validator *Validator // should be Against(Pool)
	// Policy gives the map and the rules; nil while there is no bundle.
	Policy func() *Policy
	// Report is told how each cycle of each region went, in the listener's goroutine: it must return at once.
	Report func(Report)
	Now    func() time.Time // nil = time.Now
	Log    *slog.Logger     // nil = discard
}

// State is how a cycle went.
type State uint8

// States of a cycle. All but InStep ask for a pool sync.
const (
	InStep  State = iota // the pool has the relay's digest
	Differs              // all parts came, and the pool has another digest: earlier cycles were missed
	Partial              // parts did not come
	Silent               // nothing came although a tick is long past: the relay is away or has forgotten this patient
)

func (s State) String() string { return "" }

// Report says how a cycle of a region went.
type Report struct {
	Region string
	Cycle  uint64 // of the relay; for Silent the one that is missing
	State  State
	Missed uint64   // cycles between the last one heard and this
	Digest [32]byte // of the relay
	Added  int      // sheets that changed the pool
}

// Listener reads the cycles of one relay into a pool.
type Listener struct{}

// Listen starts without regions.
func Listen(cfg ListenConfig) (*Listener, error) { return nil, ErrClosed }

// SetRegions says which regions to hear from a cycle on (0 = now): the others are left just before its tick, the new ones joined just
// after it, since before that the relay does not take them. Only the last call counts.
func (l *Listener) SetRegions(regions []string, from uint64) error { return ErrClosed }

// Announce leaves all topics and joins them again, so that the relay hears of them anew: call it after each admission.
func (l *Listener) Announce() error { return ErrClosed }

// Close leaves the topics and ends the goroutine.
func (l *Listener) Close() error { return nil }
