package qr

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"math/rand/v2"
	"testing"
	"testing/iotest"
	"time"
)

const token = "PIEKS1:0123456789ABCDEFGHJKMNPQRSTVWXYZ012"

func TestPhotos(t *testing.T) {
	code := codeOf(t, token)
	for _, c := range []struct {
		name string
		scene
	}{
		{"straight", scene{w: 640, h: 480, x: 320, y: 240, side: 300}},
		{"tilted", scene{w: 1200, h: 900, x: 500, y: 420, side: 450, degrees: 17, noise: 8}},
		{"upside down", scene{w: 1200, h: 900, x: 500, y: 420, side: 450, degrees: 180, noise: 8}},
		{"at 45 degrees", scene{w: 1200, h: 900, x: 600, y: 450, side: 420, degrees: 45, noise: 8}},
		{"leaning", scene{w: 1600, h: 1200, x: 800, y: 600, side: 700, degrees: -8, lean: 0.35, noise: 8}},
		{"half in shade", scene{w: 1600, h: 1200, x: 700, y: 600, side: 700, shade: 0.85, noise: 4}},
		{"noise", scene{w: 1600, h: 1200, x: 800, y: 600, side: 700, degrees: 5, noise: 40}},
		{"mirrored", scene{w: 800, h: 600, x: 400, y: 300, side: 400, mirrored: true}},
		{"light on dark", scene{w: 1200, h: 900, x: 600, y: 450, side: 500, degrees: 3, noise: 5, inverted: true}},
		{"small in a large photo", scene{w: 3000, h: 2000, x: 2300, y: 1500, side: 200, degrees: 12, noise: 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := time.Now()
			got, err := Read(t.Context(), bytes.NewReader(asJPEG(t, photograph(code, c.scene, 7))))
			if err != nil || got != token {
				t.Fatalf("read %q, %v", got, err)
			}
			t.Log(time.Since(began).Round(time.Millisecond))
		})
	}
}

// A phone's photo of 12 megapixels, which it says lies on its side.
func TestTwelveMegapixels(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes many large pictures, which runs without -short")
	}
	code := codeOf(t, token)
	data := asJPEG(t, photograph(code, scene{w: 4032, h: 3024, x: 1900, y: 1400, side: 1300, degrees: 95, lean: 0.1, noise: 12}, 3))
	for turned := range 9 {
		began := time.Now()
		got, err := Read(t.Context(), bytes.NewReader(withExif(data, binary.BigEndian, turned)))
		if err != nil || got != token {
			t.Errorf("orientation %d: read %q, %v", turned, got, err)
		}
		t.Log(turned, time.Since(began).Round(time.Millisecond))
	}
}

