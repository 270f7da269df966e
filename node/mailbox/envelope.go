package mailbox

import (
	"crypto/ecdh"
	"encoding/binary"
	"errors"
	"fmt"

	"pieks/gossip/wire"
)

// envelopePurpose is the HPKE info of an envelope; its AAD is the box.
const envelopePurpose = "pieks/mailbox/1"

// lengthBytes is the prefix inside the seal that says where content ends and padding begins.
const lengthBytes = 2

// MaxContent is how much an envelope can carry.
const MaxContent = LargeEnvelope - wire.SealOverhead - lengthBytes

var (
	// ErrTooLong says that content does not fit into the larger envelope.
	ErrTooLong = fmt.Errorf("a sealed message may have at most %d bytes", MaxContent)
	// ErrEnvelope says that an envelope is not for this box and key, or was changed on its way.
	ErrEnvelope = errors.New("envelope does not open")
)

// SealEnvelope pads content and seals it to the X25519 key of the owner of box, so that the envelope has exactly
// SmallEnvelope or LargeEnvelope bytes. It opens only as mail of that box.
func SealEnvelope(box BoxID, to [32]byte, content []byte) ([]byte, error) {
	size := SmallEnvelope
	if len(content) > SmallEnvelope-wire.SealOverhead-lengthBytes {
		size = LargeEnvelope
	}
	if len(content) > MaxContent {
		return nil, fmt.Errorf("seal envelope of %d bytes: %w", len(content), ErrTooLong)
	}
	padded := make([]byte, size-wire.SealOverhead)
	binary.BigEndian.PutUint16(padded, uint16(len(content)))
	copy(padded[lengthBytes:], content)
	return wire.Seal(to, envelopePurpose, box[:], padded)
}

// OpenEnvelope returns the content of an envelope of box, sealed to the public half of key.
func OpenEnvelope(box BoxID, key *ecdh.PrivateKey, envelope []byte) ([]byte, error) {
	if len(envelope) != SmallEnvelope && len(envelope) != LargeEnvelope {
		return nil, fmt.Errorf("%w: %w", ErrEnvelope, ErrSize)
	}
	padded, err := wire.Open(key, envelopePurpose, box[:], envelope)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEnvelope, err)
	}
	length := int(binary.BigEndian.Uint16(padded))
	if length > len(padded)-lengthBytes {
		return nil, fmt.Errorf("%w: length beyond its end", ErrEnvelope)
	}
	content, padding := padded[lengthBytes:lengthBytes+length], padded[lengthBytes+length:]
	for _, b := range padding {
		if b != 0 {
			return nil, fmt.Errorf("%w: padding is not zero", ErrEnvelope)
		}
	}
	return content, nil
}
