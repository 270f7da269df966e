package qr

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"testing"
)

// element is an SVG as SVG writes it.
type element struct {
	ViewBox string `xml:"viewBox,attr"`
	Role    string `xml:"role,attr"`
	Title   string `xml:"title"`
	Rect    struct {
		Fill string `xml:"fill,attr"`
	} `xml:"rect"`
	Path []struct {
		D string `xml:"d,attr"`
	} `xml:"path"`
}

var run = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)

// modules paints the svg's path, a pixel a module.
func modules(t testing.TB, svg string) *image.Gray {
	t.Helper()
	var e element
	if err := xml.Unmarshal([]byte(svg), &e); err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`^0 0 (\d+) (\d+)$`).FindStringSubmatch(e.ViewBox)
	if m == nil || m[1] != m[2] || len(e.Path) != 1 {
		t.Fatalf("viewBox %q, %d paths", e.ViewBox, len(e.Path))
	}
	side, _ := strconv.Atoi(m[1])
	img := image.NewGray(image.Rect(0, 0, side, side))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	if rest := run.ReplaceAllString(e.Path[0].D, ""); rest != "" {
		t.Fatalf("path has more than runs: %.40q", rest)
	}
	for _, r := range run.FindAllStringSubmatch(e.Path[0].D, -1) {
		x, _ := strconv.Atoi(r[1])
		y, _ := strconv.Atoi(r[2])
		n, _ := strconv.Atoi(r[3])
		if r[3] != r[4] || x < quiet || x+n > side-quiet || y < quiet || y >= side-quiet {
			t.Fatalf("run %s of %d modules", r[0], side)
		}
		for ; n > 0; n, x = n-1, x+1 {
			img.SetGray(x, y, color.Gray{})
		}
	}
	return img
}

func codeOf(t testing.TB, text string) *image.Gray {
	t.Helper()
	svg, err := SVG(text, "Code", Q)
	if err != nil {
		t.Fatal(err)
	}
	return modules(t, svg)
}

// scene is a photo of a code: where it lies, how large, how crooked and how well lit.
type scene struct {
	w, h     int
	x, y     float64 // middle of the code
	side     float64 // of the code with its margin, in pixels
	degrees  float64
	lean     float64 // perspective: how much narrower one edge is than the opposite, 0 to 0.4
	noise    float64 // standard deviation
	shade    float64 // how much darker the left edge is, 0 to 1
	mirrored bool
	inverted bool
}

// photograph draws a scene on grey paper: for each pixel it looks where that is on the code.
func photograph(code *image.Gray, s scene, seed uint64) *image.Gray {
	random := rand.New(rand.NewPCG(seed, 1))
	img := image.NewGray(image.Rect(0, 0, s.w, s.h))
	n := float64(code.Bounds().Dx())
	sin, cos := math.Sincos(s.degrees * math.Pi / 180)
	for y := range s.h {
		for x := range s.w {
			dx, dy := float64(x)+0.5-s.x, float64(y)+0.5-s.y
			u, v := (dx*cos+dy*sin)/s.side, (dy*cos-dx*sin)/s.side
			far := 1 - s.lean*v // a plane seen at a slant
			u, v = u/far, v/far
			if s.mirrored {
				u = -u
			}
			light := 200.0
			if u >= -0.5 && u < 0.5 && v >= -0.5 && v < 0.5 {
				light = 30 + 0.75*float64(code.GrayAt(int((u+0.5)*n), int((v+0.5)*n)).Y)
			}
			if s.inverted {
				light = 255 - light
			}
			light *= 1 - s.shade*(1-float64(x)/float64(s.w))
			if s.noise > 0 {
				light += random.NormFloat64() * s.noise
			}
			img.Pix[y*img.Stride+x] = byte(max(0, min(255, light)))
		}
	}
	return img
}

func asJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 80}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
