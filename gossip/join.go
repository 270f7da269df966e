package gossip

import (
	"context"
	"errors"
	"log/slog"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
)

// ErrClosed says that the handle was closed.
var ErrClosed = errors.New("closed")

// ZoneFeed is a place in the pool topic of one zone: what others publish goes into the pool, what this node publishes goes
// to all relays and fronts of the zone.
type ZoneFeed struct{}

// JoinPool joins the pool topic of zone and feeds valid sheets into pool until Close. validator should be Against(pool).
// Fronts and relays use it; a relay only forwards and collects.
func JoinPool(ps *pubsub.PubSub, zone string, validator *Validator, pool *Pool, log *slog.Logger) (*ZoneFeed, error) {
	return nil, ErrClosed
}

// Publish adds an own sheet to the pool and sends it to all peers of the zone. At most one sheet every few seconds: relays
// ignore the rest. Nobody acknowledges; relays fetch what they missed by a pool sync.
func (z *ZoneFeed) Publish(ctx context.Context, s *Signed) error { return ErrClosed }

// Announce leaves the topic and joins it again, so that peers hear of this node's subscription anew. A relay drops the
// subscription of a front that it has not admitted yet: call it after each admission.
func (z *ZoneFeed) Announce() error { return ErrClosed }

// Close leaves the topic.
func (z *ZoneFeed) Close() error { return nil }

// FeedStats counts what arrived on the topic.
type FeedStats struct{ Accepted, Ignored, Rejected uint64 }

// Stats returns the counters since the start.
func (z *ZoneFeed) Stats() FeedStats { return FeedStats{} }
