package gossip

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	p2pnet "github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-msgio"
)

// spy is a node that speaks pubsub by hand, without any of its rules. It notes every message that it is sent.
type spy struct {
	*simNode
	heard chan string
	out   p2pnet.Stream
}

func (s *sim) newSpy() *spy {
	y := &spy{simNode: s.newNode(0, 0, homeUplink), heard: make(chan string, 1000)}
	y.host.SetStreamHandler(pubsub.GossipSubID_v11, y.hear)
	y.host.SetStreamHandler(pubsub.FloodSubID, y.hear)
	return y
}

// spy makes one that is connected to a relay and subscribes to topics.
func (s *sim) spy(relay *simRelay, admitted bool, topics ...string) *spy {
	y := s.newSpy()
	if admitted {
		relay.admitted.Store(y.host.ID(), "50")
	}
	y.connect(relay.simNode)
	y.say(relay, subscribe(topics...))
	return y
}

func (y *spy) hear(stream p2pnet.Stream) {
	in := msgio.NewVarintReaderSize(stream, 1<<20)
	for {
		data, err := in.ReadMsg()
		if err != nil {
			return
		}
		var rpc pb.RPC
		if err := rpc.Unmarshal(data); err != nil {
			return
		}
		for _, sub := range rpc.GetSubscriptions() {
			if _, pool := ZoneOfTopic(sub.GetTopicid()); !pool || !y.s.isRelay[stream.Conn().RemotePeer()] {
				y.heard <- "subscription " + sub.GetTopicid() // all but the pools of a relay, which are no secret
			}
		}
		for _, m := range rpc.GetPublish() {
			y.heard <- m.GetTopic()
		}
		for _, h := range rpc.GetControl().GetIhave() {
			y.heard <- "ihave " + h.GetTopicID()
		}
	}
}

// say sends an RPC to the relay.
func (y *spy) say(relay *simRelay, rpc *pb.RPC) {
	y.s.t.Helper()
	if y.out == nil {
		stream, err := y.host.NewStream(context.Background(), relay.host.ID(), pubsub.GossipSubID_v11)
		if err != nil {
			y.s.t.Fatal(err)
		}
		y.out = stream
	}
	if err := msgio.NewVarintWriter(y.out).WriteMsg(must(rpc.Marshal())); err != nil {
		y.s.t.Errorf("say: %v", err)
	}
}

func (y *spy) listen() []string {
	var topics []string
	for {
		select {
		case topic := <-y.heard:
			topics = append(topics, topic)
		default:
			slices.Sort(topics)
			return slices.Compact(topics)
		}
	}
}

func subscribe(topics ...string) *pb.RPC {
	yes, rpc := true, &pb.RPC{}
	for _, topic := range topics {
		rpc.Subscriptions = append(rpc.Subscriptions, &pb.RPC_SubOpts{Subscribe: &yes, Topicid: &topic})
	}
	return rpc
}

func graft(topics ...string) *pb.RPC {
	rpc := &pb.RPC{Control: &pb.ControlMessage{}}
	for _, topic := range topics {
		rpc.Control.Graft = append(rpc.Control.Graft, &pb.ControlGraft{TopicID: &topic})
	}
	return rpc
}

func messages(topic string, data ...[]byte) *pb.RPC {
	rpc := &pb.RPC{}
	for _, d := range data {
		rpc.Publish = append(rpc.Publish, &pb.Message{Data: d, Topic: &topic})
	}
	return rpc
}

