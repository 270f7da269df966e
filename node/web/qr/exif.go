package qr

import (
	"bytes"
	"encoding/binary"
)

// Markers of a JPEG file (ITU-T T.81, B.1.1.3) and what is looked for in its Exif segment (CIPA DC-008, 4.6).
const (
	markerSOF2  = 0xC2 // a progressive picture follows
	markerSOS   = 0xDA // the picture's data follow
	markerAPP1  = 0xE1 // Exif, among others
	tagTurned   = 0x0112
	typeShort   = 3
	exifPrefix  = "Exif\x00\x00"
	ifdEntry    = 12
	maxExifTags = 512 // phones write about 15
)

// jpegHeader is what the segments before the picture say about it.
type jpegHeader struct {
	turned      int // 1 to 8 as in Exif's orientation; 1 when nothing is said
	progressive bool
}

// readHeader reads a JPEG's segments. What it cannot read it leaves out: whether the picture is one, its decoder says.
func readHeader(data []byte) jpegHeader {
	header := jpegHeader{turned: 1}
	if !bytes.HasPrefix(data, []byte{0xFF, 0xD8}) {
		return header
	}
	data = data[2:]
	for len(data) >= 4 && data[0] == 0xFF {
		marker := data[1]
		if marker == 0xFF { // a fill byte
			data = data[1:]
			continue
		}
		if marker == 0x01 || marker >= 0xD0 && marker <= 0xD7 { // alone, without a length
			data = data[2:]
			continue
		}
		size := int(binary.BigEndian.Uint16(data[2:]))
		if marker == markerSOS || size < 2 || len(data) < 2+size {
			return header
		}
		segment := data[4 : 2+size]
		switch {
		case marker == markerSOF2:
			header.progressive = true
		case marker == markerAPP1 && bytes.HasPrefix(segment, []byte(exifPrefix)):
			header.turned = orientation(segment[len(exifPrefix):])
		}
		data = data[2+size:]
	}
	return header
}

// orientation looks for the tag in the first directory of a TIFF structure.
func orientation(tiff []byte) int {
	const unknown = 1
	if len(tiff) < 8 {
		return unknown
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return unknown
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return unknown
	}
	count := min(int(order.Uint16(tiff[at:])), maxExifTags)
	entries := tiff[at+2:]
	for ; count > 0 && len(entries) >= ifdEntry; count-- {
		if order.Uint16(entries) == tagTurned && order.Uint16(entries[2:]) == typeShort && order.Uint32(entries[4:]) == 1 {
			if value := int(order.Uint16(entries[8:])); value >= 1 && value <= 8 {
				return value
			}
			return unknown
		}
		entries = entries[ifdEntry:]
	}
	return unknown
}
