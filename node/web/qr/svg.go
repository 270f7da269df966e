package qr

import (
	"errors"
	"fmt"
	"html"
	"image"
	"image/color"
	"strconv"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// Level is how much of a code may be unreadable.
type Level byte

// The levels of ISO/IEC 18004.
const (
	L Level = iota // 7 %: for short ways, screen to camera
	M              // 15 %
	Q              // 25 %: for paper that is folded and carried
	H              // 30 %
)

// ErrText says that a text does not fit into a QR code.
var ErrText = errors.New("the text is empty or too long for a QR code")

// SVG draws text as an svg element to be put into a page. Title is what a screen reader says instead of it. The element has no size:
// the page's style gives it one. It stays black on white in a dark page, since many scanners read nothing else.
func SVG(text, title string, level Level) (string, error) {
	return draw(text, title, level, 0)
}

// Printed is SVG with a size for paper: side is that of the symbol, in millimetres, without the quiet zone of four modules around it.
func Printed(text, title string, level Level, side float64) (string, error) {
	return draw(text, title, level, side)
}

func draw(text, title string, level Level, printed float64) (string, error) {
	if text == "" {
		return "", ErrText
	}
	code, err := qr.Encode(text, levels[level], mode(text))
	if err != nil {
		return "", ErrText // the library's own error repeats the text, which is often secret
	}
	modules := code.Bounds().Dx()
	side, size := strconv.Itoa(modules+2*quiet), ""
	if printed > 0 {
		mm := strconv.FormatFloat(printed*float64(modules+2*quiet)/float64(modules), 'f', 2, 64)
		size = ` width="` + mm + `mm" height="` + mm + `mm"`
	}
	var b strings.Builder
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ` + side + ` ` + side + `"` + size + ` role="img" shape-rendering="crispEdges">`)
	b.WriteString(`<title>` + html.EscapeString(title) + `</title>`)
	b.WriteString(`<rect width="` + side + `" height="` + side + `" fill="#fff"/><path fill="#000" d="`)
	path(&b, code)
	b.WriteString(`"/></svg>`)
	return b.String(), nil
}

var levels = map[Level]qr.ErrorCorrectionLevel{L: qr.L, M: qr.M, Q: qr.Q, H: qr.H}

// mode is the one with the smallest code. The library's own choice takes "+0" for a number, and loses the sign.
func mode(text string) qr.Encoding {
	switch {
	case strings.Trim(text, digits) == "":
		return qr.Numeric
	case strings.Trim(text, alphanumeric) == "":
		return qr.AlphaNumeric
	}
	return qr.Unicode
}

// The characters of the two denser modes (ISO/IEC 18004, 7.4).
const (
	digits       = "0123456789"
	alphanumeric = digits + "ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
)

// path draws each run of dark modules of a row as one rectangle.
func path(b *strings.Builder, code image.Image) {
	area := code.Bounds()
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			from := x
			for x < area.Max.X && dark(code.At(x, y)) {
				x++
			}
			if x > from {
				fmt.Fprintf(b, "M%d %dh%dv1h-%dz", from-area.Min.X+quiet, y-area.Min.Y+quiet, x-from, x-from)
			}
		}
	}
}

func dark(c color.Color) bool {
	r, _, _, _ := c.RGBA()
	return r < 0x8000
}
