package gossip

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	p2pnet "github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/libp2p/go-msgio"
)

// realHost is a host on a loopback address, which is also where its connections come from. It has the production
// resource manager.
func realHost(t *testing.T, ip string) host.Host {
	t.Helper()
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/"+ip+"/tcp/0"), libp2p.Transport(tcp.NewTCPTransport),
		libp2p.DisableMetrics(), libp2p.DisableRelay(), libp2p.DisableIdentifyAddressDiscovery())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// realRelay counts loopback addresses as subnets, and lets everybody have every topic: only the caps are left.
func realRelay(t *testing.T) (host.Host, *pubsub.PubSub, *CapFilter) {
	h := realHost(t, "127.0.0.1")
	nobody := func(peer.ID) bool { return false }
	filter := NewCapFilter(CapConfig{
		Allowed: func(peer.ID) func(string) bool { return func(string) bool { return true } }, IsRelay: nobody, LimitLocal: true,
	})
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	ps, err := NewPubSub(ctx, h, RelayProfile(), PubSubOptions{IsRelay: nobody, Filter: filter})
	if err != nil {
		t.Fatal(err)
	}
	return h, ps, filter
}

// harvester speaks pubsub by hand.
type harvester struct {
	host host.Host
	out  p2pnet.Stream
}

func newHarvester(t *testing.T, relay host.Host, ip string) *harvester {
	t.Helper()
	y := &harvester{host: realHost(t, ip)}
	// The relay lists only peers to which it could open a stream, too.
	y.host.SetStreamHandler(pubsub.FloodSubID, func(s p2pnet.Stream) { s.Read(make([]byte, 1)) })
	y.connect(t, relay)
	return y
}

func (y *harvester) connect(t *testing.T, relay host.Host) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := y.host.Connect(ctx, peer.AddrInfo{ID: relay.ID(), Addrs: relay.Addrs()})
	if err == nil {
		y.out, err = y.host.NewStream(ctx, relay.ID(), pubsub.GossipSubID_v11)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (y *harvester) say(rpc *pb.RPC) error {
	return msgio.NewVarintWriter(y.out).WriteMsg(must(rpc.Marshal()))
}

func leaveTopics(topics ...string) *pb.RPC {
	rpc := subscribe(topics...)
	for _, s := range rpc.Subscriptions {
		no := false
		s.Subscribe = &no
	}
	return rpc
}

// waitFor polls a condition on a node that works in the background.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never saw: %s", what)
		}
		<-tick.C
	}
}

// holders counts the topics that a relay believes anybody, or a peer, to be in.
func holders(ps *pubsub.PubSub, topics []string, p peer.ID) int {
	n := 0
	for _, topic := range topics {
		if peers := ps.ListPeers(topic); len(peers) > 0 && (p == "" || slices.Contains(peers, p)) {
			n++
		}
	}
	return n
}

func cycleTopics(n int) []string {
	topics := make([]string, n)
	for i := range topics {
		topics[i] = CycleTopic(fmt.Sprintf("%03d", i))
	}
	return topics
}

// TestHarvesterRotatesTopics is p2p.md A2 over real sockets: one peer that leaves and takes 400 topics, one at a time.
func TestHarvesterRotatesTopics(t *testing.T) {
	relay, ps, filter := realRelay(t)
	topics := cycleTopics(400)
	y := newHarvester(t, relay, "127.0.5.1")
	ever := 0
	for i, topic := range topics {
		rpcs := []*pb.RPC{subscribe(topic)}
		if i%2 == 1 {
			rpcs = append(rpcs, leaveTopics(topics[i-1]))
		}
		for _, rpc := range rpcs {
			if err := y.say(rpc); err != nil {
				t.Fatal(err)
			}
		}
	}
	y.say(subscribe(NetworkTopic))
	refused := func() uint64 {
		r := filter.Stats().Refused
		return r[AbuseRate] + r[AbuseCap]
	}
	waitFor(t, "all subscriptions were looked at", func() bool {
		return int(refused()) >= 400-peerTopicBurst
	})
	ever = 400 + 1 - int(refused())
	live := holders(ps, topics, y.host.ID())
	t.Logf("400 topics: %d ever taken, %d held at the end", ever, live)
	if ever > peerTopicBurst+1 || live > maxPeerTopics {
		t.Errorf("took %d topics, holds %d", ever, live)
	}

	// Reconnecting does not renew the budget.
	before := refused()
	y.host.Network().ClosePeer(relay.ID())
	waitFor(t, "the relay has forgotten its topics", func() bool { return filter.Stats().Topics == 0 })
	y.connect(t, relay)
	y.say(subscribe(topics[300:308]...))
	waitFor(t, "the second hello was looked at", func() bool { return refused() >= before+7 })

	honest := newHarvester(t, relay, "127.0.6.1")
	honest.say(subscribe(topics[390:394]...))
	waitFor(t, "an honest peer has its four topics", func() bool { return holders(ps, topics[390:394], honest.host.ID()) == 4 })
}

