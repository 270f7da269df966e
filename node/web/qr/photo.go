package qr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
)

// What can be wrong with a photo.
var (
	ErrNoCode   = errors.New("there is no QR code in the picture that can be read: take it again from nearer, with more light")
	ErrTooLarge = errors.New("the picture is too large: send one of at most 12 MB and 40 megapixels")
	ErrFormat   = errors.New("this is no picture that can be read: send JPEG or PNG")
)

// reading is held by whoever reads a photo: two at once would take twice the memory.
var reading = make(chan struct{}, 1)

// Read finds the QR code in a photo, JPEG or PNG, and returns its text, which is anybody's and not to be trusted. It waits while
// another photo is read, and takes three seconds after that at most. Errors are ErrNoCode, ErrTooLarge, ErrFormat, what photo.Read
// fails with, and the context's.
func Read(ctx context.Context, photo io.Reader) (string, error) {
	data, err := io.ReadAll(io.LimitReader(photo, MaxPhotoBytes+1))
	if err != nil {
		return "", fmt.Errorf("read the picture: %w", err)
	}
	if len(data) > MaxPhotoBytes {
		return "", ErrTooLarge
	}
	select {
	case reading <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { <-reading }()
	ctx, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	img, turned, err := decode(ctx, data)
	if err != nil {
		return "", err
	}
	return find(ctx, brightness(img), turned)
}

// decode makes a picture of a file, if it is not too large, and says how it is turned.
func decode(ctx context.Context, data []byte) (image.Image, int, error) {
	config, kind, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || config.Width < 1 || config.Height < 1 {
		return nil, 0, ErrFormat
	}
	header := readHeader(data)
	pixels := int64(config.Width) * int64(config.Height)
	if pixels > MaxPhotoPixels || pixels*cost(kind, config.ColorModel, header.progressive) > maxDecoded {
		return nil, 0, ErrTooLarge
	}
	from := &slowly{ctx: ctx, data: data}
	var img image.Image
	switch kind {
	case "jpeg":
		img, err = jpeg.Decode(from)
	case "png":
		img, err = png.Decode(from)
	default: // another package of the program has registered more
		return nil, 0, ErrFormat
	}
	if ctx.Err() != nil {
		return nil, 0, ErrNoCode
	}
	if err != nil {
		return nil, 0, ErrFormat
	}
	return img, header.turned, nil
}

// cost is how many bytes a decoder takes for each pixel, at most.
func cost(kind string, model color.Model, progressive bool) int64 {
	if kind == "jpeg" {
		bytes := int64(3)
		if model == color.CMYKModel {
			bytes = 8 // four planes, and the picture that is made of them
		}
		if progressive {
			bytes *= 4 // 32-bit coefficients besides
		}
		return bytes
	}
	switch model {
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	case color.RGBAModel, color.NRGBAModel:
		return 4
	}
	return 2
}

// slowly gives a decoder its data in small pieces, and none after the context's end.
type slowly struct {
	ctx  context.Context
	data []byte
}

func (s *slowly) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	if len(s.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), feed)], s.data)
	s.data = s.data[n:]
	return n, nil
}
