package disclosure

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/gossip/wire"
	"pieks/store"
)

var (
	// listBucket holds signed lists, itemBucket their items; both are public. numberBucket holds the number of the relay's own last list.
	listBucket   = store.NewBucket("disclosure.list")
	itemBucket   = store.NewBucket("disclosure.item")
	numberBucket = store.NewBucket("disclosure.number")
)

var lastNumber = []byte("last")

// record is a part of a list on disk: the signed part with its number of items, or one item.
type record struct {
	Issued uint64 `cbor:"1,keyasint"`
	Data   []byte `cbor:"2,keyasint"`
	Items  uint64 `cbor:"3,keyasint,omitempty"`
	Bytes  uint64 `cbor:"4,keyasint,omitempty"` // of the whole list
}

type counter struct {
	Number uint64 `cbor:"1,keyasint"`
}

// listKey sorts lists by relay and number.
func listKey(relay peer.ID, number uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte(relay), number)
}

func itemKey(relay peer.ID, number uint64, i int) []byte {
	return binary.BigEndian.AppendUint16(listKey(relay, number), uint16(i))
}

// shelved is a list in the index.
type shelved struct {
	relay  peer.ID
	number uint64
	issued time.Time
	hash   [32]byte // of the signed part
	items  int
	bytes  int
}

// shelf is the lists that a relay has: its own and those of others, for two weeks, with an index in memory.
type shelf struct {
	store *store.Store

	mu     sync.Mutex
	lists  map[string]shelved // by listKey
	number uint64             // of the relay's own last list
	forks  int                // lists that contradicted one that was kept
}

func openShelf(s *store.Store) (*shelf, error) {
	keep := func(_, value []byte, now time.Time) bool {
		var r record
		return wire.Unmarshal(value, &r) == nil && !stale(time.Unix(int64(r.Issued), 0), now)
	}
	s.Retain(listBucket, keep)
	s.Retain(itemBucket, keep)
	h := &shelf{store: s, lists: map[string]shelved{}}
	err := s.View(func(tx *store.Tx) error {
		last, err := tx.Get(numberBucket, lastNumber)
		if err != nil {
			return err
		}
		var n counter
		if last != nil {
			if err := wire.Unmarshal(last, &n); err != nil {
				return err
			}
		}
		h.number = n.Number
		return tx.Each(listBucket, func(key, value []byte) error {
			var r record
			if err := wire.Unmarshal(value, &r); err != nil || len(key) <= 8 {
				return errors.Join(err, store.ErrDamaged)
			}
			at := len(key) - 8
			h.lists[string(key)] = shelved{
				relay: peer.ID(key[:at]), number: binary.BigEndian.Uint64(key[at:]), issued: time.Unix(int64(r.Issued), 0),
				hash: hashOf(r.Data), items: int(r.Items), bytes: int(r.Bytes),
			}
			return nil
		})
	})
	return h, err
}

var (
	errSwept = errors.New("list is over")
	// ErrFork says that a relay signed two lists of one number. The first is kept.
	ErrFork = errors.New("a relay has signed two lists of the same number: tell the network's operators")
	// ErrShelf says that a relay has signed more than others keep of it.
	ErrShelf = errors.New("a relay has published more than others keep of it")
)

func hashOf(data []byte) [32]byte { return sha256.Sum256(data) }

// stale is the rule for the end of a list.
func stale(issued, now time.Time) bool { return issued.Before(now.Add(-Retention)) }

// put writes a list within tx; note enters it into the index afterwards.
func (h *shelf) put(tx *store.Tx, l List) error {
	value, err := wire.Marshal(record{Issued: uint64(l.Issued.Unix()), Data: l.signed, Items: uint64(len(l.Items)), Bytes: uint64(l.size())})
	if err != nil {
		return err
	}
	if err := tx.Put(listBucket, listKey(l.Relay, l.Number), value); err != nil {
		return err
	}
	for i, item := range l.Items {
		value, err := wire.Marshal(record{Issued: uint64(l.Issued.Unix()), Data: item})
		if err != nil {
			return err
		}
		if err := tx.Put(itemBucket, itemKey(l.Relay, l.Number, i), value); err != nil {
			return err
		}
	}
	return nil
}