// TestStrangersHearNothing: neither by subscribing, nor by a GRAFT without a subscription, which pubsub would take, nor
// by asking for messages. An admitted spy does hear the pool, which shows that the test would notice.
func TestStrangersHearNothing(t *testing.T) {
	simulate(t, func(s *sim) {
		relay := s.relay(0, 0)
		relay.broadcast()
		front, client := s.front(1, 0, 0, relay), s.client(relay, 0, "506")
		pool, cycle := PoolTopic("50"), CycleTopic("506")
		stranger := s.spy(relay, false, pool, cycle)
		grafter := s.spy(relay, false)
		control := s.spy(relay, true, pool)
		time.Sleep(3 * time.Second)
		grafter.say(relay, graft(pool, cycle))
		control.say(relay, graft(pool, cycle))
		time.Sleep(time.Second)
		sheet := front.publish(1, 5)
		time.Sleep(2 * time.Second)
		id := messageID(messages(pool, sheet.Raw).Publish[0])
		grafter.say(relay, &pb.RPC{Control: &pb.ControlMessage{Iwant: []*pb.ControlIWant{{MessageIDs: []string{id}}}}})
		s.nextTick()
		if !client.has(sheet) {
			t.Fatal("the patient did not get the sheet")
		}
		for name, y := range map[string]*spy{"stranger": stranger, "grafter": grafter} {
			if got := y.listen(); len(got) != 0 {
				t.Errorf("%s heard %v", name, got)
			}
		}
		if got := control.listen(); !slices.Contains(got, pool) || slices.Contains(got, cycle) {
			t.Errorf("the admitted spy heard %v", got)
		}
		for _, topic := range []string{pool, cycle} {
			for _, p := range relay.ps.ListPeers(topic) {
				if p == stranger.host.ID() || p == grafter.host.ID() {
					t.Errorf("the relay counts a stranger in %s", topic)
				}
			}
		}
	})
}

// TestPatientsDoNotPublish: neither into the pool nor to other patients, and what they send is not marked as seen.
func TestPatientsDoNotPublish(t *testing.T) {
	simulate(t, func(s *sim) {
		relay := s.relay(0, 0)
		relay.broadcast()
		front, other := s.front(1, 0, 0, relay), s.client(relay, 0, "506")
		y := s.spy(relay, false)
		must(relay.claims.Claim(y.host.ID(), Subnet{}, "506", nil, relay.now()))
		time.Sleep(3 * time.Second)
		y.say(relay, subscribe(CycleTopic("506")))
		sheet := front.sheetAt(1, 5)
		forged := must(SignCycle(front.sheet.key, s.rules.CycleAt(s.now()), "506", [32]byte{}, []*Signed{sheet}))
		for range 3 {
			y.say(relay, messages(PoolTopic("50"), sheet.Raw))
			y.say(relay, messages(CycleTopic("506"), forged...))
		}
		time.Sleep(2 * time.Second)
		if relay.pool.Len() != 0 {
			t.Fatal("a patient published into the pool")
		}
		if n := relay.filter.Stats().Unheard; n != 6 {
			t.Errorf("%d messages unheard", n)
		}
		// The practice publishes the very same bytes afterwards: they must count.
		if err := front.feed.Publish(context.Background(), sheet); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		if !relay.has(sheet) {
			t.Error("a patient censored a sheet by sending it first")
		}
		if len(other.states()) != 0 || other.pool.Len() != 0 {
			t.Error("a patient reached another one")
		}
	})
}

// TestMessageIDPoisoning is p2p.md A4: invalid twins of a sheet come first, the valid one still counts.
func TestMessageIDPoisoning(t *testing.T) {
	simulate(t, func(s *sim) {
		relay := s.relay(0, 0)
		front := s.front(1, 0, 0, relay)
		y := s.spy(relay, true)
		time.Sleep(3 * time.Second)
		sheet := front.sheetAt(1, 5)
		tail, head := bytes.Clone(sheet.Raw), bytes.Clone(sheet.Raw)
		tail[len(tail)-1] ^= 1
		head[20] ^= 1
		y.say(relay, messages(PoolTopic("50"), tail, head, sheet.Raw[:len(sheet.Raw)-1], append(bytes.Clone(sheet.Raw), 0)))
		y.say(relay, messages(NetworkTopic, sheet.Raw)) // same data, other topic
		time.Sleep(time.Second)
		if err := front.feed.Publish(context.Background(), sheet); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if !relay.has(sheet) {
			t.Error("the valid sheet was taken for a duplicate")
		}
		if got := relay.feed.Stats(); got.Rejected != 4 || got.Accepted != 1 {
			t.Errorf("%+v", got)
		}
	})
}

