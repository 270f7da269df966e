package boltfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

const (
	flagBranch   = 0x01
	flagLeaf     = 0x02
	flagFreelist = 0x10

	elementSize  = 16
	bucketHeader = 16
	bucketFlag   = 0x01

	// maxDepth: a tree of 4 KiB pages this deep would hold more than any disk.
	maxDepth = 48
	// maxNesting: buckets in buckets; Pieks has none.
	maxNesting = 8
)

// Visit is called for each key and value of a walk: path names the buckets from the root down. The slices are valid during
// the call. An error ends the walk and is returned as it is.
type Visit func(path [][]byte, key, value []byte) error

// Walk reads every page that m leads to and checks that bbolt can use it. Values are visited in the order of their keys,
// bucket by bucket; visit may be nil. Errors: ErrInvalid, errors of r, errors of visit.
func Walk(r io.ReaderAt, m Meta, visit Visit) error {
	w := &walk{r: r, m: m, visit: visit, seen: make([]byte, m.HighWater/8+1)}
	w.mark(0)
	w.mark(1)
	if m.Freelist != NoFreelist {
		if err := w.freelist(); err != nil {
			return err
		}
	}
	return w.tree(m.Root, bounds{}, nil, 0)
}

type walk struct {
	r     io.ReaderAt
	m     Meta
	visit Visit
	seen  []byte // a bit a page: reachable or free
}

// bounds of the keys of a subtree: low <= key < high, nil is open.
type bounds struct{ low, high []byte }

func (b bounds) hold(key []byte) bool {
	return (b.low == nil || bytes.Compare(key, b.low) >= 0) && (b.high == nil || bytes.Compare(key, b.high) < 0)
}

func (w *walk) bad(page uint64, format string, args ...any) error {
	return fmt.Errorf("%w: page %d: %s", ErrInvalid, page, fmt.Sprintf(format, args...))
}

// mark notes a page as used and says whether it was free to be.
func (w *walk) mark(page uint64) bool {
	bit := byte(1) << (page % 8)
	if w.seen[page/8]&bit != 0 {
		return false
	}
	w.seen[page/8] |= bit
	return true
}

// page reads a page with its overflow and marks what it covers.
func (w *walk) page(id uint64) ([]byte, error) {
	if id < 2 || id >= w.m.HighWater {
		return nil, w.bad(id, "outside the file of %d pages", w.m.HighWater)
	}
	size := w.m.PageSize
	buf := make([]byte, size)
	if err := w.read(buf, int64(id)*int64(size)); err != nil {
		return nil, err
	}
	order := binary.NativeEndian
	if got := order.Uint64(buf); got != id {
		return nil, w.bad(id, "calls itself %d", got)
	}
	overflow := uint64(order.Uint32(buf[12:]))
	if overflow >= w.m.HighWater-id {
		return nil, w.bad(id, "runs over the end of the file")
	}
	for i := uint64(0); i <= overflow; i++ {
		if !w.mark(id + i) {
			return nil, w.bad(id+i, "used twice, or used and free")
		}
	}
	if overflow == 0 {
		return buf, nil
	}
	whole := make([]byte, (int(overflow)+1)*size)
	return whole, w.read(whole, int64(id)*int64(size))
}

func (w *walk) read(buf []byte, at int64) error {
	if _, err := w.r.ReadAt(buf, at); err != nil {
		return fmt.Errorf("read at %d: %w", at, err)
	}
	return nil
}

// freelist marks the free pages; a page of a tree among them is then found as used twice.
func (w *walk) freelist() error {
	id := w.m.Freelist
	buf, err := w.page(id)
	if err != nil {
		return err
	}
	order := binary.NativeEndian
	if order.Uint16(buf[8:]) != flagFreelist {
		return w.bad(id, "is not the freelist")
	}
	ids := buf[headerSize:]
	count := uint64(order.Uint16(buf[10:]))
	if count == 0xFFFF { // more than fit into 16 bits: the first entry is the count
		count, ids = order.Uint64(ids), ids[8:]
	}
	if count > uint64(len(ids)/8) {
		return w.bad(id, "freelist of %d entries does not fit", count)
	}
	for i := range count {
		free := order.Uint64(ids[8*i:])
		if free < 2 || free >= w.m.HighWater || !w.mark(free) {
			return w.bad(id, "freelist names page %d wrongly", free)
		}
	}
	return nil
}

