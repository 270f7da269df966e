package directory

import (
	"bytes"
	"io"
	"testing"
	"time"

	"pieks/gossip/wire"
	"pieks/node/host/hosttest"
)

// seedListing is a listing with a card that is no card, which Parse does not look into.
func seedListing() Listing {
	return must(Sign(hosttest.Key(1), 7, Draft{
		Enrolment: []byte("card"), Alias: "Am Dom", Hours: []Hours{{1, 480, 720}}, Relays: []string{"12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"},
	}, time.Unix(1796126400, 0)))
}

// Nothing but what Key(1) signed is taken for a listing of its own, and what is taken is within its bounds.
func FuzzParse(f *testing.F) {
	signed, enrolment := seedListing().Bytes()
	gone, _ := must(Withdraw(hosttest.Key(1), 8, time.Unix(1796126400, 0))).Bytes()
	f.Add(signed, enrolment)
	f.Add(gone, []byte{})
	f.Fuzz(func(t *testing.T, data, card []byte) {
		l, err := Parse(data, card)
		if err != nil {
			return
		}
		if err := l.check(); err != nil || l.ExpiresAt().Sub(l.IssuedAt()) > maxLife {
			t.Fatalf("%+v %v", l, err)
		}
		if l.Device == seedListing().Device && !bytes.Equal(data, signed) && !bytes.Equal(data, gone) {
			t.Fatal("forged")
		}
	})
}

// kept values come from the own store; still none makes the node fall.
func FuzzKept(f *testing.F) {
	signed, enrolment := seedListing().Bytes()
	f.Add(must(wire.Marshal(kept{Listing: signed, Card: enrolment, Until: 1796126400, Licence: &licence{Profession: "x"}})))
	f.Fuzz(func(t *testing.T, data []byte) {
		var k kept
		if wire.Unmarshal(data, &k) != nil {
			return
		}
		if l, by, err := k.read(); err == nil {
			_ = itemOf(l, by, true)
		}
	})
}

// An index from a relay is read to its end or refused, and never wants more than fits into one question.
func FuzzReadIndex(f *testing.F) {
	r := (&item{device: [32]byte{1}, seq: 1}).row()
	f.Add(append(append([]byte{0, 0, 0, rowBytes}, r[:]...), 0, 0, 0, 0))
	f.Add([]byte{0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		s := &shelf{index: newIndex(), refused: map[row]bool{}}
		s.index.put(&item{device: [32]byte{1}, seq: 5})
		wants, _, err := s.readIndex(bytes.NewReader(data))
		if err == nil && (len(wants) > maxWants || len(wants)*rowBytes > len(data)) {
			t.Fatal(len(wants))
		}
		for _, w := range wants {
			if w.row.key() == (key{1}) && w.row.seq() <= 5 {
				t.Fatal("wants what it has")
			}
		}
	})
}

// Messages have one encoding.
func FuzzMessages(f *testing.F) {
	f.Add(must(wire.Marshal(head{Version: 1, Kind: kindPut})))
	f.Add(must(wire.Marshal(answer{Version: 1, Code: codeBusy})))
	f.Add(must(wire.Marshal(record{Listing: []byte{1}, Card: []byte{2}})))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, v := range []any{&head{}, &answer{}, &record{}} {
			if wire.Unmarshal(data, v) != nil {
				continue
			}
			if again := must(wire.Marshal(v)); !bytes.Equal(again, data) {
				t.Fatal("two encodings")
			}
		}
		var framed bytes.Buffer
		_ = wire.WriteFrame(&framed, data)
		if err := readAnswer(io.LimitReader(&framed, 1<<16)); err == nil && len(data) > answerBytes {
			t.Fatal("a long answer")
		}
	})
}