// TestFiftyPeersOfOneSubnet is p2p.md A2: new identities of one /24 share a budget, another /24 has its own.
func TestFiftyPeersOfOneSubnet(t *testing.T) {
	relay, ps, filter := realRelay(t)
	topics := cycleTopics(400)
	var peers []*harvester
	n := 50
	if raceEnabled {
		n = 10 // a handshake takes a second then
	}
	for i := range n {
		y := newHarvester(t, relay, fmt.Sprintf("127.0.7.%d", i+1))
		if err := y.say(subscribe(topics[i*8 : i*8+8]...)); err != nil {
			t.Fatal(err)
		}
		peers = append(peers, y)
	}
	waitFor(t, "all were looked at", func() bool { return filter.Stats().Refused[AbuseSubnet] >= uint64(8*n-subnetTopicBurst) })
	if held := holders(ps, topics, ""); held != subnetTopicBurst {
		t.Errorf("%d peers of one subnet hold %d topics", n, held)
	}
	if n := filter.Stats().Subnets; n != 1 {
		t.Errorf("%d subnets counted", n)
	}
	honest := newHarvester(t, relay, "127.0.8.1")
	honest.say(subscribe(topics[390:394]...))
	waitFor(t, "another subnet has its four topics", func() bool { return holders(ps, topics[390:394], honest.host.ID()) == 4 })
	for _, y := range peers {
		y.host.Close()
	}
	waitFor(t, "topics of peers that left are gone", func() bool { return holders(ps, topics[:390], "") == 0 })
}

// TestSubscriptionFlood is p2p.md A1: 480,000 random topics, far below and just below what one RPC may name. The relay
// is not larger afterwards, and serves others meanwhile.
func TestSubscriptionFlood(t *testing.T) {
	total := 480_000
	if raceEnabled || testing.Short() {
		total = 48_000
	}
	relay, ps, filter := realRelay(t)
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	sent := 0
	for _, size := range []int{4000, maxRPCSubscriptions} {
		y := newHarvester(t, relay, "127.0.9.1")
		for sent = 0; sent < total/2; sent += size {
			names := make([]string, size)
			for i := range names {
				names[i] = fmt.Sprintf("/pieks/1/cycle/%03d+%d", (sent+i)%1000, sent+i)
			}
			if err := y.say(subscribe(names...)); err != nil {
				if errors.Is(err, p2pnet.ErrReset) {
					break
				}
				t.Fatal(err)
			}
		}
		count := func() uint64 {
			n := uint64(0)
			for _, r := range filter.Stats().Refused {
				n += r
			}
			return n
		}
		waitFor(t, "the flood was looked at", func() bool { return count() >= uint64(total/2)-peerTopicBurst })
		honest := newHarvester(t, relay, "127.0.10.1")
		honest.say(subscribe(CycleTopic("506")))
		waitFor(t, "an honest peer is served", func() bool { return holders(ps, []string{CycleTopic("506")}, honest.host.ID()) == 1 })
		y.host.Close()
		honest.host.Close()
	}
	waitFor(t, "all topics are gone", func() bool { return filter.Stats().Topics == 0 })
	after := heap()
	t.Logf("%d topics: heap %d KiB before, %d KiB after; refused %v", total, before>>10, after>>10, filter.Stats().Refused)
	if after > 2*before+4<<20 {
		t.Errorf("heap grew from %d to %d KiB", before>>10, after>>10)
	}
}
