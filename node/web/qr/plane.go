package qr

import (
	"image"
	"image/color"
)

// plane is a picture's brightness, 0 black to 255 white.
type plane struct {
	pix    []byte
	stride int
	w, h   int
}

func newPlane(w, h int) plane { return plane{pix: make([]byte, w*h), stride: w, w: w, h: h} }

func (p plane) row(y int) []byte { return p.pix[y*p.stride : y*p.stride+p.w] }

// brightness takes the brightness out of a picture. What is transparent is white, as on a page.
func brightness(img image.Image) plane {
	area := img.Bounds()
	switch img := img.(type) {
	case *image.YCbCr: // has it already, and nobody writes to it
		return plane{pix: img.Y[img.YOffset(area.Min.X, area.Min.Y):], stride: img.YStride, w: area.Dx(), h: area.Dy()}
	case *image.Gray:
		return plane{pix: img.Pix[img.PixOffset(area.Min.X, area.Min.Y):], stride: img.Stride, w: area.Dx(), h: area.Dy()}
	}
	at := func(x, y int) color.RGBA64 { return color.RGBA64Model.Convert(img.At(x, y)).(color.RGBA64) }
	if direct, ok := img.(image.RGBA64Image); ok { // all of the standard library's: no allocation for each pixel
		at = direct.RGBA64At
	}
	p := newPlane(area.Dx(), area.Dy())
	for y := range p.h {
		row := p.row(y)
		for x := range row {
			c := at(area.Min.X+x, area.Min.Y+y)
			row[x] = byte((19595*uint32(c.R)+38470*uint32(c.G)+7471*uint32(c.B))>>24 + uint32(0xFFFF-c.A)>>8)
		}
	}
	return p
}

// shrink makes a picture of a given width, each pixel the mean of those that it stands for. A narrower one stays as it is.
func (p plane) shrink(width int) plane {
	if width >= p.w {
		return p
	}
	out := newPlane(width, max(p.h*width/p.w, 1))
	for y := range out.h {
		top, bottom := y*p.h/out.h, max((y+1)*p.h/out.h, y*p.h/out.h+1)
		row := out.row(y)
		for x := range row {
			left, right := x*p.w/out.w, (x+1)*p.w/out.w
			sum := 0
			for yy := top; yy < bottom; yy++ {
				for _, v := range p.row(yy)[left:right] {
					sum += int(v)
				}
			}
			row[x] = byte(sum / ((bottom - top) * (right - left)))
		}
	}
	return out
}

// upright turns and mirrors a picture as its Exif orientation says, so that it is seen as it was taken.
func (p plane) upright(turned int) plane {
	if turned <= 1 || turned > 8 {
		return p
	}
	out := newPlane(p.w, p.h)
	if turned >= 5 { // these have their axes exchanged
		out = newPlane(p.h, p.w)
	}
	for y := range out.h {
		row := out.row(y)
		for x := range row {
			fx, fy := x, y
			switch turned {
			case 2:
				fx = p.w - 1 - x
			case 3:
				fx, fy = p.w-1-x, p.h-1-y
			case 4:
				fy = p.h - 1 - y
			case 5:
				fx, fy = y, x
			case 6:
				fx, fy = y, p.h-1-x
			case 7:
				fx, fy = p.w-1-y, p.h-1-x
			case 8:
				fx, fy = p.w-1-y, x
			}
			row[x] = p.pix[fy*p.stride+fx]
		}
	}
	return out
}

// inverted exchanges black and white: a code on a dark page.
func (p plane) inverted() plane {
	out := newPlane(p.w, p.h)
	for y := range p.h {
		row := out.row(y)
		for x, v := range p.row(y) {
			row[x] = 255 - v
		}
	}
	return out
}

// tight is the picture without gaps between its rows.
func (p plane) tight() []byte {
	if p.stride == p.w {
		return p.pix[:p.w*p.h]
	}
	out := newPlane(p.w, p.h)
	for y := range p.h {
		copy(out.row(y), p.row(y))
	}
	return out.pix
}
