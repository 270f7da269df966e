package gossip

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"pgregory.net/rapid"
)

func TestBudgetOfAPeer(t *testing.T) {
	b := newBudgets()
	topic := func(i int) string { return CycleTopic(fmt.Sprintf("%03d", i)) }
	now := noon
	for i := range maxPeerTopics {
		if why := b.take("p", Subnet{}, topic(i), false, now); why != "" {
			t.Fatalf("topic %d: %s", i, why)
		}
	}
	if why := b.take("p", Subnet{}, topic(99), false, now); why != AbuseCap {
		t.Errorf("one topic too many: %q", why)
	}
	if why := b.take("p", Subnet{}, topic(0), false, now); why != "" {
		t.Errorf("a topic that is held: %s", why)
	}
	// Rotating through topics is paid for; the same ones again are not.
	taken := maxPeerTopics
	for i := maxPeerTopics; i < 400; i++ {
		b.drop("p", topic(i-1))
		if b.take("p", Subnet{}, topic(i), false, now) == "" {
			taken++
		}
	}
	if taken != peerTopicBurst {
		t.Errorf("a harvester took %d topics at once", taken)
	}
	b.drop("p", topic(0))
	if why := b.take("p", Subnet{}, topic(0), false, now); why != "" {
		t.Errorf("a topic that was paid for: %s", why)
	}
	if why := b.take("p", Subnet{}, topic(500), false, now.Add(peerTopicEvery)); why != "" {
		t.Errorf("after a while: %s", why)
	}
	// Coming back does not renew the budget, staying away does.
	b.left("p", now)
	if why := b.take("p", Subnet{}, topic(600), false, now.Add(time.Second)); why != AbuseRate {
		t.Errorf("after a reconnect: %q", why)
	}
	b.left("p", now)
	if why := b.take("p", Subnet{}, topic(600), false, now.Add(forgetPeerAfter+time.Minute)); why != "" || len(b.peers["p"].known) != 1 {
		t.Errorf("after a long time: %q", why)
	}
}

func TestBudgetOfARelay(t *testing.T) {
	b := newBudgets()
	for zone := range maxZones {
		if why := b.take("relay", Subnet{}, PoolTopic(fmt.Sprintf("%02d", zone)), true, noon); why != "" {
			t.Fatalf("zone %d: %s", zone, why)
		}
	}
}

func TestBudgetOfASubnet(t *testing.T) {
	b := newBudgets()
	from := subnetOfIP(netip.MustParseAddr("93.184.216.34"), false)
	taken := make(map[string]bool)
	for i := range 50 {
		for j := range maxPeerTopics {
			topic := CycleTopic(fmt.Sprintf("%03d", i*maxPeerTopics+j))
			if b.take(peer.ID(rune(i)), from, topic, false, noon) == "" {
				taken[topic] = true
			}
		}
	}
	if len(taken) != subnetTopicBurst {
		t.Errorf("50 peers of one subnet took %d topics", len(taken))
	}
	if why := b.take("new", from, CycleTopic("000"), false, noon); why != "" {
		t.Errorf("a topic that the subnet has: %s", why)
	}
	if why := b.take("new", from, CycleTopic("999"), false, noon); why != AbuseSubnet {
		t.Errorf("one topic too many: %q", why)
	}
	if len(b.peers["new"].held) != 1 {
		t.Error("a refused topic is held")
	}
}

func TestRevokeIsGentleThreeTimes(t *testing.T) {
	b := newBudgets()
	for i := range 5 {
		b.take("p", Subnet{}, CycleTopic("506"), false, noon)
		if gentle := b.revoke("p", []string{CycleTopic("506")}, noon); gentle != (i < revokeGentle) {
			t.Errorf("time %d: gentle %v", i+1, gentle)
		}
	}
	if len(b.peers["p"].held) != 0 {
		t.Error("still held")
	}
	if !b.revoke("p", nil, noon.Add(forgetPeerAfter+time.Second)) {
		t.Error("not forgotten")
	}
}

