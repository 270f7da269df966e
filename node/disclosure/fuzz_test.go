package disclosure

import (
	"bytes"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip/wire"
	"pieks/node/host/hosttest"
)

// refit writes an accepted message again: there is one encoding.
func refit(t *testing.T, size int, v any, data []byte) {
	t.Helper()
	if again, err := pad(size, v); err != nil || !bytes.Equal(again, data) {
		t.Fatalf("two encodings: %v", err)
	}
}

func FuzzHead(f *testing.F) {
	f.Add(must(pad(headBytes, head{Version: version, Kind: kindRegister, Reference: "000000", Commitment: make([]byte, 32), Dummy: true})))
	f.Add(must(pad(headBytes, head{Version: version, Kind: kindLists})))
	f.Fuzz(func(t *testing.T, data []byte) {
		var h head
		if unpad(data, headBytes, &h) != nil {
			return
		}
		refit(t, headBytes, h, data)
		if checkHead(h) == StatusOK && (h.Kind < kindRegister || h.Kind > kindLists || (h.Kind == kindCollect && (len(h.Commitment) != 32 || len(h.Reference) != 6))) {
			t.Fatal("accepted another shape")
		}
	})
}

func FuzzParcel(f *testing.F) {
	f.Add(must(wire.Marshal(parcel{Data: []byte("opaque"), Secret: [32]byte{1}, CMS: []byte{1}})))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > packageBytes-paddedPrefix {
			return
		}
		var p parcel
		if wire.Unmarshal(data, &p) == nil && checkParcel(p) == StatusOK && (len(p.Data) == 0 || len(p.Data) > MaxData || len(p.CMS) > maxAuthorisation) {
			t.Fatal("accepted another shape")
		}
	})
}

func FuzzSignature(f *testing.F) {
	f.Add(must(pad(authorisationBytes, signature{CMS: []byte{1, 2, 3}})))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s signature
		if unpad(data, authorisationBytes, &s) == nil {
			refit(t, authorisationBytes, s, data)
			_, _ = checkFor(s.CMS, peerOf(hosttest.Key(1)), Commitment{}, testRoots(), noon)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add(must(pad(answerBytes, answer{Version: version, Until: 1, Commitment: make([]byte, 32)})), uint8(kindLookup))
	f.Add(must(pad(collectBytes, answer{Version: version, CMS: []byte{1}})), uint8(kindCollect))
	f.Add(must(pad(answerBytes, answer{Version: version, Status: StatusBusy})), uint8(kindPost))
	f.Fuzz(func(t *testing.T, data []byte, k uint8) {
		var a answer
		if unpad(data, answerSize(kind(k)), &a) != nil || checkAnswer(kind(k), a) != nil {
			return
		}
		if a.Lists > maxListsPerFetch || (kind(k) == kindLookup && len(a.Commitment) != 32) || (kind(k) == kindCollect && len(a.CMS) == 0) {
			t.Fatal("accepted another shape")
		}
	})
}

func FuzzMarks(f *testing.F) {
	f.Add(must(wire.Marshal(marksMessage{Known: Known{}.With(peerOf(hosttest.Key(1)), 7).With(peerOf(hosttest.Key(2)), 70)})))
	f.Fuzz(func(t *testing.T, data []byte) {
		var m marksMessage
		if wire.Unmarshal(data, &m) != nil || m.Known.check() != nil {
			return
		}
		for _, mark := range m.Known {
			if id := peer.ID(mark.Relay); !m.Known.Has(id, mark.Top) || m.Known.Has(id, mark.Top+1) && mark.Top+1 != 0 {
				t.Fatal("a mark does not name its own list")
			}
		}
		if more := m.Known.With(peerOf(hosttest.Key(3)), 5); more.check() != nil {
			t.Fatal("marks cannot be added to")
		}
	})
}

// FuzzList signs what the fuzzer makes, as a hostile relay of the network would.
func FuzzList(f *testing.F) {
	relay := peerOf(hosttest.Key(70))
	f.Add(must(wire.Marshal(content{Version: version, Relay: []byte(relay), Number: 1, Issued: uint64(noon.Unix()), Items: [][32]byte{{1}}})))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		signed := must(wire.Sign(listType, hosttest.Key(70), data))
		l, hashes, err := readList(signed, anyRelay, noon)
		if err == nil && (l.Relay != relay || l.Number == 0 || len(hashes) == 0 || len(hashes) > maxItems) {
			t.Fatal("accepted another shape")
		}
	})
}
