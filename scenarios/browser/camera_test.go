package browser

import (
	"bufio"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/node/web"
	"pieks/node/web/webtest"
)

// The size of a camera's picture.
const wide, high = 640, 480

// photo is what a camera sees: a grey desk, and on it a card with a code. Without text there is no code on the card.
func photo(t testing.TB, text string) *image.Gray {
	t.Helper()
	desk := image.NewGray(image.Rect(0, 0, wide, high))
	draw.Draw(desk, desk.Bounds(), image.NewUniform(color.Gray{Y: 96}), image.Point{}, draw.Src)
	card := image.Rect(wide/2-200, high/2-200, wide/2+200, high/2+200)
	draw.Draw(desk, card, image.White, image.Point{}, draw.Src)
	if text == "" {
		for y := card.Min.Y + 40; y < card.Max.Y-40; y += 20 { // a letter, say
			draw.Draw(desk, image.Rect(card.Min.X+40, y, card.Max.X-40, y+6), image.Black, image.Point{}, draw.Src)
		}
		return desk
	}
	code, err := qr.Encode(text, qr.M, qr.AlphaNumeric)
	if err == nil {
		code, err = barcode.Scale(code, 330, 330)
	}
	if err != nil {
		t.Fatal(err)
	}
	draw.Draw(desk, card.Inset(35), code, image.Point{}, draw.Src)
	return desk
}

// film writes a picture as a .y4m file of a second, for the browser's camera: a frame is the luma, then both chromas, halved and constant.
func film(t testing.TB, file string, picture *image.Gray) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := bufio.NewWriter(f)
	fmt.Fprintf(out, "YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\n", wide, high)
	chroma := make([]byte, wide*high/2)
	for i := range chroma {
		chroma[i] = 128
	}
	for range 10 {
		out.WriteString("FRAME\n")
		out.Write(picture.Pix)
		out.Write(chroma)
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
}

// keeps writes a picture to a file.
func keeps(t testing.TB, name string, picture image.Image) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if filepath.Ext(name) == ".png" {
		err = png.Encode(f, picture)
	} else {
		err = jpeg.Encode(f, picture, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// cardOf books an appointment of today for a patient and gives the booking as its node has it.
func (w *town) cardOf(p *place, home, name string) control.Booking {
	w.Helper()
	p.offers(p.today(), "09:00", "09:20", "influenza")
	patient := w.patient(name, home)
	b := patient.books(name)
	if b.State != "booked" || b.Visits[0].QR == "" {
		w.Fatalf("the booking is %s", b.State)
	}
	p.keepsSecret(name, b.Visits[0].Digits, b.Visits[0].QR, "1950-03-01")
	return b
}

// scans holds a card before the desk's camera: once it is let in, the second time the page says when that was.
func scans(w *town) {
	p := w.practice("Erfurt", "99084")
	b := w.cardOf(p, "99085", "Frida Kamera")
	file := filepath.Join(w.TempDir(), "desk.y4m")
	film(w, file, photo(w, b.Visits[0].QR))
	reception := p.opensIn(webtest.Start(w, webtest.FakeCamera(file)...), webtest.Desktop)
	reception.Click(`nav a[href="/desk"]`)
	reception.Click("[data-scan-start]")
	reception.Until("the green answer", `document.querySelector(".result.good")`)
	reception.Says("Eingecheckt")
	reception.Says("Frida Kamera")
	reception.Says(web.Clock(web.German, b.Visits[0].Start))
	came := p.all()[0].Visits[0].Attended
	reception.Click("[data-scan-start]")
	reception.Until("the other answer", `document.querySelector(".result.warn")`)
	reception.Says("Bereits eingecheckt um " + web.Clock(web.German, came))
	if all := p.all(); len(all) != 1 || !all[0].Visits[0].Attended.Equal(came) || came.IsZero() {
		w.Errorf("two scans, and checked in at %v and %v", came, all[0].Visits[0].Attended)
	}
	if n := webtest.Eval[int](reception.Tab, `document.querySelectorAll(".arrivals li").length`); n != 1 {
		w.Errorf("%d people arrived", n)
	}
}

// cameraRefused has no camera: the page says so and how it goes on, the field keeps the focus, and a photo does.
func cameraRefused(w *town) {
	p := w.practice("Stuttgart", "70173")
	b := w.cardOf(p, "70174", "Fritz Foto")
	reception := p.opensIn(webtest.Start(w, webtest.Flag{Name: "use-fake-device-for-media-stream", Value: true}, webtest.Flag{Name: "use-fake-ui-for-media-stream", Value: "deny"}), webtest.Phone)
	reception.at("/desk")
	focus := `document.activeElement.id === "f-code"`
	reception.Until("the focus in the field", focus)
	if state := webtest.Eval[string](reception.Tab, `navigator.mediaDevices.getUserMedia({video: true}).then(() => "given", e => e.name)`); state != "NotAllowedError" {
		w.Errorf("the camera is %s", state)
	}
	reception.Click("[data-scan-start]")
	reception.Says("Die Kamera ist nicht verfügbar oder nicht erlaubt.")
	reception.Until("the focus in the field", focus)
	for _, wrong := range []struct{ file, says string }{
		{keeps(w, "letter.jpg", photo(w, "")), "Kein Code erkannt"},
		{keeps(w, "other.png", photo(w, "HTTPS://EXAMPLE.ORG/1")), "Das ist kein Code eines Termins."},
	} {
		reception.Upload("#f-photo", wrong.file)
		reception.ClickText("Foto lesen")
		reception.Says(wrong.says)
	}
	text := filepath.Join(w.TempDir(), "text.jpg")
	if err := os.WriteFile(text, []byte("no picture"), 0o600); err != nil {
		w.Fatal(err)
	}
	reception.Upload("#f-photo", text)
	reception.ClickText("Foto lesen")
	reception.Says("kein Foto im Format JPEG oder PNG")
	if !p.all()[0].Visits[0].Attended.IsZero() {
		w.Error("checked in by a wrong photo")
	}
	reception.Upload("#f-photo", keeps(w, "card.jpg", photo(w, b.Visits[0].QR)))
	reception.ClickText("Foto lesen")
	reception.Until("the green answer", `document.querySelector(".result.good")`)
	reception.Says("Fritz Foto")
	testnet.Until(w, "the visit", func() bool { return !p.all()[0].Visits[0].Attended.IsZero() })
}
