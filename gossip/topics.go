package gossip

import "strings"

const topicPrefix = "/pieks/1/"

const (
	poolPrefix  = topicPrefix + "pool/"
	cyclePrefix = topicPrefix + "cycle/"

	// NetworkTopic carries the network bundle. Any peer may join it.
	NetworkTopic = topicPrefix + "network"
)

// PoolTopic joins the fronts and relays of a zone, the first two digits of a region's name: "/pieks/1/pool/50".
func PoolTopic(zone string) string { return poolPrefix + zone }

// CycleTopic carries what one relay sends its own patients of a region: "/pieks/1/cycle/506".
func CycleTopic(region string) string { return cyclePrefix + region }

// ZoneOfTopic reads the zone out of a pool topic.
func ZoneOfTopic(topic string) (zone string, ok bool) {
	zone, ok = strings.CutPrefix(topic, poolPrefix)
	return zone, ok && isZone(zone)
}

// RegionOfTopic reads the region out of a cycle topic. Whether the map has that region is not checked.
func RegionOfTopic(topic string) (region string, ok bool) {
	region, ok = strings.CutPrefix(topic, cyclePrefix)
	return region, ok && isRegionText(region)
}

// isTopic says whether a topic has one of the three forms. All other names are refused before they take up memory.
func isTopic(topic string) bool {
	if len(topic) > maxTopicBytes {
		return false
	}
	_, zone := ZoneOfTopic(topic)
	_, region := RegionOfTopic(topic)
	return zone || region || topic == NetworkTopic
}

func isZone(s string) bool { return len(s) == 2 && isDigits(s) }

// isRegionText accepts "506" and "506+2", and nothing that a map could never have: no wildcard, no other alphabet.
func isRegionText(s string) bool {
	first, more, merged := strings.Cut(s, "+")
	return len(s) <= maxAreaText && len(first) == 3 && isDigits(first) && (!merged || more != "" && isDigits(more))
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