// TestBudgetProperties: no order of subscribing, leaving and time gives a peer or subnet more than its budget.
func TestBudgetProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBudgets()
		from := subnetOfIP(netip.MustParseAddr("2001:db8::1"), false)
		start, now := noon, noon
		ever := make(map[string]bool)
		everBy := make(map[peer.ID]map[string]bool)
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			p := peer.ID(rapid.StringMatching("[a-f]").Draw(t, "peer"))
			topic := CycleTopic(fmt.Sprintf("%03d", rapid.IntRange(0, 200).Draw(t, "topic")))
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				now = now.Add(time.Duration(rapid.IntRange(0, 120).Draw(t, "seconds")) * time.Second)
			case 1:
				b.left(p, now)
			case 2:
				b.drop(p, topic)
			default:
				if b.take(p, from, topic, false, now) == "" {
					ever[topic] = true
					if everBy[p] == nil {
						everBy[p] = make(map[string]bool)
					}
					everBy[p][topic] = true
				}
			}
			if pb := b.peers[p]; pb != nil && len(pb.held) > maxPeerTopics {
				t.Fatalf("holds %d topics", len(pb.held))
			}
		}
		passed := now.Sub(start)
		if most := subnetTopicBurst + int(passed/subnetTopicEvery) + 1; len(ever) > most {
			t.Fatalf("subnet took %d topics in %s", len(ever), passed)
		}
		for p, topics := range everBy {
			// A peer may be forgotten once in forgetPeerAfter.
			most := (peerTopicBurst+int(passed/peerTopicEvery)+1)*(1+int(passed/forgetPeerAfter)) + 1
			if len(topics) > most {
				t.Fatalf("peer %s took %d topics in %s", p, len(topics), passed)
			}
		}
	})
}

func TestEvictOldest(t *testing.T) {
	m := map[int]time.Time{1: noon.Add(2), 2: {}, 3: noon.Add(1), 4: noon.Add(3)}
	evictOldest(m, 5, func(t time.Time) time.Time { return t })
	if len(m) != 4 {
		t.Fatal("evicted with room left")
	}
	evictOldest(m, 4, func(t time.Time) time.Time { return t })
	if _, gone := m[3]; len(m) != 3 || gone {
		t.Errorf("kept %v", m)
	}
	used := map[int]time.Time{1: {}}
	evictOldest(used, 1, func(t time.Time) time.Time { return t })
	if len(used) != 0 {
		t.Error("no room was made among entries that are all in use")
	}
}

func TestSubnets(t *testing.T) {
	for _, c := range []struct {
		addr  string
		local bool
		want  string
	}{
		{"/ip4/93.184.216.34/udp/4041/quic-v1", false, "93.184.216.0/24"},
		{"/ip6/2001:db8:1:22ff::1/tcp/1", false, "2001:db8:1:2200::/56"},
		{"/ip6/::ffff:93.184.216.34/tcp/1", false, "93.184.216.0/24"},
		{"/ip4/127.0.5.7/udp/1/quic-v1", false, ""},
		{"/ip4/127.0.5.7/udp/1/quic-v1", true, "127.0.5.0/24"},
		{"/ip4/192.168.1.1/tcp/1", false, ""},
		{"/ip6/::1/tcp/1", false, ""},
		{"/ip6/fe80::1/tcp/1", false, ""},
		{"/ip4/93.184.216.34/udp/1/quic-v1/p2p/12D3KooWKnDdG3iXw9eTFijk3EWSunZcFi54Zka4wmtqtt6rPxc8/p2p-circuit", true, ""},
		{"/dns4/example.org/tcp/1", true, ""},
	} {
		got := SubnetOf(multi(c.addr), c.local)
		if got.Counts() != (c.want != "") || c.want != "" && got.prefix.String() != c.want {
			t.Errorf("%s: %s, want %q", c.addr, got.prefix, c.want)
		}
	}
	if SubnetOf(nil, true).Counts() {
		t.Error("no address counts")
	}
}