// tree walks a page of a bucket's tree.
func (w *walk) tree(id uint64, b bounds, path [][]byte, depth int) error {
	if depth > maxDepth {
		return w.bad(id, "tree is too deep")
	}
	buf, err := w.page(id)
	if err != nil {
		return err
	}
	switch flags := binary.NativeEndian.Uint16(buf[8:]); flags {
	case flagBranch:
		return w.branch(id, buf, b, path, depth)
	case flagLeaf:
		return w.leaf(id, buf, b, path)
	default:
		return w.bad(id, "is of kind %#x in a tree", flags)
	}
}

func (w *walk) branch(id uint64, buf []byte, b bounds, path [][]byte, depth int) error {
	order := binary.NativeEndian
	count := int(order.Uint16(buf[10:]))
	if count == 0 || headerSize+count*elementSize > len(buf) {
		return w.bad(id, "%d branches do not fit", count)
	}
	key := func(i int) ([]byte, bool) {
		at := headerSize + i*elementSize
		return cut(buf, uint64(at), order.Uint32(buf[at:]), order.Uint32(buf[at+4:]))
	}
	this, ok := key(0)
	for i := range count {
		if !ok || len(this) == 0 || !b.hold(this) {
			return w.bad(id, "branch %d has no valid key", i)
		}
		below := bounds{low: this, high: b.high}
		next := []byte(nil)
		if i+1 < count {
			next, ok = key(i + 1)
			if !ok || bytes.Compare(this, next) >= 0 {
				return w.bad(id, "branch %d is out of order", i+1)
			}
			below.high = next
		}
		child := order.Uint64(buf[headerSize+i*elementSize+8:])
		if err := w.tree(child, below, path, depth+1); err != nil {
			return err
		}
		this = next
	}
	return nil
}

// leaf walks the entries of a leaf page, which may be the inline page of a small bucket.
func (w *walk) leaf(id uint64, buf []byte, b bounds, path [][]byte) error {
	order := binary.NativeEndian
	count := int(order.Uint16(buf[10:]))
	if headerSize+count*elementSize > len(buf) {
		return w.bad(id, "%d entries do not fit", count)
	}
	var last []byte
	for i := range count {
		at := headerSize + i*elementSize
		flags, pos, ksize, vsize := order.Uint32(buf[at:]), order.Uint32(buf[at+4:]), order.Uint32(buf[at+8:]), order.Uint32(buf[at+12:])
		key, okKey := cut(buf, uint64(at), pos, ksize)
		value, okValue := cut(buf, uint64(at)+uint64(ksize), pos, vsize)
		if !okKey || !okValue || len(key) == 0 || !b.hold(key) || (i > 0 && bytes.Compare(last, key) >= 0) {
			return w.bad(id, "entry %d is not valid", i)
		}
		last = key
		var err error
		if flags&bucketFlag != 0 {
			err = w.bucket(id, key, value, path)
		} else if w.visit != nil {
			err = w.visit(path, key, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) bucket(id uint64, name, value []byte, path [][]byte) error {
	if len(value) < bucketHeader || len(path) >= maxNesting {
		return w.bad(id, "bucket entry is not valid")
	}
	path = append(path[:len(path):len(path)], name)
	order := binary.NativeEndian
	if root := order.Uint64(value); root != 0 {
		return w.tree(root, bounds{}, path, 0)
	}
	inline := value[bucketHeader:]
	if len(inline) < headerSize || order.Uint16(inline[8:]) != flagLeaf {
		return w.bad(id, "inline bucket is not valid")
	}
	return w.leaf(id, inline, bounds{}, path)
}

// cut returns size bytes of buf at from+pos; ok is false where buf does not have them.
func cut(buf []byte, from uint64, pos, size uint32) (part []byte, ok bool) {
	start := from + uint64(pos)
	end := start + uint64(size)
	if end > uint64(len(buf)) {
		return nil, false
	}
	return buf[start:end:end], true
}
