package vpcd

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"pgregory.net/rapid"
)

func TestFrames(t *testing.T) {
	for _, c := range []struct {
		name string
		raw  []byte
		want []byte
		err  error
	}{
		{"control", []byte{0, 1, 4}, []byte{4}, nil},
		{"command", []byte{0, 4, 0, 0xa4, 4, 0x0c}, []byte{0, 0xa4, 4, 0x0c}, nil},
		{"more behind it", []byte{0, 1, 2, 0}, []byte{2}, nil},
		{"empty", []byte{0, 0}, nil, errEmpty},
		{"nothing", nil, nil, io.EOF},
		{"half a length", []byte{0}, nil, io.ErrUnexpectedEOF},
		{"no body", []byte{0, 1}, nil, io.EOF},
		{"half a body", []byte{0, 3, 1}, nil, io.ErrUnexpectedEOF},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := readFrame(bytes.NewReader(c.raw))
			if !errors.Is(err, c.err) || !bytes.Equal(got, c.want) {
				t.Fatalf("%x %v", got, err)
			}
		})
	}
	for size, want := range map[int]error{0: errEmpty, 1: nil, maxFrame: nil, maxFrame + 1: errTooLong} {
		var out bytes.Buffer
		if err := writeFrame(&out, make([]byte, size)); !errors.Is(err, want) || err == nil && out.Len() != size+2 || err != nil && out.Len() > 0 {
			t.Errorf("%d bytes: %v, %d written", size, err, out.Len())
		}
	}
}

// TestFramesInARow: what was written is read again, one after the other and nothing else.
func TestFramesInARow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bodies := rapid.SliceOf(rapid.SliceOfN(rapid.Byte(), 1, 300)).Draw(t, "bodies")
		var stream bytes.Buffer
		for _, body := range bodies {
			if err := writeFrame(&stream, body); err != nil {
				t.Fatal(err)
			}
		}
		for _, body := range bodies {
			if got, err := readFrame(&stream); err != nil || !bytes.Equal(got, body) {
				t.Fatalf("%x %v, want %x", got, err, body)
			}
		}
		if _, err := readFrame(&stream); err != io.EOF {
			t.Fatal(err)
		}
	})
}

// FuzzReadFrame: what is taken is what was sent.
func FuzzReadFrame(f *testing.F) {
	for _, seed := range [][]byte{{0, 1, 4}, {0, 0}, {0, 5, 0, 0x20, 0, 1, 8}, {0xff, 0xff, 1}} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		body, err := readFrame(bytes.NewReader(raw))
		if err != nil {
			if body != nil {
				t.Fatal("a frame and an error")
			}
			return
		}
		var again bytes.Buffer
		if err := writeFrame(&again, body); err != nil || !bytes.HasPrefix(raw, again.Bytes()) {
			t.Fatalf("%x was read as %x (%v)", raw, body, err)
		}
	})
}
