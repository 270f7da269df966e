package cvc

import "encoding/binary"

// Tags of a certificate, in their order.
const (
	tagCertificate = 0x7f21
	tagBody        = 0x7f4e
	tagProfile     = 0x5f29
	tagAuthority   = 0x42
	tagKey         = 0x7f49
	tagHolder      = 0x5f20
	tagRights      = 0x7f4c
	tagFrom        = 0x5f25
	tagTo          = 0x5f24
	tagSignature   = 0x5f37
	tagOID         = 0x06
	tagPoint       = 0x86
	tagFlags       = 0x53
)

// reader takes elements off its front. After the first that is not there it takes none, and bad stays.
type reader struct {
	rest []byte
	bad  bool
}

// take gives the value of the next element, which has to have this tag and a length in the shortest form (X.690 section 10.1).
func (r *reader) take(tag uint16) []byte {
	value, _ := r.takeWhole(tag)
	return value
}

// takeWhole gives the element with its head, too.
func (r *reader) takeWhole(tag uint16) (value, whole []byte) {
	head, size, ok := readHead(r.rest, tag)
	if !ok || r.bad || len(r.rest)-head < size {
		r.bad = true
		return nil, nil
	}
	whole, r.rest = r.rest[:head+size], r.rest[head+size:]
	return whole[head:], whole
}

// within is a reader of what take gave; end says whether it and all before were read to their ends.
func (r *reader) within(tag uint16) *reader { return &reader{rest: r.take(tag), bad: r.bad} }

func (r *reader) end() bool { return !r.bad && len(r.rest) == 0 }

// readHead reads tag and length.
func readHead(data []byte, tag uint16) (head, size int, ok bool) {
	want := appendTag(nil, tag)
	if len(data) <= len(want) || string(data[:len(want)]) != string(want) {
		return 0, 0, false
	}
	head = len(want)
	first, rest := data[head], data[head+1:]
	switch {
	case first < 0x80:
		return head + 1, int(first), true
	case first == 0x81 && len(rest) >= 1 && rest[0] >= 0x80:
		return head + 2, int(rest[0]), true
	case first == 0x82 && len(rest) >= 2 && rest[0] > 0:
		return head + 3, int(binary.BigEndian.Uint16(rest)), true
	}
	return 0, 0, false
}

// element writes one.
func element(tag uint16, parts ...[]byte) []byte {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	out := appendTag(nil, tag)
	switch {
	case size < 0x80:
		out = append(out, byte(size))
	case size < 0x100:
		out = append(out, 0x81, byte(size))
	default:
		out = append(out, 0x82, byte(size>>8), byte(size))
	}
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func appendTag(out []byte, tag uint16) []byte {
	if tag > 0xff {
		out = append(out, byte(tag>>8))
	}
	return append(out, byte(tag))
}