// TestInvalidSpamIsGraylisted is p2p.md A7: after four invalid sheets a peer is not heard any more, and all others are.
func TestInvalidSpamIsGraylisted(t *testing.T) {
	simulate(t, func(s *sim) {
		relay := s.relay(0, 0)
		front, attacker := s.front(1, 0, 0, relay), s.front(2, 0, 0, relay)
		y := s.spy(relay, true, PoolTopic("50"))
		time.Sleep(3 * time.Second)
		bad := front.sheetAt(1, 5)
		for i := range 4 {
			twin := bytes.Clone(bad.Raw)
			twin[len(twin)-1-i] ^= 1
			y.say(relay, messages(PoolTopic("50"), twin))
			time.Sleep(100 * time.Millisecond)
		}
		if got := relay.feed.Stats().Rejected; got != 4 {
			t.Fatalf("%d rejected", got)
		}
		y.listen()
		valid := attacker.sheetAt(1, 1)
		y.say(relay, messages(PoolTopic("50"), valid.Raw))
		time.Sleep(2 * time.Second)
		if relay.has(valid) {
			t.Error("still heard after four invalid sheets")
		}
		sheet := front.publish(2, 3)
		time.Sleep(3 * time.Second)
		if !relay.has(sheet) || !attacker.has(sheet) {
			t.Error("an honest front suffers")
		}
		if got := y.listen(); len(got) != 0 {
			t.Errorf("a graylisted peer is still served: %v", got)
		}
	})
}

// TestOneInvalidMessageIsForgiven: a relay that passes on one sheet that this front's older bundle refuses stays its
// relay.
func TestOneInvalidMessageIsForgiven(t *testing.T) {
	simulate(t, func(s *sim) {
		relay := s.relay(0, 0)
		y := s.spy(relay, true)
		front := s.front(1, 0, 0, relay)
		time.Sleep(3 * time.Second)
		bad := front.sheetAt(1, 5)
		twin := bytes.Clone(bad.Raw)
		twin[len(twin)-1] ^= 1
		y.say(relay, messages(PoolTopic("50"), twin))
		time.Sleep(200 * time.Millisecond)
		good := front.sheetAt(2, 5)
		y.say(relay, messages(PoolTopic("50"), good.Raw))
		time.Sleep(2 * time.Second)
		if !relay.has(good) {
			t.Error("not heard after one invalid sheet")
		}
	})
}

// TestBusyPracticeIsIgnored is p2p.md A6: what one pseudonym publishes too often is ignored, nobody is punished, and
// others are heard.
func TestBusyPracticeIsIgnored(t *testing.T) {
	simulate(t, func(s *sim) {
		relay, second := s.relay(0, 0), s.relay(0, 0)
		relay.connect(second.simNode)
		busy, calm := s.front(1, 0, 0, relay), s.front(2, 0, 0, relay)
		time.Sleep(3 * time.Second)
		for seq := uint64(1); seq <= 200; seq++ {
			busy.publish(seq, 1)
			time.Sleep(20 * time.Millisecond)
		}
		sheet := calm.publish(1, 1)
		time.Sleep(2 * time.Second)
		if got := relay.feed.Stats(); got.Accepted > sheetBurst+4 || got.Rejected != 0 || got.Ignored == 0 {
			t.Errorf("%+v", got)
		}
		if !relay.has(sheet) || !second.has(sheet) {
			t.Error("another practice is not heard")
		}
		time.Sleep(10 * time.Second)
		last := busy.publish(201, 1)
		time.Sleep(2 * time.Second)
		if !relay.has(last) || !second.has(last) {
			t.Error("not heard after a pause")
		}
	})
}

// TestHelloOfARelayOfTheWholeCountry: all its topics are in one RPC that is never split (p2p.md finding 7).
func TestHelloOfARelayOfTheWholeCountry(t *testing.T) {
	simulate(t, func(s *sim) {
		big, other := s.relay(0, 0), s.relay(0, 0)
		big.feed.Close()
		for zone := range maxZones {
			if _, err := JoinPool(big.ps, fmt.Sprintf("%02d", zone), big.check, big.pool, nil); err != nil {
				t.Fatal(err)
			}
		}
		front := s.front(1, 0, 0, big)
		other.connect(big.simNode)
		client := s.client(big, 0, "506")
		time.Sleep(2 * time.Second)
		for _, zone := range []string{"00", "50", "99"} {
			for name, n := range map[string]*simNode{"front": front, "relay": other.simNode} {
				if peers := n.ps.ListPeers(PoolTopic(zone)); !slices.Contains(peers, big.host.ID()) {
					t.Errorf("a %s did not learn zone %s", name, zone)
				}
			}
		}
		if peers := client.ps.ListPeers(PoolTopic("50")); len(peers) != 0 {
			t.Error("a patient keeps topics of its relay")
		}
		if n := other.abuses.Load(); n != 0 {
			t.Errorf("a relay's hello counts as %d abuses", n)
		}
	})
}