// Photos of something else, the worst of which is noise, full of what looks like corners of a code.
func TestNoCode(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes many large pictures, which runs without -short")
	}
	random := rand.New(rand.NewPCG(1, 2))
	noise := func(w, h, levels int) image.Image {
		img := image.NewGray(image.Rect(0, 0, w, h))
		for i := range img.Pix {
			img.Pix[i] = byte(random.IntN(levels) * 255 / (levels - 1))
		}
		return img
	}
	stripes := image.NewGray(image.Rect(0, 0, 4000, 3000))
	for i := range stripes.Pix {
		stripes.Pix[i] = byte(255 * ((i % 4000) / 8 % 2))
	}
	// All finder patterns and no code.
	corners := image.NewGray(image.Rect(0, 0, 2000, 2000))
	corner := codeOf(t, token).SubImage(image.Rect(quiet, quiet, quiet+8, quiet+8)).(*image.Gray)
	for y := range 2000 {
		for x := range 2000 {
			corners.SetGray(x, y, corner.GrayAt(quiet+x/3%8, quiet+y/3%8))
		}
	}
	for name, img := range map[string]image.Image{
		"one pixel": image.NewGray(image.Rect(0, 0, 1, 1)), "a row": image.NewGray(image.Rect(0, 0, 5000, 1)), "a column": image.NewGray(image.Rect(0, 0, 1, 5000)),
		"white": image.NewUniform(color.White), "noise": noise(4000, 3000, 256), "black and white noise": noise(4000, 3000, 2),
		"small noise": noise(900, 700, 2), "stripes": stripes, "corners": corners,
	} {
		if u, ok := img.(*image.Uniform); ok {
			white := image.NewRGBA(image.Rect(0, 0, 300, 300))
			for i := range white.Pix {
				white.Pix[i] = byte(u.C.(color.Gray16).Y >> 8)
			}
			img = white
		}
		for kind, data := range map[string][]byte{"JPEG": asJPEG(t, img), "PNG": asPNG(t, img)} {
			if len(data) > MaxPhotoBytes {
				t.Fatalf("%s %s has %d bytes", name, kind, len(data))
			}
			began := time.Now()
			if got, err := Read(t.Context(), bytes.NewReader(data)); !errors.Is(err, ErrNoCode) {
				t.Errorf("%s, %s: read %q, %v", name, kind, got, err)
			}
			took := time.Since(began)
			t.Log(name, kind, took.Round(time.Millisecond))
			if took > 3*maxTime { // between two looks at the clock there is one try; tests share the machine
				t.Errorf("%s, %s: %s", name, kind, took)
			}
		}
	}
}

// All kinds of PNG say the same, also with a transparent ground.
func TestColours(t *testing.T) {
	code := codeOf(t, token)
	side := 4 * code.Bounds().Dx()
	photo := photograph(code, scene{w: side, h: side, x: float64(side) / 2, y: float64(side) / 2, side: float64(side)}, 1)
	area := photo.Bounds()
	clear := image.NewNRGBA(area)
	pale := image.NewPaletted(area, color.Palette{color.RGBA{0, 60, 90, 255}, color.RGBA{250, 250, 200, 255}})
	deep := image.NewNRGBA64(area)
	for y := range side {
		for x := range side {
			if dark(photo.At(x, y)) {
				clear.SetNRGBA(x, y, color.NRGBA{20, 20, 20, 255})
				deep.Set(x, y, color.NRGBA64{A: 0xFFFF})
			} else {
				pale.SetColorIndex(x, y, 1)
				deep.Set(x, y, color.NRGBA64{0xEFFF, 0xFFFF, 0xFFFF, 0xFFFF})
			}
		}
	}
	for name, img := range map[string]image.Image{"transparent": clear, "palette": pale, "16 bit": deep} {
		if got, err := Read(t.Context(), bytes.NewReader(asPNG(t, img))); err != nil || got != token {
			t.Errorf("%s: read %q, %v", name, got, err)
		}
	}
}

// header is a PNG that says it is so large, and has nothing after that.
func header(w, h uint32, depth, kind byte) []byte {
	chunk := append([]byte("IHDR"), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)...)
	chunk = append(chunk, depth, kind, 0, 0, 0)
	data := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), chunk...)
	return binary.BigEndian.AppendUint32(data, crc32.ChecksumIEEE(chunk))
}

