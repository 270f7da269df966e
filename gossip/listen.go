package gossip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
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
	// Policy gives the map and the rules; nil while there is no bundle: nothing is read then.
	Policy func() *Policy
	// Report is told how each cycle of each region went, in one goroutine at a time: it must return at once, and may not
	// call the listener. Spread the pool syncs that it asks for over some seconds: all patients of a relay get the same
	// report.
	Report func(Report)
	Now    func() time.Time // nil = time.Now
	Log    *slog.Logger     // nil = discard
}

// Listener reads the cycles of one relay into a pool. Expired sheets leave the pool by the relay's ticks.
type Listener struct {
	cfg  ListenConfig
	ctx  context.Context
	stop context.CancelFunc
	wg   sync.WaitGroup
	wake chan struct{} // the plan changed

	mu     sync.Mutex
	closed bool
	ears   map[string]*regionEar
	plan   *plan         // nil = none
	offset time.Duration // how far this clock is ahead of the relay's ticks as they arrive
}

// regionEar is one joined topic.
type regionEar struct {
	ear
	topic *pubsub.Topic
	sub   *pubsub.Subscription
}

type plan struct {
	regions []string
	from    uint64 // cycle

}

// Listen starts without regions.
func Listen(cfg ListenConfig) (*Listener, error) {
	if cfg.PubSub == nil || cfg.Pool == nil || cfg.Validator == nil || cfg.Policy == nil {
		return nil, errors.New("listen to a relay: pubsub, pool, validator and policy are all needed")
	}
	if _, err := identityKey(cfg.Relay); err != nil {
		return nil, fmt.Errorf("listen to a relay: %w", err)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Report == nil {
		cfg.Report = func(Report) {}
	}
	l := &Listener{cfg: cfg, ears: make(map[string]*regionEar), wake: make(chan struct{}, 1)}
	l.ctx, l.stop = context.WithCancel(context.Background())
	l.wg.Add(1)
	go l.watch()
	return l, nil
}

// SetRegions says which regions to hear from a cycle on (0 or a past one = now): those left out are left just before its
// tick, so that the relay need not throw this patient out, and the new ones joined just after it, since before that the
// relay does not take them. Only the last call counts.
func (l *Listener) SetRegions(regions []string, from uint64) error {
	for _, region := range regions {
		if !isRegionText(region) {
			return fmt.Errorf("listen to region %q: not the name of a region", region)
		}
	}
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return ErrClosed
	}
	l.plan = &plan{regions: slices.Clone(regions), from: from}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return nil
}

// Regions lists what is listened to now, sorted.
func (l *Listener) Regions() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	regions := make([]string, 0, len(l.ears))
	for region := range l.ears {
		regions = append(regions, region)
	}
	slices.Sort(regions)
	return regions
}

// Announce leaves all topics and joins them again, so that the relay hears of them anew: call it after each admission.
func (l *Listener) Announce() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	var errs []error
	for region := range l.ears {
		errs = append(errs, l.rejoin(region))
	}
	return errors.Join(errs...)
}

// Close leaves the topics and waits for all goroutines.
func (l *Listener) Close() error {
	l.mu.Lock()
	l.closed = true
	var errs []error
	for region := range l.ears {
		errs = append(errs, l.leave(region))
	}
	l.mu.Unlock()
	l.stop()
	l.wg.Wait()
	return unlessEnded(errors.Join(errs...))
}

// join, leave and rejoin are called with the lock held.
func (l *Listener) join(region string) error {
	if l.ears[region] != nil {
		return nil
	}
	topic, err := l.cfg.PubSub.Join(CycleTopic(region))
	if err != nil {
		return fmt.Errorf("listen to region %s: %w", region, err)
	}
	e := &regionEar{topic: topic}
	e.since = l.cfg.Now()
	if err := l.subscribe(region, e); err != nil {
		return errors.Join(err, topic.Close())
	}
	l.ears[region] = e
	return nil
}

func (l *Listener) subscribe(region string, e *regionEar) error {
	sub, err := e.topic.Subscribe(pubsub.WithBufferSize(subscriptionBuffer))
	if err != nil {
		return fmt.Errorf("listen to region %s: %w", region, err)
	}
	e.sub = sub
	l.wg.Add(1)
	go l.read(region, sub)
	return nil
}

func (l *Listener) leave(region string) error {
	e := l.ears[region]
	delete(l.ears, region)
	e.sub.Cancel()
	return e.topic.Close()
}

func (l *Listener) rejoin(region string) error {
	e := l.ears[region]
	e.sub.Cancel()
	return l.subscribe(region, e)
}

