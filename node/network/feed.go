package network

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip"
)

// Feed is a place in gossip.NetworkTopic: what others publish is offered to a Current, and what a Current accepts, from
// wherever it came, is published. Nobody acknowledges: Fetch finds what was missed.
type Feed struct {
	current *Current
	pubsub  *pubsub.PubSub
	topic   *pubsub.Topic
	close   func() error
}

// Join joins the topic until Close. c must hold a bundle already, or Join gives ErrNone: strangers do not pin the network.
func Join(ps *pubsub.PubSub, c *Current) (*Feed, error) {
	if c.Get() == nil {
		return nil, ErrNone
	}
	f := &Feed{current: c, pubsub: ps}
	// One check at a time: a flood of false files then costs one processor at most, and pubsub drops the rest.
	if err := ps.RegisterTopicValidator(gossip.NetworkTopic, f.validate, pubsub.WithValidatorConcurrency(1)); err != nil {
		return nil, fmt.Errorf("join the network topic: %w", err)
	}
	topic, err := ps.Join(gossip.NetworkTopic)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("join the network topic: %w", err), ps.UnregisterTopicValidator(gossip.NetworkTopic))
	}
	f.topic = topic
	// The validator takes the files; nothing reads a subscription.
	leave, err := topic.Relay()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("join the network topic: %w", err), topic.Close(), ps.UnregisterTopicValidator(gossip.NetworkTopic))
	}
	stop := f.publishChanges()
	f.close = sync.OnceValue(func() error {
		stop()
		leave()
		err := errors.Join(topic.Close(), ps.UnregisterTopicValidator(gossip.NetworkTopic))
		if errors.Is(err, context.Canceled) {
			return nil // pubsub has ended already, and the topic with it
		}
		return err
	})
	return f, nil
}

// Close leaves the topic. It may be called after pubsub has ended.
func (f *Feed) Close() error { return f.close() }

// publishChanges publishes from a goroutine of its own, since OnChange may not wait for pubsub. stop waits for it.
func (f *Feed) publishChanges() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	changed := make(chan struct{}, 1)
	unlisten := f.current.OnChange(func(*Bundle) {
		select {
		case changed <- struct{}{}:
		default: // the publisher has not yet taken up the last change, and takes the newest
		}
	})
	var done sync.WaitGroup
	done.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-changed:
				f.publish(ctx)
			}
		}
	})
	return func() {
		unlisten()
		cancel()
		done.Wait()
	}
}

// own marks what this node publishes: pubsub validates that too.
type own struct{}

func (f *Feed) publish(ctx context.Context) {
	file := f.current.Signed()
	if len(file) > maxGossipBytes {
		return // Fetch only
	}
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	if err := f.topic.Publish(ctx, file, pubsub.WithValidatorData(own{})); err != nil {
		f.current.cfg.Log.Debug("network file not published", "err", err)
	}
}

func (f *Feed) validate(_ context.Context, _ peer.ID, msg *pubsub.Message) pubsub.ValidationResult {
	if msg.ValidatorData == (own{}) {
		return pubsub.ValidationAccept
	}
	if bytes.Equal(msg.Data, f.current.Signed()) {
		return pubsub.ValidationIgnore
	}
	if !f.current.signedHere(msg.Data) {
		return pubsub.ValidationReject
	}
	return verdictOf(f.current.Offer(msg.Data))
}

// verdictOf says what gossip does with a file that two operators of this network signed. It is forwarded when it was news, and
// otherwise ignored: what the node knows, what its clock says and what its version understands is not the forwarder's fault.
func verdictOf(accepted bool, err error) pubsub.ValidationResult {
	switch {
	case errors.Is(err, ErrForm), errors.Is(err, ErrSignatures):
		return pubsub.ValidationReject
	case accepted:
		return pubsub.ValidationAccept
	}
	return pubsub.ValidationIgnore
}
