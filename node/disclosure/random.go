package disclosure

import (
	"crypto/rand"
	"encoding/binary"
)

// systemRandom is the operating system's randomness as a source of math/rand/v2, for shuffling and for distributions.
type systemRandom struct{}

func (systemRandom) Uint64() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, crypto/rand ends the process instead
	return binary.BigEndian.Uint64(b[:])
}
