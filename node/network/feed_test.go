package network

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip"
)

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		accepted bool
		err      error
		want     pubsub.ValidationResult
	}{
		{true, nil, pubsub.ValidationAccept},
		{false, nil, pubsub.ValidationIgnore},
		{false, ErrForm, pubsub.ValidationReject},
		{false, ErrSignatures, pubsub.ValidationReject},
		{false, ErrVersion, pubsub.ValidationIgnore},
		{false, ErrContent, pubsub.ValidationIgnore},
		{false, ErrRolledBack, pubsub.ValidationIgnore},
		{false, ErrEquivocation, pubsub.ValidationIgnore},
		{false, ErrExpired, pubsub.ValidationIgnore},
		{false, ErrNotYet, pubsub.ValidationIgnore},
		{false, errDisk, pubsub.ValidationIgnore},
	} {
		err := c.err
		if err != nil {
			err = fmt.Errorf("wrapped: %w", err)
		}
		if got := verdictOf(c.accepted, err); got != c.want {
			t.Errorf("%v %v: verdict %v, want %v", c.accepted, c.err, got, c.want)
		}
	}
}

func TestValidateChecksStrangersCheaply(t *testing.T) {
	made := fixtureOf(t)
	flipped := bytes.Clone(next(t, 7))
	flipped[len(flipped)-1] ^= 1
	draft, err := Sign(mustVerify(t, next(t, 7)), made.OperatorKeys[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		want pubsub.ValidationResult
	}{
		"newer":            {next(t, 7), pubsub.ValidationAccept},
		"ours":             {next(t, 2), pubsub.ValidationIgnore},
		"older":            {made.Signed, pubsub.ValidationIgnore},
		"foreign":          {foreign(t, 7), pubsub.ValidationReject},
		"draft":            {draft, pubsub.ValidationReject},
		"flipped":          {flipped, pubsub.ValidationReject},
		"garbage":          {[]byte("garbage"), pubsub.ValidationReject},
		"empty":            {nil, pubsub.ValidationReject},
		"signed nonsense":  {variant(t, func(b *Bundle) { b.Number, b.Name = 7, "" }), pubsub.ValidationIgnore},
		"signed but stale": {variant(t, func(b *Bundle) { b.Number, b.Issued, b.Expires = 7, 1, 2 }), pubsub.ValidationIgnore},
	} {
		f := &Feed{current: currentOf(t, nil, next(t, 2))}
		msg := &pubsub.Message{Message: newMessage(c.data)}
		if got := f.validate(t.Context(), "", msg); got != c.want {
			t.Errorf("%s: verdict %v, want %v", name, got, c.want)
		}
	}
}

// TestGossipReachesAll: a bundle that one of three relays in a row is given reaches the other two.
func TestGossipReachesAll(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	hosts := []host.Host{loopback(t), loopback(t), loopback(t)}
	isRelay := func(id peer.ID) bool { return true }
	var homes []*Current
	var feeds []*Feed
	arrived := make(chan struct{}, 1)
	for _, h := range hosts {
		filter := gossip.NewCapFilter(gossip.CapConfig{IsRelay: isRelay, Allowed: func(peer.ID) func(string) bool { return func(string) bool { return true } }})
		ps, err := gossip.NewPubSub(ctx, h, gossip.RelayProfile(), gossip.PubSubOptions{IsRelay: isRelay, Filter: filter})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Join(ps, currentOf(t, nil)); !errors.Is(err, ErrNone) {
			t.Fatalf("joined without a bundle: %v", err)
		}
		c := currentOf(t, nil, fixtureOf(t).Signed)
		feed, err := Join(ps, c)
		if err != nil {
			t.Fatal(err)
		}
		if len(homes) == 2 {
			c.OnChange(func(*Bundle) {
				select {
				case arrived <- struct{}{}:
				default:
				}
			})
		}
		homes, feeds = append(homes, c), append(feeds, feed)
	}
	joined := make([]*pubsub.TopicEventHandler, len(feeds))
	for i, f := range feeds {
		var err error
		if joined[i], err = f.topic.EventHandler(); err != nil {
			t.Fatal(err)
		}
	}
	connect(t, hosts[0], hosts[1])
	connect(t, hosts[1], hosts[2])
	for i, neighbours := range []int{1, 2, 1} {
		for range neighbours {
			if _, err := joined[i].NextPeerEvent(ctx); err != nil {
				t.Fatal(err)
			}
		}
		joined[i].Cancel()
	}
	// The middle relay forwards within its mesh, which it builds in its first heartbeats: what came before stays with it.
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for number := uint64(2); homes[2].Get().Number == 1; number++ {
		if ok, err := homes[0].Offer(next(t, number)); !ok || err != nil {
			t.Fatal(ok, err)
		}
		select {
		case <-arrived:
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("holds %d, %d and %d", homes[0].Get().Number, homes[1].Get().Number, homes[2].Get().Number)
		}
	}
	if homes[1].Get().Number == 1 {
		t.Error("the relay in the middle forwarded what it did not take up")
	}
	for _, f := range feeds {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if err := f.Close(); err != nil {
			t.Errorf("closed twice: %v", err)
		}
	}
	// What is accepted after Close is not published, and a second Join works.
	again, err := Join(feeds[0].pubsub, homes[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func newMessage(data []byte) *pb.Message {
	topic := gossip.NetworkTopic
	return &pb.Message{Data: data, Topic: &topic}
}