func TestRefused(t *testing.T) {
	photo := asJPEG(t, image.NewGray(image.Rect(0, 0, 64, 64)))
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"nothing", nil, ErrFormat},
		{"text", []byte("hello"), ErrFormat},
		{"cut JPEG", photo[:len(photo)/2], ErrFormat},
		{"GIF", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00"), ErrFormat},
		{"no data", header(10, 10, 8, 2), ErrFormat},
		{"too many bytes", make([]byte, MaxPhotoBytes+1), ErrTooLarge},
		{"too many pixels", header(100_000, 100_000, 8, 0), ErrTooLarge},
		{"as many as there can be", header(1<<31-1, 1<<31-1, 16, 6), ErrFormat},
		{"41 megapixels", header(41<<10, 1<<10, 8, 0), ErrTooLarge},
		{"deep ones", header(21<<10, 1<<10, 16, 2), ErrTooLarge},
	} {
		if got, err := Read(t.Context(), bytes.NewReader(c.data)); !errors.Is(err, c.want) {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
	broken := errors.New("broken")
	if _, err := Read(t.Context(), iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

func TestProgressiveCostsMore(t *testing.T) {
	for _, c := range []struct {
		kind        string
		model       color.Model
		progressive bool
		pixels      int64
		ok          bool
	}{
		{"jpeg", color.YCbCrModel, false, 40 << 20, true},
		{"jpeg", color.YCbCrModel, true, 12 << 20, true},
		{"jpeg", color.YCbCrModel, true, 14 << 20, false},
		{"jpeg", color.CMYKModel, false, 21 << 20, false},
		{"png", color.NRGBAModel, false, 40 << 20, true},
		{"png", color.NRGBA64Model, false, 21 << 20, false},
	} {
		if ok := c.pixels*cost(c.kind, c.model, c.progressive) <= maxDecoded; ok != c.ok {
			t.Errorf("%+v: %v", c, ok)
		}
	}
}

// One photo is read at a time; who waits may go.
func TestOneAtATime(t *testing.T) {
	reading <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Read(ctx, bytes.NewReader(nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	<-reading
	if _, err := Read(t.Context(), bytes.NewReader(nil)); !errors.Is(err, ErrFormat) {
		t.Errorf("%v", err)
	}
}

// After its time nothing is looked at any more, neither in the file nor in the picture.
func TestTimeIsUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	photo := photograph(codeOf(t, token), scene{w: 640, h: 480, x: 320, y: 240, side: 300}, 1)
	if _, _, err := decode(ctx, asJPEG(t, photo)); !errors.Is(err, ErrNoCode) {
		t.Errorf("decode: %v", err)
	}
	if text, err := find(ctx, brightness(photo), 1); !errors.Is(err, ErrNoCode) {
		t.Errorf("find: %q, %v", text, err)
	}
}

// scans is a JPEG of 13 megapixels and a few megabytes that asks for a hundred thousand passes over them: each scan says in a few bytes
// that nothing changes.
func scans() []byte {
	const side = 3600
	blocks := (side / 8) * (side / 8)
	data := []byte{0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0}
	data = append(data, bytes.Repeat([]byte{1}, 64)...)
	data = append(data, 0xFF, markerSOF2, 0, 11, 8, side>>8, side&0xFF, side>>8, side&0xFF, 1, 1, 0x11, 0)
	data = append(data, 0xFF, 0xC4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xE0) // one code, "0": a run of 2^14 blocks and more
	scan := []byte{0xFF, markerSOS, 0, 8, 1, 1, 0, 1, 63, 0}
	bits, have := uint32(0), 0
	put := func(value uint32, n int) {
		for bits, have = bits<<n|value, have+n; have >= 8; have -= 8 {
			if scan = append(scan, byte(bits>>(have-8))); scan[len(scan)-1] == 0xFF {
				scan = append(scan, 0)
			}
		}
	}
	for left := blocks; left > 0; left -= 1 << 14 {
		put(0, 1)
		put(0, 14)
	}
	put(0x7F, 7)
	for len(data) < 4<<20 {
		data = append(data, scan...)
	}
	return append(data, 0xFF, 0xD9)
}

// A picture that is made to keep its decoder busy is given up in time.
func TestEndlessScans(t *testing.T) {
	began := time.Now()
	if got, err := Read(t.Context(), bytes.NewReader(scans())); !errors.Is(err, ErrNoCode) {
		t.Errorf("read %q, %v", got, err)
	}
	if took := time.Since(began); took > 2*maxTime {
		t.Errorf("%s", took)
	} else {
		t.Log(took.Round(time.Millisecond))
	}
}
