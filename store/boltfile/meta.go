package boltfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

// ErrInvalid says that the file is not a whole bbolt file. What was found is in the text of the error that wraps it.
var ErrInvalid = errors.New("not a valid database file")

// NoFreelist as Meta.Freelist says that there is no freelist page, or that it is not to be checked.
const NoFreelist = ^uint64(0)

const (
	magic      = 0xED0CDAED
	version    = 2
	headerSize = 16
	metaSize   = 64
)

// Meta is what a meta page says: one state of the file.
type Meta struct {
	PageSize  int    // bytes
	Root      uint64 // page of the root bucket
	Freelist  uint64 // page of the freelist, or NoFreelist
	HighWater uint64 // all pages are below it
	TxID      uint64
}

// ReadMeta returns the meta page that bbolt would use: the valid one with the higher transaction id. One of the two may be
// unreadable, as a crash in mid-write leaves it. The file must be large enough for all pages that it speaks of.
func ReadMeta(r io.ReaderAt, size int64) (Meta, error) {
	first, errFirst := metaAt(r, 0, 0)
	second, errSecond := Meta{}, error(nil)
	if errFirst == nil {
		second, errSecond = metaAt(r, int64(first.PageSize), first.PageSize)
	} else {
		second, errSecond = findSecond(r, size)
	}
	m := first
	switch {
	case errFirst != nil && errSecond != nil:
		return Meta{}, fmt.Errorf("%w: no readable meta page in %d bytes", ErrInvalid, size)
	case errFirst != nil, errSecond == nil && second.TxID > first.TxID:
		m = second
	}
	if m.HighWater < 3 || m.Root < 2 || m.Root >= m.HighWater || (m.Freelist != NoFreelist && (m.Freelist < 2 || m.Freelist >= m.HighWater)) {
		return Meta{}, fmt.Errorf("%w: meta page points outside the file", ErrInvalid)
	}
	if m.HighWater > uint64(size)/uint64(m.PageSize) {
		return Meta{}, fmt.Errorf("%w: cut short: %d bytes are left of %d pages of %d bytes", ErrInvalid, size, m.HighWater, m.PageSize)
	}
	return m, nil
}

// findSecond looks for the second meta page where the page size is not known, as bbolt does: 1 KiB to 16 MiB.
func findSecond(r io.ReaderAt, size int64) (Meta, error) {
	for at := int64(1024); at <= 1024<<14 && at < size; at *= 2 {
		if m, err := metaAt(r, at, int(at)); err == nil {
			return m, nil
		}
	}
	return Meta{}, ErrInvalid
}

// metaAt reads the meta page at an offset. pageSize 0 accepts any.
func metaAt(r io.ReaderAt, at int64, pageSize int) (Meta, error) {
	var buf [headerSize + metaSize]byte
	if _, err := r.ReadAt(buf[:], at); err != nil {
		return Meta{}, err
	}
	b := buf[headerSize:]
	order := binary.NativeEndian
	sum := fnv.New64a()
	sum.Write(b[:56])
	if order.Uint32(b) != magic || order.Uint32(b[4:]) != version || order.Uint64(b[56:]) != sum.Sum64() {
		return Meta{}, ErrInvalid
	}
	m := Meta{
		PageSize:  int(order.Uint32(b[8:])),
		Root:      order.Uint64(b[16:]),
		Freelist:  order.Uint64(b[32:]),
		HighWater: order.Uint64(b[40:]),
		TxID:      order.Uint64(b[48:]),
	}
	if m.PageSize < 1024 || m.PageSize > 1024<<14 || m.PageSize&(m.PageSize-1) != 0 || (pageSize != 0 && m.PageSize != pageSize) {
		return Meta{}, ErrInvalid
	}
	return m, nil
}
