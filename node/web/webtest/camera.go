package webtest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"os"
	"path/filepath"
	"testing"

	barcode "github.com/boombuler/barcode/qr"
)

// Shown is a picture of a telephone that shows a code: 640 by 480.
func Shown(t testing.TB, text string) *image.Gray {
	t.Helper()
	code, err := barcode.Encode(text, barcode.M, barcode.Unicode)
	if err != nil {
		t.Fatal(err)
	}
	picture := image.NewGray(image.Rect(0, 0, 640, 480))
	draw.Draw(picture, picture.Bounds(), image.NewUniform(color.Gray{200}), image.Point{}, draw.Src)
	const module = 9
	side := code.Bounds().Dx()
	left, top := (640-side*module)/2, (480-side*module)/2
	draw.Draw(picture, image.Rect(left-4*module, top-4*module, left+(side+4)*module, top+(side+4)*module), image.White, image.Point{}, draw.Src)
	for y := range side {
		for x := range side {
			if r, _, _, _ := code.At(x, y).RGBA(); r < 0x8000 {
				draw.Draw(picture, image.Rect(left+x*module, top+y*module, left+(x+1)*module, top+(y+1)*module), image.Black, image.Point{}, draw.Src)
			}
		}
	}
	return picture
}

// Film is a picture as Chromium's fake camera takes it.
func Film(t testing.TB, picture *image.Gray) string {
	t.Helper()
	var out bytes.Buffer
	size := picture.Bounds().Size()
	fmt.Fprintf(&out, "YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\n", size.X, size.Y)
	for range 3 {
		out.WriteString("FRAME\n")
		out.Write(picture.Pix)
		out.Write(bytes.Repeat([]byte{128}, size.X*size.Y/2))
	}
	file := filepath.Join(t.TempDir(), "camera.y4m")
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
