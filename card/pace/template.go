package pace

import "fmt"

// Objects of the dynamic authentication data, tag 7C (TR-03110 part 3, annex B.1).
const (
	tagNonce         = 0x80
	tagMapTerminal   = 0x81
	tagMapCard       = 0x82
	tagKeyTerminal   = 0x83
	tagKeyCard       = 0x84
	tagTokenTerminal = 0x85
	tagTokenCard     = 0x86
)

// dynamicData holds one object, of at most 100 bytes.
func dynamicData(tag byte, value []byte) []byte {
	return append([]byte{0x7c, byte(2 + len(value)), tag, byte(len(value))}, value...)
}

// readDynamicData gives the one object that has to be there, of just this size.
func readDynamicData(data []byte, tag byte, size int) ([]byte, error) {
	if len(data) != 4+size || data[0] != 0x7c || int(data[1]) != 2+size || data[2] != tag || int(data[3]) != size {
		return nil, fmt.Errorf("%w: object %02X is not there alone", ErrAgreement, tag)
	}
	return data[4:], nil
}
