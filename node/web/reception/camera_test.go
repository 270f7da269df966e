package reception

import (
	"bytes"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pieks/node/control"
	"pieks/node/web"
	"pieks/node/web/webtest"
)

func expected(s *site) *control.Booking {
	return s.give(control.Patient{Name: "Erika Mustermann", BirthDate: "1950-03-01"}, true, s.add(time.Date(2026, 12, 1, 9, 40, 0, 0, web.Berlin), 10*time.Minute, "biontech", 1))
}

// TestCamera: the booking's code before the camera checks in once; the second time it says when (case 20).
func TestCamera(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser, which runs without -short")
	}
	t.Parallel()
	s := newSite(t)
	booked := expected(s)
	tab := webtest.Start(t, webtest.FakeCamera(webtest.Film(t, webtest.Shown(t, booked.Visits[0].QR)))...).Tab(webtest.Desktop)
	link, err := s.Link("assistant")
	if err != nil {
		t.Fatal(err)
	}
	tab.Go(link.URL)
	tab.Says("Dienstag")
	tab.Go(s.URL() + "/desk")
	tab.ClickText("Mit der Kamera scannen")
	tab.Says("✓ Eingecheckt")
	tab.Says("Erika Mustermann")
	if booked.Visits[0].State != "attended" {
		t.Errorf("%+v", booked.Visits[0])
	}
	s.clock.Advance(time.Minute)
	tab.ClickText("Mit der Kamera scannen")
	tab.Says("Bereits eingecheckt um 09:32 Uhr")
	for _, e := range tab.Errors() {
		t.Error(e)
	}
}

// TestCameraDenied: field and photo stay usable, and the focus is in the field (case 21).
func TestCameraDenied(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser, which runs without -short")
	}
	t.Parallel()
	s := newSite(t)
	booked := expected(s)
	tab := webtest.Start(t, webtest.Flag{Name: "deny-permission-prompts", Value: true}).Tab(webtest.Phone)
	link, err := s.Link("assistant")
	if err != nil {
		t.Fatal(err)
	}
	tab.Go(link.URL)
	tab.Says("Dienstag")
	tab.Go(s.URL() + "/desk")
	tab.ClickText("Mit der Kamera scannen")
	tab.Says("nicht verfügbar oder nicht erlaubt")
	tab.Until("the focus in the field", `document.activeElement.id === "f-code"`)
	tab.Check(24)
	photo := filepath.Join(t.TempDir(), "photo.png")
	var data bytes.Buffer
	if err := png.Encode(&data, webtest.Shown(t, booked.Visits[0].QR)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(photo, data.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	tab.Upload("#f-photo", photo)
	tab.ClickText("Foto lesen")
	tab.Says("✓ Eingecheckt")
}

func (b *browser) upload(path, field string, file []byte) answer {
	b.T.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := form.WriteField("csrf", b.get("/desk").Token()); err != nil {
		b.T.Fatal(err)
	}
	if file != nil {
		part, err := form.CreateFormFile(field, "x")
		if err != nil {
			b.T.Fatal(err)
		}
		if _, err := part.Write(file); err != nil {
			b.T.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		b.T.Fatal(err)
	}
	r, err := http.NewRequestWithContext(b.T.Context(), "POST", b.At+path, &body)
	if err != nil {
		b.T.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	return b.Send(r)
}

// TestUploads: photos that are none, and network files (case 22).
func TestUploads(t *testing.T) {
	s := newSite(t)
	booked := expected(s)
	b := s.in(t, "")
	encoded := func(picture *image.Gray) []byte {
		var data bytes.Buffer
		if err := png.Encode(&data, picture); err != nil {
			t.Fatal(err)
		}
		return data.Bytes()
	}
	for _, test := range []struct {
		file []byte
		want string
	}{
		{nil, "zuerst ein Foto"}, {[]byte("GIF89a"), "kein Foto im Format"}, {encoded(image.NewGray(image.Rect(0, 0, 300, 200))), "Kein Code erkannt"},
		{encoded(webtest.Shown(t, "PIEKS:ABC")), "kein Code eines Termins"},
	} {
		a := b.upload("/desk/photo", "photo", test.file)
		a.Says(t, test.want)
		if a.Status != http.StatusUnprocessableEntity || booked.Visits[0].State != "booked" {
			t.Errorf("%s: %d", test.want, a.Status)
		}
	}
	b.upload("/desk/photo", "photo", encoded(webtest.Shown(t, booked.Visits[0].QR))).Says(t, "✓ Eingecheckt")
	b.upload("/network", "file", nil).Says(t, "zuerst eine Datei")
	b.upload("/network", "file", []byte("old")).Says(t, `class="notice bad"`)
	b.upload("/network", "file", []byte("newer")).Says(t, "Netzdatei Nummer 8 gilt ab jetzt")
	if a := s.in(t, "assistant").upload("/network", "file", []byte("newer")); a.Status != http.StatusForbidden {
		t.Errorf("an assistant changes the network: %d", a.Status)
	}
}
