package card

import (
	"fmt"
	"log/slog"
)

// PIN is a card PIN, six to eight digits. It hides itself from fmt, slog and encoders.
type PIN string

const hiddenPIN = "PIN(hidden)"

// Format prints a fixed word for every verb.
func (PIN) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(hiddenPIN)) }

// LogValue hides the PIN from slog.
func (PIN) LogValue() slog.Value { return slog.StringValue(hiddenPIN) }

// MarshalText hides the PIN from JSON and other text encoders.
func (PIN) MarshalText() ([]byte, error) { return []byte(hiddenPIN), nil }

// pinBlock is the ISO 9564-1 format 2 block that German health cards take: 2, the number of digits, the digits, padded with F.
type pinBlock [8]byte

func (p PIN) block() (b pinBlock, err error) {
	if len(p) < minPIN || len(p) > maxPIN {
		return b, ErrPINShape
	}
	for i := range b {
		b[i] = 0xff
	}
	b[0] = 0x20 | byte(len(p))
	for i := range len(p) {
		digit := p[i] - '0'
		if digit > 9 {
			return pinBlock{}, ErrPINShape
		}
		if i%2 == 0 {
			b[1+i/2] = digit<<4 | 0x0f
		} else {
			b[1+i/2] = b[1+i/2]&0xf0 | digit
		}
	}
	return b, nil
}

// padded is the PIN in ASCII, filled up to size bytes with pad; a size of 0 leaves it as it is.
func (p PIN) padded(size int, pad byte) ([]byte, error) {
	if _, err := p.block(); err != nil {
		return nil, err
	}
	if size == 0 {
		return []byte(p), nil
	}
	if len(p) > size {
		return nil, ErrPINShape
	}
	data := append(make([]byte, 0, size), p...)
	for len(data) < size {
		data = append(data, pad)
	}
	return data, nil
}

// isPINBlock says whether data has the shape of a format 2 block.
func isPINBlock(data []byte) bool {
	if len(data) != len(pinBlock{}) || data[0]>>4 != 2 {
		return false
	}
	n := int(data[0] & 0x0f)
	if n < minPIN || n > maxPIN {
		return false
	}
	for i := range 14 {
		nibble := data[1+i/2] >> (4 * (1 - i%2)) & 0x0f
		if (i < n && nibble > 9) || (i >= n && nibble != 0x0f) {
			return false
		}
	}
	return true
}
