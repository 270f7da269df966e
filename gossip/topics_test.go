package gossip

import (
	"strings"
	"testing"
)

func TestTopics(t *testing.T) {
	for topic, want := range map[string]bool{
		PoolTopic("50"): true, CycleTopic("506"): true, CycleTopic("506+2"): true, CycleTopic("101+12"): true, NetworkTopic: true,
		"": false, "/pieks/1/": false, "/pieks/1/pool/": false, "/pieks/1/pool/5": false, "/pieks/1/pool/506": false,
		"/pieks/1/pool/٥٠": false, "/pieks/1/pool/*": false, "/pieks/1/cycle/50667": false, "/pieks/1/cycle/506+": false,
		"/pieks/1/cycle/+2": false, "/pieks/1/cycle/506+x": false, "/pieks/2/network": false, "/pieks/1/networks": false,
		"/pieks/1/cycle/506+" + strings.Repeat("1", 60): false,
	} {
		if isTopic(topic) != want {
			t.Errorf("%q: %v", topic, !want)
		}
	}
	for _, region := range network().policy.Map.Regions() {
		if r, ok := RegionOfTopic(CycleTopic(region)); !ok || r != region {
			t.Fatalf("region %s of the map has no topic", region)
		}
		if z, ok := ZoneOfTopic(PoolTopic(network().policy.Map.Zone(region))); !ok || z != zoneOf(region) {
			t.Fatalf("zone of region %s: %s", region, z)
		}
	}
}