func (h *shelf) note(l List) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lists[string(listKey(l.Relay, l.Number))] = shelved{
		relay: l.Relay, number: l.Number, issued: l.Issued, hash: hashOf(l.signed), items: len(l.Items), bytes: l.size(),
	}
}

// next is the number of the relay's next own list.
func (h *shelf) next() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.number + 1
}

// putOwn writes an own list within tx, and its number unless a later one is there.
func (h *shelf) putOwn(tx *store.Tx, l List) error {
	last, err := wire.Marshal(counter{Number: max(l.Number, h.next()-1)})
	if err != nil {
		return err
	}
	return errors.Join(tx.Put(numberBucket, lastNumber, last), h.put(tx, l))
}

func (h *shelf) noteOwn(l List) {
	h.note(l)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.number = max(h.number, l.Number)
}

// adopt keeps a list that was verified, and says whether it is new. A second list of the same number is counted and not kept.
func (h *shelf) adopt(ctx context.Context, l List, own bool, now time.Time) (bool, error) {
	if fresh, err := h.fits(l, now); !fresh || err != nil {
		return false, err
	}
	put, note := h.put, h.note
	if own {
		put, note = h.putOwn, h.noteOwn
	}
	if err := h.store.Update(ctx, func(tx *store.Tx) error { return put(tx, l) }); err != nil {
		return false, err
	}
	note(l)
	return true, nil
}

// fits says whether a list is new and there is room for it.
func (h *shelf) fits(l List, now time.Time) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.prune(now)
	if old, ok := h.lists[string(listKey(l.Relay, l.Number))]; ok {
		if old.hash != hashOf(l.signed) {
			h.forks++
			return false, ErrFork
		}
		return false, nil
	}
	lists, bytes := 0, l.size()
	for _, s := range h.lists {
		if s.relay == l.Relay {
			lists++
			bytes += s.bytes
		}
	}
	if lists >= maxShelved || bytes > maxShelf {
		return false, ErrShelf
	}
	return !stale(l.Issued, now), nil
}

// prune forgets what the sweeper takes off the disk. The lock is held.
func (h *shelf) prune(now time.Time) {
	for key, s := range h.lists {
		if stale(s.issued, now) {
			delete(h.lists, key)
		}
	}
}

// known is the marks of all lists here.
func (h *shelf) known(now time.Time) Known {
	var k Known
	for _, s := range h.all(now) {
		k = k.With(s.relay, s.number)
	}
	return k
}

// all is the lists here, in the order of their time.
func (h *shelf) all(now time.Time) []shelved {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.prune(now)
	out := make([]shelved, 0, len(h.lists))
	for _, s := range h.lists {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b shelved) int {
		if d := a.issued.Compare(b.issued); d != 0 {
			return d
		}
		return slices.Compare(listKey(a.relay, a.number), listKey(b.relay, b.number))
	})
	return out
}

// missing is the oldest lists of trusted relays that k does not have, at most maxListsPerFetch, and whether there are more.
func (h *shelf) missing(k Known, trusted func(peer.ID) bool, now time.Time) (out []shelved, more bool) {
	for _, s := range h.all(now) {
		if k.Has(s.relay, s.number) || !trusted(s.relay) {
			continue
		}
		if len(out) == maxListsPerFetch {
			return out, true
		}
		out = append(out, s)
	}
	return out, false
}

func (h *shelf) count(now time.Time) (lists, forks int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.prune(now)
	return len(h.lists), h.forks
}

// signed and item read one part of a list from the disk.
func (h *shelf) signed(s shelved) ([]byte, error) {
	return h.part(listBucket, listKey(s.relay, s.number))
}

func (h *shelf) item(s shelved, i int) ([]byte, error) {
	return h.part(itemBucket, itemKey(s.relay, s.number, i))
}

func (h *shelf) part(b store.Bucket, key []byte) ([]byte, error) {
	var r record
	err := h.store.View(func(tx *store.Tx) error {
		value, err := tx.Get(b, key)
		if err != nil {
			return err
		}
		if value == nil {
			return errSwept
		}
		return wire.Unmarshal(value, &r)
	})
	return r.Data, err
}
