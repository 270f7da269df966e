package network

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
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
// It is safe for concurrent use.
type Current struct {
	cfg  CurrentConfig
	held atomic.Pointer[held] // nil when there is none

	offers sync.Mutex // one offer at a time, so that numbers only grow and listeners hear them in order

	mu        sync.Mutex
	listeners map[int]func(*Bundle)
	next      int
}

// held is a bundle with what was made from it.
type held struct {
	bundle  *Bundle
	policy  *gossip.Policy
	payload []byte
	signed  []byte
	answer  func() ([]byte, error) // the frame that hands the file to another node, made when one asks
}

func hold(b *Bundle, policy *gossip.Policy, payload, signed []byte) *held {
	return &held{b, policy, payload, signed, sync.OnceValues(func() ([]byte, error) {
		return frameOf(answer{Version: Version, Code: codeFile, File: signed})
	})}
}

// NewCurrent loads what the home knows, expired or not. A home that knows nothing starts empty: Offer it a bundle.
func NewCurrent(cfg CurrentConfig) (*Current, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	c := &Current{cfg: cfg, listeners: make(map[int]func(*Bundle))}
	if cfg.Memory == nil {
		return c, nil
	}
	data, err := cfg.Memory.Load()
	if err != nil {
		return nil, fmt.Errorf("read the network file of this home: %w", err)
	}
	if len(data) == 0 {
		return c, nil
	}
	b, policy, payload, err := verify(data)
	if err != nil {
		return nil, fmt.Errorf("the network file of this home: %w", err)
	}
	c.held.Store(hold(b, policy, payload, data))
	return c, nil
}

// Offer hands over a network file from wherever it came. Accepted means that it is now the current one and saved. The file that is already
// current is (false, nil). Errors are those of Verify, and ErrForeign, ErrRolledBack, ErrEquivocation, ErrExpired, ErrNotYet;
// nothing has then changed.
func (c *Current) Offer(data []byte) (accepted bool, err error) {
	c.offers.Lock()
	defer c.offers.Unlock()
	old := c.held.Load()
	if old != nil && bytes.Equal(old.signed, data) {
		return false, nil
	}
	b, policy, payload, err := verify(data)
	if err != nil {
		return false, err
	}
	fresh := hold(b, policy, payload, bytes.Clone(data))
	if better, err := fresh.replaces(old, c.cfg.Now()); !better || err != nil {
		return false, err
	}
	if c.cfg.Memory != nil {
		if err := c.cfg.Memory.Save(fresh.signed); err != nil {
			return false, fmt.Errorf("save the network file: %w", err)
		}
	}
	c.held.Store(fresh)
	c.cfg.Log.Info("network file accepted", "network", b.ID(), "number", b.Number, "expires", b.ExpiresAt(), "test", b.IsTest())
	c.tell(b)
	return true, nil
}

// replaces is the rule of which bundle wins: of the same network the one with the higher number, as long as it counts.
func (h *held) replaces(old *held, now time.Time) (bool, error) {
	if old != nil {
		switch {
		case h.bundle.Operators != old.bundle.Operators:
			return false, ErrForeign
		case h.bundle.Number < old.bundle.Number:
			return false, fmt.Errorf("%w (number %d, known is %d)", ErrRolledBack, h.bundle.Number, old.bundle.Number)
		case h.bundle.Number == old.bundle.Number && bytes.Equal(h.payload, old.payload):
			return false, nil // the same, signed by others
		case h.bundle.Number == old.bundle.Number:
			return false, ErrEquivocation
		}
	}
	if h.bundle.ExpiredAt(now) {
		return false, fmt.Errorf("%w (it was good until %s)", ErrExpired, h.bundle.ExpiresAt().Format(time.DateOnly))
	}
	if h.bundle.IssuedAt().After(now.Add(MaxSkew)) {
		return false, ErrNotYet
	}
	return true, nil
}

// signedHere says whether two operators of this network signed a file. It reads nothing of what they signed: a stranger's
// file costs three signature checks.
func (c *Current) signedHere(data []byte) bool {
	b := c.Get()
	msg, err := parseMessage(data)
	if b == nil || err != nil {
		return false
	}
	signers, err := verifySigners(msg, b.Operators)
	return err == nil && len(signers) >= needed
}

// Get is the current bundle, nil when there is none.
func (c *Current) Get() *Bundle {
	if h := c.held.Load(); h != nil {
		return h.bundle
	}
	return nil
}

// Policy is the Policy of the current bundle, nil when there is none. It is ready made: it may be called for every message.
func (c *Current) Policy() *gossip.Policy {
	if h := c.held.Load(); h != nil {
		return h.policy
	}
	return nil
}

// Signed is the current network file as it was signed, nil when there is none. It must not be changed.
func (c *Current) Signed() []byte {
	if h := c.held.Load(); h != nil {
		return h.signed
	}
	return nil
}

// Usable is nil when there is a bundle that has not expired, or else ErrNone or ErrExpired: what is then left is reading.
func (c *Current) Usable() error {
	switch b := c.Get(); {
	case b == nil:
		return ErrNone
	case b.ExpiredAt(c.cfg.Now()):
		return ErrExpired
	}
	return nil
}

// Expired says that there is a bundle and that it has expired at now.
func (c *Current) Expired(now time.Time) bool {
	b := c.Get()
	return b != nil && b.ExpiredAt(now)
}

// OnChange has fn called after each accepted bundle, one call after another, in the goroutine that offered it. fn must
// not block and must not call Offer. The returned function ends it.
func (c *Current) OnChange(fn func(*Bundle)) (stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := c.next
	c.next++
	c.listeners[id] = fn
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.listeners, id)
	}
}

func (c *Current) tell(b *Bundle) {
	c.mu.Lock()
	listeners := maps.Clone(c.listeners)
	c.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(listeners)) {
		listeners[id](b)
	}
}
