package qr

import (
	"bytes"
	"encoding/xml"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What is drawn says the text again, whatever mode it takes.
func TestSVGIsRead(t *testing.T) {
	for _, c := range []struct {
		name, text string
		level      Level
		side       int // modules with the margin; 0: any
	}{
		{"verification token", "PIEKS1:" + strings.Repeat("A7", 18) + "Z", Q, 37},
		{"URL in capitals", "HTTP://127.0.0.1:8080/P/ABCDEFGHJKMNPQRS", Q, 37},
		{"the same in small letters", "http://127.0.0.1:8080/p/abcdefghjkmnpqrs", Q, 41},
		{"digits", "0123456789012345678901234567890", M, 0},
		{"no number", "+0", M, 29},
		{"umlauts", "Grüße aus Köln", Q, 0},
		{"long", strings.Repeat("HC1:ABCDEF", 55), Q, 97},
		{"low", "A", L, 29},
		{"high", "A", H, 29},
	} {
		t.Run(c.name, func(t *testing.T) {
			svg, err := SVG(c.text, `<"Ihr" Code>`, c.level)
			if err != nil {
				t.Fatal(err)
			}
			code := modules(t, svg)
			if side := code.Bounds().Dx(); c.side != 0 && side != c.side {
				t.Errorf("%d modules, want %d", side, c.side)
			}
			var e element
			if err := xml.Unmarshal([]byte(svg), &e); err != nil {
				t.Fatal(err)
			}
			if e.Role != "img" || e.Title != `<"Ihr" Code>` || e.Rect.Fill != "#fff" {
				t.Errorf("%+v", e)
			}
			side := float64(4 * code.Bounds().Dx())
			photo := photograph(code, scene{w: int(side), h: int(side), x: side / 2, y: side / 2, side: side}, 1)
			if got, err := Read(t.Context(), bytes.NewReader(asPNG(t, photo))); err != nil || got != c.text {
				t.Errorf("read %q, %v", got, err)
			}
		})
	}
}

func TestSVGOfAnyText(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringMatching(`[0-9A-Z $%*+./:-]{1,60}`).Draw(r, "text")
		svg, err := SVG(text, "x", Q)
		if err != nil {
			r.Fatal(err)
		}
		code := modules(t, svg)
		side := float64(4 * code.Bounds().Dx())
		photo := photograph(code, scene{w: int(side), h: int(side), x: side / 2, y: side / 2, side: side}, 1)
		if got, err := Read(t.Context(), bytes.NewReader(asPNG(t, photo))); err != nil || got != text {
			r.Errorf("read %q, %v", got, err)
		}
	})
}

func TestSVGRefuses(t *testing.T) {
	for name, text := range map[string]string{"nothing": "", "too much": strings.Repeat("secret", 1000)} {
		if svg, err := SVG(text, "x", Q); !errors.Is(err, ErrText) || svg != "" || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %d bytes, %.80v", name, len(svg), err)
		}
	}
}

// The printed symbol has the side that was asked for; the quiet zone comes on top.
func TestPrintedSide(t *testing.T) {
	svg, err := Printed("PIEKS", "code", Q, 90) // 21 modules
	if err != nil || !strings.Contains(svg, `viewBox="0 0 29 29" width="124.29mm" height="124.29mm"`) {
		t.Errorf("%.120s %v", svg, err)
	}
}
