package card

import "fmt"

// Command is a command APDU (ISO 7816-4 section 5.1).
type Command struct {
	CLA, INS, P1, P2 byte
	Data             []byte
	Ne               int // longest answer wanted in bytes, 0 none, at most 65,536
}

// Encode writes c in the short form where it fits, else in the extended form.
func (c Command) Encode() ([]byte, error) {
	if len(c.Data) > maxExtended || c.Ne < 0 || c.Ne > maxExtended+1 {
		return nil, fmt.Errorf("%w: %d bytes of data, %d wanted", ErrCommand, len(c.Data), c.Ne)
	}
	out := []byte{c.CLA, c.INS, c.P1, c.P2}
	if len(c.Data) <= 255 && c.Ne <= 256 {
		if len(c.Data) > 0 {
			out = append(append(out, byte(len(c.Data))), c.Data...)
		}
		if c.Ne > 0 {
			out = append(out, byte(c.Ne)) // 256 is 00
		}
		return out, nil
	}
	out = append(out, 0)
	if len(c.Data) > 0 {
		out = append(append(out, byte(len(c.Data)>>8), byte(len(c.Data))), c.Data...)
	}
	if c.Ne > 0 {
		out = append(out, byte(c.Ne>>8), byte(c.Ne)) // 65,536 is 0000
	}
	return out, nil
}

// ParseCommand reads a command APDU in any of the seven cases of ISO 7816-3 section 12.1.3. Data points into raw.
func ParseCommand(raw []byte) (Command, error) {
	if len(raw) < 4 {
		return Command{}, fmt.Errorf("%w: %d bytes", ErrCommand, len(raw))
	}
	c := Command{CLA: raw[0], INS: raw[1], P1: raw[2], P2: raw[3]}
	body := raw[4:]
	switch {
	case len(body) == 0:
		return c, nil
	case len(body) == 1:
		c.Ne = expected(body, 256)
		return c, nil
	case body[0] != 0:
		return short(c, body)
	case len(body) >= 3:
		return extended(c, body[1:])
	}
	return Command{}, fmt.Errorf("%w: length field is cut", ErrCommand)
}

func short(c Command, body []byte) (Command, error) {
	n := int(body[0])
	switch len(body) - 1 {
	case n + 1:
		c.Ne = expected(body[1+n:], 256)
	case n:
	default:
		return Command{}, fmt.Errorf("%w: length field does not fit", ErrCommand)
	}
	c.Data = body[1 : 1+n]
	return c, nil
}

func extended(c Command, body []byte) (Command, error) {
	if len(body) == 2 {
		c.Ne = expected(body, maxExtended+1)
		return c, nil
	}
	n := int(body[0])<<8 | int(body[1])
	switch len(body) - 2 {
	case n + 2:
		c.Ne = expected(body[2+n:], maxExtended+1)
	case n:
	default:
		return Command{}, fmt.Errorf("%w: length field does not fit", ErrCommand)
	}
	if n == 0 {
		return Command{}, fmt.Errorf("%w: empty extended data", ErrCommand)
	}
	c.Data = body[2 : 2+n]
	return c, nil
}

// expected reads an Le field, in which zero means the most.
func expected(field []byte, most int) int {
	n := 0
	for _, b := range field {
		n = n<<8 | int(b)
	}
	if n == 0 {
		return most
	}
	return n
}

// Status words of ISO 7816-4 and gemSpec_COS that the driver and the virtual card use.
const (
	swOK             = 0x9000
	swMore           = 0x6100 // low byte: bytes that GET RESPONSE gives, 0 for 256 or more
	swEndOfFile      = 0x6282
	swWrongPIN       = 0x63C0 // low four bits: tries left
	swLength         = 0x6700
	swChain          = 0x6883 // the last command of a chain was expected
	swSecurity       = 0x6982
	swBlocked        = 0x6983
	swNoKeySelected  = 0x6985
	swWrongData      = 0x6A80
	swFileNotFound   = 0x6A82
	swWrongP1P2      = 0x6A86
	swKeyNotFound    = 0x6A88
	swOffset         = 0x6B00
	swWrongLe        = 0x6C00 // low byte: bytes that there are
	swInstruction    = 0x6D00
	swClass          = 0x6E00
	swInternalFailed = 0x6F00
)

// Parts of commands that the transport looks at.
const (
	claChained     = 0x10 // more of the same command follows
	insVerify      = 0x20
	insGetResponse = 0xc0
)

// answer is a response APDU.
func answer(data []byte, sw uint16) []byte {
	return append(append(make([]byte, 0, len(data)+2), data...), byte(sw>>8), byte(sw))
}

// splitResponse takes a response APDU apart.
func splitResponse(raw []byte) (data []byte, sw uint16, err error) {
	n := len(raw) - 2
	if n < 0 || n > maxExtended+1 {
		return nil, 0, fmt.Errorf("%w: %d bytes", ErrResponse, len(raw))
	}
	return raw[:n], uint16(raw[n])<<8 | uint16(raw[n+1]), nil
}
