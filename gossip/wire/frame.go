package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrFrameSize says that the other side announced a frame above the protocol's limit. Nothing of it was read.
var ErrFrameSize = errors.New("frame is larger than this protocol allows")

// WriteFrame writes one frame in a single Write.
func WriteFrame(w io.Writer, data []byte) error {
	buf := make([]byte, 4+len(data))
	binary.BigEndian.PutUint32(buf, uint32(len(data)))
	copy(buf[4:], data)
	_, err := w.Write(buf)
	return err
}

// ReadFrame reads one frame of at most limit bytes. It returns io.EOF when the stream ends before a frame.
func ReadFrame(r io.Reader, limit int) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if uint64(size) > uint64(limit) {
		return nil, fmt.Errorf("%w: %d bytes, limit %d", ErrFrameSize, size, limit)
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(r, data); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return data, nil
}

// WriteObject writes v as one frame.
func WriteObject(w io.Writer, v any) error {
	data, err := Marshal(v)
	if err != nil {
		return err
	}
	return WriteFrame(w, data)
}

// ReadObject reads one frame of at most limit bytes into v.
func ReadObject(r io.Reader, limit int, v any) error {
	data, err := ReadFrame(r, limit)
	if err != nil {
		return err
	}
	return Unmarshal(data, v)
}
