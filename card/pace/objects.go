package pace

import "fmt"

// Objects of secure messaging (ISO 7816-4 section 10.2).
const (
	tagPlain      = 0x81
	tagCryptogram = 0x87
	tagLe         = 0x97
	tagMAC        = 0x8e
	tagStatus     = 0x99
)

// appendObject writes an object of at most 65,535 bytes.
func appendObject(out []byte, tag byte, value []byte) []byte {
	n := len(value)
	switch out = append(out, tag); {
	case n < 0x80:
		out = append(out, byte(n))
	case n < 0x100:
		out = append(out, 0x81, byte(n))
	default:
		out = append(out, 0x82, byte(n>>8), byte(n))
	}
	return append(out, value...)
}

// objects are those of one command or answer that are left to be read.
type objects []byte

// next gives the value of the first object if its tag is one of tags; nil if not. Lengths have the shortest form, as DER wants it.
func (o *objects) next(tags ...byte) (tag byte, value []byte, err error) {
	if len(*o) < 2 {
		if len(*o) == 0 {
			return 0, nil, nil
		}
		return 0, nil, fmt.Errorf("%w: cut", errObjects)
	}
	tag = (*o)[0]
	for _, wanted := range tags {
		if tag == wanted {
			value, err = o.read()
			return tag, value, err
		}
	}
	return 0, nil, nil
}

func (o *objects) read() ([]byte, error) {
	rest := (*o)[1:]
	size, head := int(rest[0]), 1
	switch rest[0] {
	case 0x81:
		head = 2
	case 0x82:
		head = 3
	default:
		if size >= 0x80 {
			return nil, fmt.Errorf("%w: length", errObjects)
		}
	}
	if len(rest) < head {
		return nil, fmt.Errorf("%w: cut", errObjects)
	}
	if head > 1 {
		size = 0
		for _, b := range rest[1:head] {
			size = size<<8 | int(b)
		}
		if size < 0x80 || (head == 3 && size < 0x100) {
			return nil, fmt.Errorf("%w: length", errObjects)
		}
	}
	if len(rest)-head < size {
		return nil, fmt.Errorf("%w: cut", errObjects)
	}
	*o = objects(rest[head+size:])
	return rest[head : head+size : head+size], nil
}
