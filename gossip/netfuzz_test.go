package gossip

import (
	"bytes"
	"testing"

	ma "github.com/multiformats/go-multiaddr"

	"pieks/gossip/wire"
)

func multi(text string) ma.Multiaddr { return ma.StringCast(text) }

// FuzzOpenCycle: nothing that the relay did not sign is read, and what is read is within its limits.
func FuzzOpenCycle(f *testing.F) {
	key, relay := relayKey(1)
	good := must(SignCycle(key, 9, "506", [32]byte{1}, []*Signed{{Raw: []byte("sheet")}}))[0]
	f.Add(good)
	f.Add(must(wire.SignObject(CycleType, key, CycleMessage{Version: 2})))
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := OpenCycle(data, relay); err == nil && !bytes.Equal(data, good) {
			t.Fatalf("forged: %+v", m)
		}
	})
}

// FuzzSyncRequest: what is read is within its limits and has one encoding.
func FuzzSyncRequest(f *testing.F) {
	f.Add(must(wire.Marshal(syncRequest{Version: 1, Region: "506", Have: []Have{{P: [8]byte{1}, Seq: 5}}, Marks: []byte{1, 2, 3, 4}, At: 7})))
	f.Add(must(wire.Marshal(syncRequest{Version: 1, At: 7, Zones: []zoneRoot{{Zone: "50"}}})))
	f.Add(must(wire.Marshal(syncRequest{Version: 2})))
	f.Fuzz(func(t *testing.T, data []byte) {
		q, err := decodeSyncRequest(data)
		if err != nil {
			return
		}
		if again := must(wire.Marshal(q)); !bytes.Equal(again, data) {
			t.Fatal("two encodings")
		}
		if q.Version == syncVersion {
			view := &View{}
			lacking(view, q, timeOf(q.At))
			digestsFor(view, q, func(string) bool { return true }, timeOf(q.At))
		}
	})
}

// FuzzSyncFrame: what is read is one of the three frames, with regions that could exist.
func FuzzSyncFrame(f *testing.F) {
	f.Add(must(wire.Marshal(syncFrame{Sheets: [][]byte{{1}}})))
	f.Add(must(wire.Marshal(syncFrame{Digests: []regionDigest{{Region: "506"}}})))
	f.Add(must(wire.Marshal(syncFrame{End: &syncEnd{Cycle: 1, At: 2, More: true}})))
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, err := decodeSyncFrame(data)
		if err != nil {
			return
		}
		if again := must(wire.Marshal(frame)); !bytes.Equal(again, data) {
			t.Fatal("two encodings")
		}
		for _, d := range frame.Digests {
			if !isTopic(CycleTopic(d.Region)) {
				t.Fatalf("region %q", d.Region)
			}
		}
	})
}

// FuzzTopics: topic names come from strangers.
func FuzzTopics(f *testing.F) {
	f.Add(PoolTopic("50"))
	f.Add(CycleTopic("506+2"))
	f.Fuzz(func(t *testing.T, topic string) {
		if zone, ok := ZoneOfTopic(topic); ok && PoolTopic(zone) != topic {
			t.Fatal(topic)
		}
		if region, ok := RegionOfTopic(topic); ok && CycleTopic(region) != topic {
			t.Fatal(topic)
		}
		if isTopic(topic) && len(topic) > maxTopicBytes {
			t.Fatal(topic)
		}
	})
}
