package disclosure

import (
	"fmt"
	"slices"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Mark says which lists of one relay somebody has: the highest number, and of the 64 up to it each one, as a bit. Older ones count
// as known. A list that came out of order is thus neither missed nor fetched twice.
type Mark struct {
	Relay []byte `cbor:"1,keyasint"` // peer ID in binary
	Top   uint64 `cbor:"2,keyasint"`
	Have  uint64 `cbor:"3,keyasint"` // bit i: the list Top-i is known; bit 0 is set
}

// Known is all lists that somebody has, at most 64 relays, in ascending order of their IDs.
type Known []Mark

type marksMessage struct {
	Known Known `cbor:"1,keyasint"`
}

// Has says whether a list counts as known.
func (k Known) Has(relay peer.ID, number uint64) bool {
	i, ok := k.find(relay)
	if !ok || number > k[i].Top {
		return false
	}
	behind := k[i].Top - number
	return behind >= markSpan || k[i].Have>>behind&1 == 1
}

// With is k and one more list. Of a 65th relay nothing is remembered: its lists are fetched again.
func (k Known) With(relay peer.ID, number uint64) Known {
	i, ok := k.find(relay)
	if !ok {
		if len(k) >= maxMarks {
			return k
		}
		return slices.Insert(slices.Clone(k), i, Mark{Relay: []byte(relay), Top: number, Have: 1})
	}
	k = slices.Clone(k)
	m := &k[i]
	switch {
	case number > m.Top:
		if ahead := number - m.Top; ahead < markSpan {
			m.Have = m.Have<<ahead | 1
		} else {
			m.Have = 1
		}
		m.Top = number
	case m.Top-number < markSpan:
		m.Have |= 1 << (m.Top - number)
	}
	return k
}

func (k Known) find(relay peer.ID) (int, bool) {
	return slices.BinarySearchFunc(k, []byte(relay), func(m Mark, id []byte) int { return slices.Compare(m.Relay, id) })
}

// check is the form of marks from a stranger.
func (k Known) check() error {
	if len(k) > maxMarks {
		return fmt.Errorf("%w: %d relays named", ErrMalformed, len(k))
	}
	for i, m := range k {
		if len(m.Relay) == 0 || len(m.Relay) > maxPeerID || m.Have&1 == 0 || m.Top == 0 {
			return ErrMalformed
		}
		if i > 0 && slices.Compare(k[i-1].Relay, m.Relay) >= 0 {
			return ErrMalformed
		}
	}
	return nil
}
