package gossip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/time/rate"
)

// ErrClosed says that the handle was closed.
var ErrClosed = errors.New("closed")

// ZoneFeed is a place in the pool topic of one zone: what others publish goes into the pool, what this node publishes
// goes to all relays and fronts of the zone. It needs no goroutine: sheets enter the pool while they are checked, so no
// slow reader can lose one.
type ZoneFeed struct {
	ps        *pubsub.PubSub
	topic     *pubsub.Topic
	zone      string
	validator *Validator
	pool      *Pool
	log       *slog.Logger

	accepted, ignored, rejected atomic.Uint64

	mu     sync.Mutex
	leave  pubsub.RelayCancelFunc // nil when closed
	budget map[[32]byte]*rate.Limiter
}

// JoinPool joins the pool topic of zone and feeds valid sheets into pool until Close. validator should be Against(pool).
// Fronts and relays use it; a relay only forwards and collects.
func JoinPool(ps *pubsub.PubSub, zone string, validator *Validator, pool *Pool, log *slog.Logger) (*ZoneFeed, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if !isZone(zone) {
		return nil, fmt.Errorf("join the pool of zone %q: a zone is two digits", zone)
	}
	z := &ZoneFeed{ps: ps, zone: zone, validator: validator, pool: pool, log: log, budget: make(map[[32]byte]*rate.Limiter)}
	name := PoolTopic(zone)
	// Inline: as many checks at a time as there are cores, and the rest waits in the queue.
	if err := ps.RegisterTopicValidator(name, z.check, pubsub.WithValidatorInline(true)); err != nil {
		return nil, fmt.Errorf("join %s: %w", name, err)
	}
	topic, err := ps.Join(name)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("join %s: %w", name, err), ps.UnregisterTopicValidator(name))
	}
	z.topic = topic
	// Relay is a subscription without a reader.
	if z.leave, err = topic.Relay(); err != nil {
		return nil, errors.Join(fmt.Errorf("join %s: %w", name, err), topic.Close(), ps.UnregisterTopicValidator(name))
	}
	return z, nil
}

// check is the topic's validator. An accepted sheet is in the pool before it is forwarded. A sheet that the pool already
// has, or has newer, is not forwarded: that is what stops replays once pubsub has forgotten a message (p2p.md A5).
func (z *ZoneFeed) check(_ context.Context, from peer.ID, m *pubsub.Message) pubsub.ValidationResult {
	if m.ValidatorData == ownSheet {
		return pubsub.ValidationAccept // Publish has checked it
	}
	err := z.take(m.GetData())
	verdict := VerdictOf(err)
	switch verdict {
	case pubsub.ValidationAccept:
		z.accepted.Add(1)
	case pubsub.ValidationReject:
		z.rejected.Add(1)
		z.log.Debug("sheet rejected", "zone", z.zone, "from", from, "err", err)
	default:
		z.ignored.Add(1)
	}
	return verdict
}

// ownSheet marks what Publish sends: it is in the pool already. Nobody else can set it.
var ownSheet = new(int)

func (z *ZoneFeed) take(raw []byte) error {
	s, err := z.validator.Check(raw, z.zone)
	if err != nil {
		return err
	}
	if !z.pays(s.Sheet.Pass.P) {
		return errTooOften
	}
	_, err = z.pool.Add(s)
	return err
}

// errTooOften is no Refusal, so it is ignored: how often a pseudonym published is local knowledge.
var errTooOften = errors.New("pseudonym publishes too often")

// pays charges the budget of a pseudonym whose signature was checked, so nobody can spend another's.
func (z *ZoneFeed) pays(p [32]byte) bool {
	now := z.pool.now()
	z.mu.Lock()
	defer z.mu.Unlock()
	l := z.budget[p]
	if l == nil {
		if len(z.budget) >= maxPublishers {
			for p, l := range z.budget {
				if l.TokensAt(now) >= sheetBurst {
					delete(z.budget, p)
				}
			}
		}
		if len(z.budget) >= maxPublishers {
			return false
		}
		l = rate.NewLimiter(rate.Every(sheetEvery), sheetBurst)
		z.budget[p] = l
	}
	return l.AllowN(now, 1)
}

// Publish adds an own sheet to the pool and sends it to all peers of the zone. Publish at most one sheet every two
// seconds: relays ignore what is above that. Nobody acknowledges, and pubsub sends the same bytes only once in ten
// minutes: relays fetch what they missed by a pool sync. It returns what Validator.Check has against the sheet.
func (z *ZoneFeed) Publish(ctx context.Context, s *Signed) error {
	checked, err := z.validator.Check(s.Raw, z.zone)
	if err == nil {
		_, err = z.pool.Add(checked)
	}
	if err != nil && !errors.Is(err, ErrKnown) {
		return fmt.Errorf("publish a sheet in zone %s: %w", z.zone, err)
	}
	if err := z.topic.Publish(ctx, s.Raw, pubsub.WithValidatorData(ownSheet)); err != nil {
		return fmt.Errorf("publish a sheet in zone %s: %w", z.zone, err)
	}
	return nil
}

// Announce leaves the topic and joins it again, so that peers hear of this node's subscription anew. A relay drops the
// subscription of a front that it has not admitted yet: call it after each admission. For ten seconds after it the relay
// does not take this node into its mesh and offers sheets by their IDs only.
func (z *ZoneFeed) Announce() error {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.leave == nil {
		return ErrClosed
	}
	z.leave()
	leave, err := z.topic.Relay()
	if err != nil {
		z.leave = nil
		return fmt.Errorf("announce %s: %w", PoolTopic(z.zone), err)
	}
	z.leave = leave
	return nil
}

// Close leaves the topic.
func (z *ZoneFeed) Close() error {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.leave == nil {
		return nil
	}
	z.leave()
	z.leave = nil
	return unlessEnded(errors.Join(z.topic.Close(), z.ps.UnregisterTopicValidator(PoolTopic(z.zone))))
}

// unlessEnded drops the errors of a pubsub whose context has ended: there is nothing left to leave.
func unlessEnded(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// FeedStats counts what arrived on the topic.
type FeedStats struct{ Accepted, Ignored, Rejected uint64 }

// Stats returns the counters since the start.
func (z *ZoneFeed) Stats() FeedStats {
	return FeedStats{z.accepted.Load(), z.ignored.Load(), z.rejected.Load()}
}
