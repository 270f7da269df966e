package gossip

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
)

// BroadcastConfig says what a relay broadcasts.
type BroadcastConfig struct {
	PubSub *pubsub.PubSub
	Key    ed25519.PrivateKey // the relay's identity
	Live   *Pool              // what the relay has collected
	// Policy gives the map and the rules; nil while there is no bundle: nothing is broadcast then.
	Policy func() *Policy
	// Serves says whether this relay serves a region; nil = all.
	Serves func(region string) bool
	Filter *CapFilter // what it does not serve any more is revoked before each broadcast
	// OnTick is told of each broadcast after it, in the broadcaster's goroutine; nil = none.
	OnTick func(cycle uint64)
	Now    func() time.Time // nil = time.Now
	Log    *slog.Logger     // nil = discard
}

// Broadcaster publishes at each tick what changed in each region, to the patients of this relay only: the relay itself
// never joins a cycle topic (pubsub's FanoutOnly), so nobody's cycle message is ever forwarded.
type Broadcaster struct {
	cfg    BroadcastConfig
	topics map[string]*pubsub.Topic // by region; only the goroutine uses it
	stop   context.CancelFunc
	done   chan struct{}

	releasing sync.Mutex // one release at a time

	mu    sync.Mutex
	view  *View
	cycle uint64
}

// StartBroadcast releases what was issued before the current cycle, as other relays did at its tick, and starts the tick
// timer.
func StartBroadcast(cfg BroadcastConfig) (*Broadcaster, error) {
	if cfg.PubSub == nil || cfg.Live == nil || cfg.Policy == nil || cfg.Filter == nil || len(cfg.Key) != ed25519.PrivateKeySize {
		return nil, errors.New("start broadcasting: pubsub, key, pool, policy and filter are all needed")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(context.Background())
	b := &Broadcaster{
		cfg: cfg, topics: make(map[string]*pubsub.Topic), stop: stop, done: make(chan struct{}),
	}
	if policy := cfg.Policy(); policy != nil {
		b.release(policy.Rules, policy.Rules.CycleAt(cfg.Now()))
	}
	go b.run(ctx)
	return b, nil
}

// Released is what patients may see now, and the cycle that it was released in. It changes only at a tick.
func (b *Broadcaster) Released() (*View, uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.view, b.cycle
}

// Close stops the timer and leaves the topics.
func (b *Broadcaster) Close() error {
	b.stop()
	<-b.done
	return nil
}

func (b *Broadcaster) run(ctx context.Context) {
	defer close(b.done)
	defer b.leave()
	for {
		if !b.sleep(ctx) {
			return
		}
		policy := b.cfg.Policy()
		if policy == nil {
			continue
		}
		// After a suspend or a step of the clock only the current cycle is published: the others show as a gap, and its digest
		// says whether anything is missing.
		now := b.cfg.Now()
		cycle, last := policy.Rules.CycleAt(now), b.last()
		// A last cycle that lies far ahead is from a clock that was set back, or from rules with shorter cycles.
		if cycle > last || policy.Rules.TickOf(last).After(now.Add(policy.Rules.MaxSkew)) {
			b.tick(ctx, policy, cycle)
		}
	}
}

func (b *Broadcaster) last() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.cycle
}

// sleep waits for the next tick, or shorter.
func (b *Broadcaster) sleep(ctx context.Context) bool {
	wait := maxSleep
	if policy := b.cfg.Policy(); policy != nil {
		now := b.cfg.Now()
		wait = min(wait, policy.Rules.NextTick(now).Sub(now))
	}
	timer := time.NewTimer(max(wait, time.Millisecond))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// release makes the pool of what may be shown in a cycle out of the live one, and says what was shown before.
func (b *Broadcaster) release(rules Rules, cycle uint64) (before, after *View) {
	b.releasing.Lock()
	defer b.releasing.Unlock()
	before, _ = b.Released()
	released := NewPool(b.cfg.Now)
	live := b.cfg.Live.View()
	for _, region := range live.Regions() {
		for _, s := range live.Region(region) {
			if rules.ReleaseCycle(s.Sheet.IssuedAt()) > cycle {
				// It must wait, but does not hide the older one that is out already.
				old, ok := before.Lookup(s.Sheet.Pass.P)
				if !ok {
					continue
				}
				s = old
			}
			if _, err := released.Add(s); err != nil {
				b.cfg.Log.Debug("sheet not released", "err", err)
			}
		}
	}
	released.Expire(rules.TickOf(cycle))
	after = released.View()
	b.mu.Lock()
	b.view, b.cycle = after, cycle
	b.mu.Unlock()
	return before, after
}

// CatchUp releases again for the current cycle. A relay that has just started calls it once, after its first pool sync
// with another relay: what came was released by the others at the last tick.
func (b *Broadcaster) CatchUp() {
	if policy := b.cfg.Policy(); policy != nil {
		if cycle := b.last(); cycle != 0 {
			b.release(policy.Rules, cycle)
		}
	}
}

func (b *Broadcaster) tick(ctx context.Context, policy *Policy, cycle uint64) {
	before, after := b.release(policy.Rules, cycle)
	at := policy.Rules.TickOf(cycle)
	b.cfg.Filter.Revoke()
	for _, region := range policy.Map.Regions() {
		if b.cfg.Serves != nil && !b.cfg.Serves(region) || !b.heard(ctx, region) {
			continue
		}
		messages, err := SignCycle(b.cfg.Key, cycle, region, after.Digest(region, at), after.Since(before, region))
		if err == nil {
			err = b.publish(ctx, region, messages)
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			b.cfg.Log.Warn("cycle not published", "cycle", cycle, "region", region, "err", err)
		}
	}
	if b.cfg.OnTick != nil {
		b.cfg.OnTick(cycle)
	}
}

// heard says whether anyone listens to a region, once those are gone who may not.
func (b *Broadcaster) heard(ctx context.Context, region string) bool {
	topic := CycleTopic(region)
	waited := time.Duration(0)
	for step := time.Millisecond; ; step *= 2 {
		peers := b.cfg.PubSub.ListPeers(topic)
		strangers := b.strangers(peers, topic)
		if strangers == 0 || waited >= revokeWait {
			if strangers > 0 {
				b.cfg.Log.Warn("peers still listen to a region that they may not see", "region", region, "count", strangers)
			}
			return len(peers) > 0
		}
		timer := time.NewTimer(step)
		select {
		case <-ctx.Done():
			timer.Stop()
			return false
		case <-timer.C:
			waited += step
		}
	}
}

func (b *Broadcaster) strangers(peers []peer.ID, topic string) int {
	n := 0
	for _, p := range peers {
		if !b.cfg.Filter.Serves(p, topic) {
			n++
		}
	}
	return n
}

func (b *Broadcaster) publish(ctx context.Context, region string, messages [][]byte) error {
	topic := b.topics[region]
	if topic == nil {
		var err error
		if topic, err = b.cfg.PubSub.Join(CycleTopic(region), pubsub.FanoutOnly()); err != nil {
			return fmt.Errorf("open the topic of region %s: %w", region, err)
		}
		b.topics[region] = topic
	}
	for _, m := range messages {
		if err := topic.Publish(ctx, m); err != nil {
			return fmt.Errorf("publish region %s: %w", region, err)
		}
	}
	return nil
}

func (b *Broadcaster) leave() {
	for _, t := range b.topics {
		_ = t.Close() // it has no subscriptions
	}
}
