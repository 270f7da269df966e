package gossip

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip/wire"
)

// TestDocumentedMessages re-creates the examples of protocol.go.
func TestDocumentedMessages(t *testing.T) {
	signed, _ := docExample(t)
	sheet := *signed
	sheet.Region = "506"
	pool := NewPool(at(noon))
	if _, err := pool.Add(&sheet); err != nil {
		t.Fatal(err)
	}
	key := ed25519.NewKeyFromSeed(append(make([]byte, 31), 5))
	rules := DefaultRules()
	cycle := rules.CycleAt(noon)
	tick := rules.TickOf(cycle)
	digest := pool.Digest("506", tick)
	topic := PoolTopic("50")

	quiet := must(SignCycle(key, cycle, "506", digest, nil))[0]
	news := must(SignCycle(key, cycle, "506", digest, []*Signed{&sheet}))[0]
	for _, m := range [][]byte{quiet, news} {
		if _, err := OpenCycle(m, must(peer.Decode(testPeer(5)))); err != nil {
			t.Fatal(err)
		}
	}
	overview := syncRequest{Version: 1, At: unixOf(noon), Zones: []zoneRoot{{"50", rootsOf(pool.View(), func(string) bool { return true }, noon)["50"]}}}
	before := askFor(&View{}, "506", noon)
	after := askFor(pool.View(), "506", noon)
	digests := syncFrame{Digests: []regionDigest{{"506", [digestBytes]byte(digest[:digestBytes])}}}
	sheets := syncFrame{Sheets: [][]byte{sheet.Raw}}
	end := syncFrame{End: &syncEnd{Digest: digest, Cycle: cycle, At: unixOf(tick)}}
	frame := func(v any) []byte {
		var b strings.Builder
		if err := wire.WriteObject(&b, v); err != nil {
			t.Fatal(err)
		}
		return []byte(b.String())
	}

	head, found := strings.CutSuffix(hex.EncodeToString(frame(sheets)), hex.EncodeToString(sheet.Raw))
	if !found {
		t.Fatal("a frame of one sheet does not end with it")
	}
	var want strings.Builder
	show := func(name string, data []byte) { fmt.Fprintf(&want, "//\t%s\n%s", name, hexLines(data)) }
	show("ID of the sheet as a message on "+topic, []byte(messageID(&pb.Message{Topic: &topic, Data: sheet.Raw})))
	show(fmt.Sprintf("cycle message of cycle %d without news", cycle), quiet)
	show("the same with the sheet: payload before the sheet", payloadHead(t, news, sheet.Raw))
	show("request for the digests of zone 50, by a pool with the sheet, as a frame", frame(overview))
	show("request for the digests of all regions, as a frame", frame(syncRequest{Version: 1, At: unixOf(noon)}))
	show("answer: digests, then the end", append(frame(digests), frame(syncFrame{End: &syncEnd{Cycle: cycle, At: unixOf(tick)}})...))
	show("request for region 506 by an empty pool", frame(before))
	show("answer: before the sheet, and after it", append(must(hex.DecodeString(head)), frame(end)...))
	show("request for region 506 by a pool with the sheet", frame(after))
	show("answer: the end", frame(end))
	doc := string(must(os.ReadFile("protocol.go")))
	if !strings.Contains(doc, want.String()) {
		t.Errorf("protocol.go does not show:\n%s", want.String())
	}
}

// payloadHead is the payload of a cycle message up to its only sheet.
func payloadHead(t *testing.T, message, sheet []byte) []byte {
	t.Helper()
	payload := must(wire.ParseSigned(message)).Payload
	head, found := strings.CutSuffix(string(payload), string(sheet))
	if !found {
		t.Fatal("the payload does not end with the sheet")
	}
	return []byte(head)
}

// TestDocumentedLimits: each number that the documentation names is the one in force.
func TestDocumentedLimits(t *testing.T) {
	doc := strings.ReplaceAll(string(must(os.ReadFile("protocol.go"))), "\n// ", " ")
	for _, want := range []string{
		fmt.Sprintf("at most %d KiB and names at most %d", RelayProfile().MaxMessageBytes>>10, maxRPCSubscriptions),
		fmt.Sprintf("first %d bytes of SHA-256 over topic", messageIDBytes),
		fmt.Sprintf("topics held at a time         %d                         -                         %d", maxPeerTopics, maxRelayTopics),
		fmt.Sprintf("topics never held before      %d, then 1 a minute       %d, then 1 in %.0f minutes", peerTopicBurst, subnetTopicBurst, subnetTopicEvery.Minutes()),
		fmt.Sprintf("kept after the last contact   %.0f minutes                %.0f hours", forgetPeerAfter.Minutes(), forgetSubnetAfter.Hours()),
		fmt.Sprintf("may publish %d sheets", sheetBurst),
		fmt.Sprintf("at most %d different regions", maxSubnetRegions),
		fmt.Sprintf("a margin, %.0f seconds", releaseMargin.Seconds()),
		fmt.Sprintf("at most %d KiB. Its payload", maxCycleBytes>>10),
		fmt.Sprintf("uint, 1 to %d", maxCycleParts),
		fmt.Sprintf("at most %d signed sheets", maxCycleSheets),
		fmt.Sprintf("or %.0f seconds (at most a quarter", partGrace.Seconds()),
		fmt.Sprintf("(at most %.0f s) more", silenceGrace.Seconds()),
		fmt.Sprintf("requests at most %d KiB, answers at most %d KiB", maxSyncRequest>>10, maxSyncFrame>>10),
		"at most 1,024; absent when nothing",
		fmt.Sprintf("the first %d bytes of the sheet's hash", markBytes),
		fmt.Sprintf("2 root (%d bytes); at most %d", rootBytes, maxZones),
		fmt.Sprintf("2 first %d bytes of its digest", digestBytes),
		fmt.Sprintf("reached %d MiB", maxSyncAnswer>>20),
		fmt.Sprintf("this peer %d at once and then one in %.0f s, all %d", syncBurst, syncEvery.Seconds(), maxSyncStreams),
		fmt.Sprintf("more than %d requests on a stream (2,048 by", maxClientRequests),
		fmt.Sprintf("%.0f seconds without a request, %.0f minutes", syncIdle.Seconds(), syncTotal.Minutes()),
		fmt.Sprintf("after %d sheets that no honest", maxSyncRefused),
		fmt.Sprintf("after %d answers", maxSyncRounds),
	} {
		if !strings.Contains(doc, want) {
			t.Errorf("not documented: %q", want)
		}
	}
	if maxRelayRequests != 2048 || MaxRegionSheets != 1024 {
		t.Error("numbers in words changed")
	}
}
