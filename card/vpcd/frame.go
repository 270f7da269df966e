package vpcd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Control bytes.
const (
	controlOff   = 0x00
	controlOn    = 0x01
	controlReset = 0x02
	controlATR   = 0x04
)

var (
	errEmpty   = errors.New("an empty frame")
	errControl = errors.New("an unknown control byte")
	errTooLong = errors.New("more than fits into a frame")
)

// readFrame reads one frame. Its length cannot exceed maxFrame.
func readFrame(r io.Reader) ([]byte, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint16(head[:])
	if n == 0 {
		return nil, errEmpty
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, fmt.Errorf("frame of %d bytes: %w", n, err)
	}
	return body, nil
}

// writeFrame writes one frame at once.
func writeFrame(w io.Writer, body []byte) error {
	switch {
	case len(body) == 0:
		return errEmpty
	case len(body) > maxFrame:
		return errTooLong
	}
	_, err := w.Write(append(binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(body)), uint16(len(body))), body...))
	return err
}