// read ends when its subscription is cancelled.
func (l *Listener) read(region string, sub *pubsub.Subscription) {
	defer l.wg.Done()
	for {
		m, err := sub.Next(l.ctx)
		if err != nil {
			return
		}
		if m.ReceivedFrom != l.cfg.Relay {
			continue
		}
		if err := l.hear(region, m.GetData()); err != nil {
			l.cfg.Log.Warn("message of the relay not read", "region", region, "err", err)
		}
	}
}

// hear reads one message. The lock is held while its sheets are checked, so that reports come in order.
func (l *Listener) hear(region string, data []byte) error {
	m, err := OpenCycle(data, l.cfg.Relay)
	if err != nil {
		return err
	}
	if m.Region != region {
		return fmt.Errorf("%w: region %s on the topic of %s", ErrCycle, m.Region, region)
	}
	policy := l.cfg.Policy()
	if policy == nil {
		return ErrPolicy
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e, now := l.ears[region], l.cfg.Now()
	if e == nil || !e.accepts(m, policy.Rules, now) {
		return nil // left meanwhile, or a replay
	}
	if e.interrupts(m) {
		l.judge(region, e, policy.Rules)
	}
	l.offset = now.Sub(policy.Rules.TickOf(m.Cycle))
	e.begin(m, now)
	refused := 0
	for _, raw := range m.Sheets {
		added, err := l.take(raw, region)
		if added {
			e.added++
		}
		if VerdictOf(err) == pubsub.ValidationReject {
			refused++
		}
	}
	if e.complete() {
		l.judge(region, e, policy.Rules)
	}
	if refused > 0 {
		return fmt.Errorf("%w: %d sheets that no honest relay passes on", ErrCycle, refused)
	}
	return nil
}

func (l *Listener) take(raw []byte, region string) (bool, error) {
	s, err := l.cfg.Validator.Check(raw, "")
	if err != nil {
		return false, err
	}
	if s.Region != region {
		return false, ErrArea
	}
	return l.cfg.Pool.Add(s)
}

func (l *Listener) judge(region string, e *regionEar, rules Rules) {
	tick := rules.TickOf(e.cycle)
	l.cfg.Pool.Expire(tick)
	l.cfg.Report(e.judge(region, l.cfg.Pool.Digest(region, tick)))
}

// watch runs the plan and notices what does not come.
func (l *Listener) watch() {
	defer l.wg.Done()
	for {
		timer := time.NewTimer(l.look())
		select {
		case <-l.ctx.Done():
			timer.Stop()
			return
		case <-l.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// look does what is due and says when to look again.
func (l *Listener) look() time.Duration {
	policy := l.cfg.Policy()
	if policy == nil {
		return time.Second
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return maxSleep
	}
	now, rules := l.cfg.Now(), policy.Rules
	wait := l.follow(rules, now)
	for region, e := range l.ears {
		if at := e.overdueAt(rules); !at.IsZero() {
			if now.Before(at) {
				wait = min(wait, at.Sub(now))
			} else {
				l.judge(region, e, rules)
			}
		}
		if !now.Before(e.silentAt(rules)) {
			l.cfg.Report(e.silent(region, rules))
			// Perhaps the relay has lost the subscription.
			if err := l.rejoin(region); err != nil {
				l.cfg.Log.Warn("region not joined again", "region", region, "err", err)
			}
		}
		wait = min(wait, e.silentAt(rules).Sub(now))
	}
	// A message may come in between and be overdue sooner.
	return max(min(wait, partGrace, rules.Cycle/4), time.Millisecond)
}

// follow carries out the plan as far as it is due, and says when more is.
func (l *Listener) follow(rules Rules, now time.Time) time.Duration {
	if l.plan == nil {
		return maxSleep
	}
	lead := min(changeLead, rules.Cycle/10)
	tick := rules.TickOf(l.plan.from).Add(l.offset)
	if wait := tick.Add(-lead).Sub(now); wait > 0 {
		return wait
	}
	for region := range l.ears {
		if !slices.Contains(l.plan.regions, region) {
			if err := l.leave(region); err != nil {
				l.cfg.Log.Warn("region not left", "region", region, "err", err)
			}
		}
	}
	if wait := tick.Add(lead).Sub(now); wait > 0 {
		return wait
	}
	for _, region := range l.plan.regions {
		if err := l.join(region); err != nil {
			l.cfg.Log.Warn("region not joined", "region", region, "err", err)
		}
	}
	l.plan = nil
	return maxSleep
}
