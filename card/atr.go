package card

import "fmt"

// ATR is what an answer to reset (ISO 7816-3 section 8) says that matters here. The zero value is a card that says nothing.
type ATR struct {
	Historical []byte // historical bytes
	Chaining   bool   // the card takes command chaining
	Extended   bool   // the card takes extended length fields
}

// ParseATR reads an answer to reset, of at most 33 bytes.
func ParseATR(raw []byte) (ATR, error) {
	if len(raw) < 2 || len(raw) > maxATR || (raw[0] != 0x3b && raw[0] != 0x3f) {
		return ATR{}, fmt.Errorf("%w: %d bytes", ErrATR, len(raw))
	}
	at, follow, historical := 2, raw[1]>>4, int(raw[1]&0x0f)
	check := false // a check byte stands at the end as soon as any protocol but T=0 is offered
	for follow != 0 {
		for bit := range 3 { // TA, TB, TC
			at += int(follow >> bit & 1)
		}
		if follow&8 == 0 {
			break
		}
		if at >= len(raw) {
			return ATR{}, fmt.Errorf("%w: cut", ErrATR)
		}
		check = check || raw[at]&0x0f != 0
		follow = raw[at] >> 4
		at++
	}
	end := at + historical
	if check {
		end++
	}
	if end != len(raw) {
		return ATR{}, fmt.Errorf("%w: length does not fit", ErrATR)
	}
	if check && exclusiveOr(raw[1:]) != 0 {
		return ATR{}, fmt.Errorf("%w: check byte", ErrATR)
	}
	a := ATR{Historical: raw[at : at+historical]}
	a.Chaining, a.Extended = capabilities(a.Historical)
	return a, nil
}

func exclusiveOr(data []byte) (x byte) {
	for _, b := range data {
		x ^= b
	}
	return x
}

// capabilities looks for the card capabilities among the historical bytes, ISO 7816-4 section 8.1.1.2.7: compact objects after a category
// byte, in which 00 says that three bytes of status follow them. In the third byte of the capabilities bit 8 is command chaining, bit 7
// extended length fields.
func capabilities(historical []byte) (chaining, extended bool) {
	if len(historical) == 0 {
		return false, false
	}
	category, rest := historical[0], historical[1:]
	switch {
	case category == 0x00 && len(rest) >= 3:
		rest = rest[:len(rest)-3]
	case category != 0x80:
		return false, false
	}
	for len(rest) > 0 {
		tag, size := rest[0]>>4, int(rest[0]&0x0f)
		if len(rest) < 1+size {
			return false, false
		}
		if tag == 7 && size == 3 {
			return rest[3]&0x80 != 0, rest[3]&0x40 != 0
		}
		rest = rest[1+size:]
	}
	return false, false
}

// contactATR makes the answer to reset of a virtual card: direct convention, T=1 with blocks of 254 bytes, and its capabilities.
func contactATR(capabilities byte) []byte {
	const selection, coding = 0x94, 0x01 // by name, file identifier and short identifier; units of one byte
	raw := []byte{
		0x3b, 0x85, // TD1, five historical bytes
		0x81,       // TD1: T=1, TD2
		0x31,       // TD2: T=1, TA3, TB3
		0xfe, 0x45, // TA3: information field; TB3: waiting times
		0x80, 0x73, selection, coding, capabilities,
	}
	return append(raw, exclusiveOr(raw[1:]))
}
