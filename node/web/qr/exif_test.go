package qr

import (
	"bytes"
	"encoding/binary"
	"image"
	"testing"
)

// withExif puts an Exif segment with an orientation after a JPEG's first marker.
func withExif(photo []byte, order binary.AppendByteOrder, turned int) []byte {
	tiff := []byte("MM\x00*")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		tiff = []byte("II*\x00")
	}
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 2)
	for _, e := range [][2]uint16{{0x010F, 9}, {tagTurned, uint16(turned)}} {
		tiff = order.AppendUint16(tiff, e[0])
		tiff = order.AppendUint16(tiff, typeShort)
		tiff = order.AppendUint32(tiff, 1)
		tiff = order.AppendUint16(tiff, e[1])
		tiff = order.AppendUint16(tiff, 0)
	}
	tiff = order.AppendUint32(tiff, 0)
	segment := append([]byte(exifPrefix), tiff...)
	head := binary.BigEndian.AppendUint16([]byte{0xFF, 0xD8, 0xFF, markerAPP1}, uint16(2+len(segment)))
	return bytes.Join([][]byte{head, segment, photo[2:]}, nil)
}

func TestOrientation(t *testing.T) {
	photo := asJPEG(t, image.NewGray(image.Rect(0, 0, 8, 8)))
	if got := readHeader(photo); got != (jpegHeader{turned: 1}) {
		t.Errorf("without Exif: %+v", got)
	}
	for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
		for turned := range 12 {
			want := turned
			if turned < 1 || turned > 8 {
				want = 1
			}
			if got := readHeader(withExif(photo, order, turned)); got.turned != want {
				t.Errorf("%v %d: %+v", order, turned, got)
			}
		}
	}
	progressive := []byte{0xFF, 0xD8, 0xFF, 0xFF, 0x01, 0xFF, markerSOF2, 0, 4, 0, 0}
	if !readHeader(progressive).progressive {
		t.Error("SOF2 is not seen behind a fill byte and a marker that stands alone")
	}
}

// The corners of a picture go where the Exif standard says.
func TestUpright(t *testing.T) {
	p := plane{pix: []byte("abcdef"), stride: 3, w: 3, h: 2} // abc / def
	for turned, want := range []string{"abcdef", "abcdef", "cbafed", "fedcba", "defabc", "adbecf", "daebfc", "fcebda", "cfbead"} {
		if got := p.upright(turned); string(got.pix) != want {
			t.Errorf("%d: %s, want %s", turned, got.pix, want)
		}
	}
}

func FuzzReadHeader(f *testing.F) {
	photo := asJPEG(f, image.NewGray(image.Rect(0, 0, 8, 8)))
	f.Add(photo)
	f.Add(withExif(photo, binary.BigEndian, 6))
	f.Add(withExif(photo, binary.LittleEndian, 8))
	f.Add([]byte{0xFF, 0xD8, 0xFF, 0xFF, 0xD0, 0xFF})
	f.Fuzz(func(t *testing.T, data []byte) {
		if got := readHeader(data).turned; got < 1 || got > 8 {
			t.Errorf("orientation %d", got)
		}
	})
}
