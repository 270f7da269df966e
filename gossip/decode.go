package gossip

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// decodeSheet reads the deterministic encoding of a Sheet and no other. It gives what wire.Unmarshal gives, at a
// fifteenth of the time: every sheet that a stranger sends is decoded before its signature can be
// checked, and a relay reads thousands (budget in design.md 19). A test holds the two against each other.
func decodeSheet(payload []byte) (Sheet, error) {
	r := reader{rest: payload}
	var s Sheet
	r.entries(8)
	r.key(1)
	s.Version = r.small()
	r.key(2)
	r.pass(&s.Pass)
	r.key(3)
	s.Area = r.text(maxAreaText, "")
	r.key(4)
	s.Seq = r.head(majorUint)
	r.key(5)
	s.Issued = r.head(majorUint)
	r.key(6)
	s.Expires = r.head(majorUint)
	r.key(7)
	s.Relays = make([]string, r.count(MaxRelays))
	for i := range s.Relays {
		s.Relays[i] = r.text(maxRelayText, "")
	}
	r.key(8)
	s.Slots = make([]Slot, r.count(MaxSlots))
	last := ""
	for i := range s.Slots {
		r.slot(&s.Slots[i], last)
		last = s.Slots[i].Vaccine
	}
	if r.err == nil && len(r.rest) > 0 {
		r.fail("bytes after the end")
	}
	return s, r.err
}

func (r *reader) pass(p *Pass) {
	r.entries(6)
	r.key(1)
	r.fixed(p.P[:])
	r.key(2)
	r.fixed(p.H[:])
	r.key(3)
	p.Epoch = r.head(majorUint)
	r.key(4)
	r.fixed(p.Issuer[:])
	r.key(5)
	r.fixed(p.Prefix[:])
	r.key(6)
	p.Signature = make([]byte, passSignatureBytes)
	r.fixed(p.Signature)
}

// slot shares the text of the vaccine with the slot before when it is the same, as it mostly is.
func (r *reader) slot(s *Slot, lastVaccine string) {
	r.entries(5)
	r.key(1)
	r.fixed(s.ID[:])
	r.key(2)
	day := r.head(majorUint)
	if s.Day = uint32(day); uint64(s.Day) != day {
		r.fail("day")
	}
	r.key(3)
	s.Part = Part(r.small())
	r.key(4)
	s.Vaccine = r.text(maxVaccineText, lastVaccine)
	r.key(5)
	s.Dose = r.small()
}

// reader takes CBOR items off the front of rest. After the first item that is not as expected err is set, and all reads
// give zero values, counts of 0 included.
type reader struct {
	rest []byte
	err  error
}

// The major types that occur in a sheet (RFC 8949 section 3.1).
const (
	majorUint  = 0
	majorBytes = 2
	majorText  = 3
	majorArray = 4
	majorMap   = 5
)

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrForm, what)
	}
	r.rest = nil
}

// head reads the head of an item of a major type and returns its argument. Only the shortest form of the argument is
// deterministic (RFC 8949 section 4.2.1).
func (r *reader) head(major byte) uint64 {
	if len(r.rest) == 0 || r.rest[0]>>5 != major {
		r.fail("another type")
		return 0
	}
	info := r.rest[0] & 0x1f
	r.rest = r.rest[1:]
	if info < 24 {
		return uint64(info)
	}
	if info > 27 {
		r.fail("indefinite length")
		return 0
	}
	size := 1 << (info - 24)
	if len(r.rest) < size {
		r.fail("cut off")
		return 0
	}
	var wide [8]byte
	copy(wide[8-size:], r.rest[:size])
	r.rest = r.rest[size:]
	n := binary.BigEndian.Uint64(wide[:])
	if least := [...]uint64{24, 1 << 8, 1 << 16, 1 << 32}[info-24]; n < least {
		r.fail("long form")
		return 0
	}
	return n
}

func (r *reader) small() uint8 {
	n := r.head(majorUint)
	if n > 255 {
		r.fail("number above 255")
	}
	return uint8(n)
}

func (r *reader) entries(n uint64) {
	if got := r.head(majorMap); got != n {
		r.fail("entries")
	}
}

func (r *reader) key(k uint64) {
	if got := r.head(majorUint); got != k {
		r.fail("keys")
	}
}

// count reads the head of an array. More than limit is ErrSize, before anything of it is read.
func (r *reader) count(limit uint64) uint64 {
	n := r.head(majorArray)
	if n > limit {
		r.err = fmt.Errorf("list of %d entries, limit %d: %w", n, limit, ErrSize)
		r.rest = nil
		return 0
	}
	return n
}

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.fail("cut off")
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) fixed(to []byte) {
	if n := r.head(majorBytes); n != uint64(len(to)) {
		r.fail("length")
	}
	copy(to, r.take(uint64(len(to))))
}

// text returns same when the text equals it, so that equal texts share memory.
func (r *reader) text(limit uint64, same string) string {
	n := r.head(majorText)
	if n > limit {
		r.fail("long text")
		return ""
	}
	b := r.take(n)
	if bytes.Equal(b, []byte(same)) {
		return same
	}
	if !utf8.Valid(b) {
		r.fail("text is not UTF-8")
		return ""
	}
	return string(b)
}
