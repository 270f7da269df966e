package qr

import (
	"context"
	"errors"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// try is one way to look at a photo. Codes differ in how they are lost: a small one when the photo is shrunken, one on rough paper when it
// is not, one under a lamp without the local threshold, a printed one in grey with it.
type try struct {
	width    int // shrunken to; 0: as it is
	global   bool
	inverted bool
	quarter  bool // turned by 90 degrees: finder patterns are looked for in rows
}

// tries begin with what reads most photos soonest.
var tries = []try{
	{width: 1000}, {width: 1000, global: true}, {width: 1600}, {width: 600}, {width: 1000, inverted: true},
	{width: 2400}, {width: 1600, global: true}, {width: 1000, quarter: true}, {width: 400},
	{width: 1600, inverted: true}, {width: 600, inverted: true}, {width: 0}, {width: 0, global: true},
}

// find looks for a code until the context ends.
func find(ctx context.Context, photo plane, turned int) (string, error) {
	done := map[try]bool{}
	for _, t := range tries {
		if t.width >= photo.w {
			t.width = 0
		}
		if done[t] || t.width == 0 && photo.w*photo.h > largest {
			continue
		}
		done[t] = true
		seen := photo
		if t.width > 0 {
			seen = photo.shrink(t.width)
		}
		seen = seen.upright(turned)
		if t.quarter {
			seen = seen.upright(6)
		}
		if t.inverted {
			seen = seen.inverted()
		}
		if text, ok := look(ctx, seen, t.global); ok {
			return text, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return "", ErrNoCode
}

// errEnough ends a look from within.
var errEnough = errors.New("enough")

// look looks once.
func look(ctx context.Context, seen plane, global bool) (text string, ok bool) {
	// gozxing was written for pictures of friends: one that makes it panic has no code. The callback is its only way to be stopped.
	defer func() {
		if recover() != nil {
			text, ok = "", false
		}
	}()
	centres := 0
	hints := map[gozxing.DecodeHintType]any{
		gozxing.DecodeHintType_TRY_HARDER: true,
		gozxing.DecodeHintType_NEED_RESULT_POINT_CALLBACK: gozxing.ResultPointCallback(func(gozxing.ResultPoint) {
			if centres++; centres > maxCentres || ctx.Err() != nil {
				panic(errEnough)
			}
		}),
	}
	source := &source{LuminanceSourceBase: gozxing.LuminanceSourceBase{Width: seen.w, Height: seen.h}, pix: seen.tight()}
	binarizer := gozxing.NewHybridBinarizer(source)
	if global {
		binarizer = gozxing.NewGlobalHistgramBinarizer(source)
	}
	bitmap, err := gozxing.NewBinaryBitmap(binarizer)
	if err != nil {
		return "", false
	}
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, hints)
	if err != nil {
		return "", false
	}
	return result.GetText(), result.GetText() != ""
}

// source is a plane as gozxing wants it.
type source struct {
	gozxing.LuminanceSourceBase
	pix []byte
}

func (s *source) GetRow(y int, row []byte) ([]byte, error) {
	if len(row) < s.Width {
		row = make([]byte, s.Width)
	}
	copy(row, s.pix[y*s.Width:(y+1)*s.Width])
	return row, nil
}

func (s *source) GetMatrix() []byte { return s.pix }

func (s *source) Invert() gozxing.LuminanceSource { return gozxing.LuminanceSourceInvert(s) }

func (s *source) String() string { return "plane" }
