package directory

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"
)

// item is a listing that is kept.
type item struct {
	device      [32]byte
	seq         uint64
	card        [32]byte // hash; zero when it is withdrawn
	until       time.Time
	institution string // Telematik-ID; "" when it is withdrawn
	entry       *Entry // nil when it is withdrawn, and at relays
}

func (i *item) withdrawn() bool { return i.institution == "" }

// key names a listing in an index.
type key [keyBytes]byte

func keyOf(device [32]byte) key { return key(device[:keyBytes]) }

// row is one line of an index: key, seq, beginning of the card's hash.
type row [rowBytes]byte

func (i *item) row() (r row) {
	copy(r[:], i.device[:keyBytes])
	binary.BigEndian.PutUint64(r[keyBytes:], i.seq)
	copy(r[keyBytes+8:], i.card[:])
	return r
}

func (r row) key() key    { return key(r[:keyBytes]) }
func (r row) seq() uint64 { return binary.BigEndian.Uint64(r[keyBytes:]) }

// sameCard says whether a row names the card that an item has.
func (r row) sameCard(i *item) bool { return bytes.Equal(r[keyBytes+8:], i.card[:8]) }

// marks are the digests of all buckets.
type marks [marksBytes]byte

func (m *marks) of(bucket int) []byte { return m[bucket*digestBytes : (bucket+1)*digestBytes] }

// index is the listings that are kept, by D, in buckets that can be compared with another index. It is plain data.
type index struct {
	buckets   [buckets][]*item // ascending by D
	digests   [buckets][]byte  // nil: to be made again
	listed    int
	withdrawn int
	of        map[string]int // listings of each institution
}

func newIndex() *index { return &index{of: map[string]int{}} }

func (x *index) find(device [32]byte) (at int, ok bool) {
	return slices.BinarySearchFunc(x.buckets[device[0]], device, func(i *item, d [32]byte) int { return bytes.Compare(i.device[:], d[:]) })
}

// get is the listing of a device, nil when there is none.
func (x *index) get(device [32]byte) *item {
	if at, ok := x.find(device); ok {
		return x.buckets[device[0]][at]
	}
	return nil
}

// named is the listings that a key names: more than one only when somebody made it so.
func (x *index) named(k key) (out []*item) {
	from := [32]byte{}
	copy(from[:], k[:])
	at, _ := x.find(from)
	for _, i := range x.buckets[k[0]][at:] {
		if keyOf(i.device) != k {
			break
		}
		out = append(out, i)
	}
	return out
}

// put keeps an item in place of the one of the same device.
func (x *index) put(i *item) {
	x.remove(i.device)
	at, _ := x.find(i.device)
	x.buckets[i.device[0]] = slices.Insert(x.buckets[i.device[0]], at, i)
	x.digests[i.device[0]] = nil
	x.count(i, 1)
}

func (x *index) remove(device [32]byte) {
	if at, ok := x.find(device); ok {
		b := x.buckets[device[0]]
		x.count(b[at], -1)
		x.buckets[device[0]] = slices.Delete(b, at, at+1)
		x.digests[device[0]] = nil
	}
}

func (x *index) count(i *item, by int) {
	if i.withdrawn() {
		x.withdrawn += by
		return
	}
	x.listed += by
	if x.of[i.institution] += by; x.of[i.institution] == 0 {
		delete(x.of, i.institution)
	}
}

// all calls fn for each item.
func (x *index) all(fn func(*item)) {
	for _, b := range x.buckets {
		for _, i := range b {
			fn(i)
		}
	}
}

// over are the devices whose listing is over.
func (x *index) over(now time.Time) (out [][32]byte) {
	x.all(func(i *item) {
		if !now.Before(i.until) {
			out = append(out, i.device)
		}
	})
	return out
}

// marks compare this index with another.
func (x *index) marks() (m marks) {
	for b := range x.buckets {
		copy(m.of(b), x.digest(b))
	}
	return m
}

// digest is the beginning of SHA-256 over the rows of a bucket; zero when it is empty.
func (x *index) digest(bucket int) []byte {
	switch {
	case len(x.buckets[bucket]) == 0:
		return make([]byte, digestBytes)
	case x.digests[bucket] == nil:
		sum := sha256.Sum256(x.rows(bucket))
		x.digests[bucket] = sum[:digestBytes]
	}
	return x.digests[bucket]
}

// rows are the lines of a bucket.
func (x *index) rows(bucket int) []byte {
	out := make([]byte, 0, rowBytes*len(x.buckets[bucket]))
	for _, i := range x.buckets[bucket] {
		r := i.row()
		out = append(out, r[:]...)
	}
	return out
}

// room says whether another listing may be kept: there is a number in all, and of one institution. One of the same device makes room for itself.
func (x *index) room(device [32]byte, institution string) error {
	old := x.get(device)
	if institution == "" {
		return x.roomWithdrawn(old)
	}
	if (old == nil || old.withdrawn()) && x.listed >= maxListings {
		return ErrFull
	}
	if (old == nil || old.institution != institution) && x.of[institution] >= maxPerInstitution {
		return ErrMany
	}
	return nil
}

// roomWithdrawn keeps places free for what takes a listing back that is here: the others, which relays tell each other, prove nothing but a key.
func (x *index) roomWithdrawn(old *item) error {
	most := maxWithdrawn
	switch {
	case old != nil && old.withdrawn():
		return nil
	case old != nil:
		most *= 2
	}
	if x.withdrawn >= most {
		return ErrFull
	}
	return nil
}
