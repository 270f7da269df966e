package card

import (
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// checkDER walks data, which must be exactly one element, and refuses what only BER allows: indefinite or longer
// than minimal lengths and constructed strings. cryptobyte refuses them too, but says only "no"; and it does not look
// into what nobody reads.
func checkDER(data []byte) error {
	rest, err := walkElement(data, 0)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return fmt.Errorf("%w: %d", ErrTrailing, len(rest))
	}
	return nil
}

func walkElement(data []byte, depth int) (rest []byte, err error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: nested too deep", ErrMalformed)
	}
	head, size, err := readHeader(data)
	if err != nil {
		return nil, err
	}
	body, rest := data[head:head+size], data[head+size:]
	if data[0]&constructed == 0 {
		return rest, nil
	}
	if isString(data[0]) {
		return nil, fmt.Errorf("%w: constructed string", ErrBER)
	}
	for len(body) > 0 {
		if body, err = walkElement(body, depth+1); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

const (
	constructed = 0x20
	classMask   = 0xc0
	longTag     = 0x1f
)

// isString says whether a constructed universal tag is other than SEQUENCE and SET, which DER does not have (X.690 section 10.2).
func isString(tag byte) bool { return tag&classMask == 0 && tag != 0x30 && tag != 0x31 }

// readHeader reads tag and length of the first element of data, which is complete.
func readHeader(data []byte) (head, size int, err error) {
	if head, size, err = readLength(data); err != nil {
		return 0, 0, err
	}
	if len(data)-head < size {
		return 0, 0, fmt.Errorf("%w: cut short", ErrMalformed)
	}
	return head, size, nil
}

// readLength reads tag and length at the start of data: size bytes follow after head ones.
func readLength(data []byte) (head, size int, err error) {
	if len(data) < 2 {
		return 0, 0, fmt.Errorf("%w: cut short", ErrMalformed)
	}
	if data[0]&longTag == longTag {
		return 0, 0, fmt.Errorf("%w: long tag", ErrMalformed)
	}
	short := int(data[1])
	if short < 0x80 {
		return 2, short, nil
	}
	if short == 0x80 {
		return 0, 0, fmt.Errorf("%w: indefinite length", ErrBER)
	}
	head = 2 + short&0x7f
	if head > 4 {
		return 0, 0, fmt.Errorf("%w: length of more than two bytes", ErrMalformed)
	}
	if len(data) < head {
		return 0, 0, fmt.Errorf("%w: cut short", ErrMalformed)
	}
	for _, b := range data[2:head] {
		size = size<<8 | int(b)
	}
	if size < 0x80 || (head == 4 && size < 0x100) {
		return 0, 0, fmt.Errorf("%w: length is not minimal", ErrBER)
	}
	return head, size, nil
}

// readTime reads UTCTime or GeneralizedTime in the only forms that RFC 5280 section 4.1.2.5 has: to the second, in Z.
func readTime(s *cryptobyte.String) (time.Time, bool) {
	var text cryptobyte.String
	var tag asn1.Tag
	if !s.ReadAnyASN1(&text, &tag) {
		return time.Time{}, false
	}
	layout := "060102150405Z"
	if tag == asn1.GeneralizedTime {
		layout = "20060102150405Z"
	} else if tag != asn1.UTCTime {
		return time.Time{}, false
	}
	t, err := time.Parse(layout, string(text))
	if err != nil {
		return time.Time{}, false
	}
	if tag == asn1.UTCTime && t.Year() >= 2050 { // RFC 5280: 50 to 99 are 1950 to 1999; Go splits at 69
		t = t.AddDate(-100, 0, 0)
	}
	if t.Format(layout) != string(text) || (tag == asn1.GeneralizedTime && t.Year() < 2050) {
		return time.Time{}, false
	}
	return t, true
}

// addTime writes t as readTime reads it.
func addTime(b *cryptobyte.Builder, t time.Time) {
	t = t.UTC()
	if t.Year() >= 2050 {
		b.AddASN1(asn1.GeneralizedTime, func(b *cryptobyte.Builder) { b.AddBytes([]byte(t.Format("20060102150405Z"))) })
		return
	}
	b.AddASN1(asn1.UTCTime, func(b *cryptobyte.Builder) { b.AddBytes([]byte(t.Format("060102150405Z"))) })
}

// tagged is the constructed context-specific tag n.
func tagged(n uint8) asn1.Tag { return asn1.Tag(n).ContextSpecific().Constructed() }
