package patient

import (
	"bytes"
	"fmt"
	"image/png"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pieks/node/control"
	"pieks/node/web/webtest"
)

// TestCheckinLook goes through every page of a check-in as a person would, and looks at each.
func TestCheckinLook(t *testing.T) {
	for _, l := range []webtest.Look{webtest.Phone, webtest.Desktop} {
		t.Run(fmt.Sprint(l.Width), func(t *testing.T) {
			tab := chromium(t).Tab(l)
			s := newCheckinSite(t)
			s.node.withHealthID()
			s.node.options.Introduced = false
			see := func(name string) { t.Helper(); tab.Check(44); tab.Keep("checkin-" + name) }
			open := func(path string) { t.Helper(); tab.Go(s.URL() + path) }
			tab.Go(s.link(t))
			tab.Says("Neu: Online-Check-in")
			see("01-hint")
			tab.ClickText("Zum Online-Check-in")
			tab.Says("Scannen Sie den Code, der am Empfang steht")
			see("02-start")
			tab.ClickText("Verstanden")
			tab.Until("the hint gone", `!document.body.innerText.includes("Neu: Online")`)
			tab.Type("#f-code", "https://evil.example/")
			tab.ClickText("Weiter")
			tab.Says("QR-Code fehlerhaft")
			see("03-bad")
			tab.ClickText("Ok")
			tab.Type("#f-code", "1-999")
			tab.ClickText("Weiter")
			tab.Says("Einrichtung nicht gefunden")
			see("04-unknown")
			tab.ClickText("Ok")
			tab.Type("#f-code", "5-2-777")
			tab.ClickText("Weiter")
			tab.Says("Welche ist es?")
			see("05-which")
			open("/checkin/search")
			see("06-search")
			tab.ClickText("Suchen")
			tab.Says("Geben Sie einen Namen")
			see("07-search-wrong")
			tab.Type("#f-text", "Köln")
			tab.ClickText("Suchen")
			tab.Says("3 Einrichtungen")
			see("08-found")
			tab.Click("button.choice")
			tab.Says("Hier einchecken?")
			see("09-consent")
			tab.ClickText("Als Favorit hinzufügen")
			tab.Until("the name's field", `document.querySelector("#f-alias").checkVisibility()`)
			tab.Type("#f-alias", "Meine Hausärztin")
			see("10-consent-favourite")
			tab.ClickText("Bestätigen")
			tab.Says("Wie weisen Sie sich aus?")
			see("11-proof")
			tab.ClickText("Mit der GesundheitsID")
			tab.Says("Wählen Sie Ihre Krankenversicherung")
			see("12-login")
			tab.Type("#f-query", "muster")
			tab.ClickText("Suchen")
			tab.Until("one insurer", `document.querySelectorAll("button.choice").length === 1`)
			tab.ClickText("Musterkasse")
			tab.Says("Sie verlassen jetzt Pieks")
			see("13-go")
			id := s.node.last().ID
			open("/checkin/" + id + "/card")
			tab.Says("ist kein Kartenlesegerät")
			see("14-card-no-reader")
			s.readers.insert("Reader 1", &patientCard{can: goodCAN})
			s.node.changes.Changed()
			tab.Says("Eine Karte liegt bereit")
			s.readers.insert("Reader 2", &patientCard{can: goodCAN})
			s.node.changes.Changed()
			tab.Says("In welchem Lesegerät")
			tab.ClickText("Reader 1")
			tab.Type("#f-can", "123124")
			tab.ClickText("Weiter")
			tab.Says("Das ist nicht die Zugangsnummer dieser Karte")
			tab.ClickText("nicht erkannt?")
			see("15-card-wrong-can")
			tab.ClickText("Reader 1")
			tab.Type("#f-can", goodCAN)
			s.node.do(func() { s.node.wait = make(chan struct{}) })
			tab.ClickText("Weiter")
			tab.Says("Karte erkannt")
			see("16-reading")
			close(s.node.wait)
			tab.Says("Sie haben sich erfolgreich bei")
			see("17-success")
			tab.ClickText("Vielleicht später")
			tab.Says("Wo suchen Sie")
			// The practice is away, and comes back.
			s.node.do(func() { s.node.outcome, s.node.wait = control.CheckinStatePending, nil })
			open("/checkin")
			tab.Says("Zuletzt genutzt")
			see("18-start-used")
			tab.ClickText("Meine Hausärztin")
			tab.Says("In Ihren Favoriten als")
			tab.ClickText("Bestätigen")
			tab.ClickText("Mit der Gesundheitskarte")
			tab.Until("the number filled in", `document.querySelector("#f-can").value === "123123"`)
			see("19-card-known")
			tab.ClickText("Test-Karte benutzen")
			tab.Says("Check-in ausstehend")
			see("20-pending")
			tab.ClickText("Jetzt nachfragen")
			tab.Says("Check-in ausstehend")
			id = s.node.last().ID
			s.clock.Advance(2 * time.Hour)
			s.node.settle(id, control.CheckinStateCanceled, control.CodeGiveUp)
			tab.Says("hat leider nicht reagiert") // by itself
			see("21-given-up")
			open("/checkin/history")
			see("22-history")
			open("/checkin/favourites")
			tab.ClickText("Namen ändern")
			see("23-favourites")
			tab.ClickText("Aus den Favoriten entfernen")
			tab.Says("ist kein Favorit mehr")
			see("24-favourites-none")
			tab.ClickText("Rückgängig")
			tab.Says("ist wieder ein Favorit")
			open("/settings")
			tab.Says("gemerkt")
			see("25-settings")
			open("/checkin")
			tab.ClickText("Für andere Person einchecken")
			tab.Says("Sie checken für eine andere Person ein")
			see("26-other")
			tab.Type("#f-code", goodCode)
			tab.ClickText("Weiter")
			tab.Says("Hier für eine andere Person einchecken?")
			see("27-consent-other")
			tab.ClickText("Abbrechen")
			tab.Says("Nicht eingecheckt")
			see("28-refused")
			open("/popp/checkin?telematikID=1-234567890&callBackAppURL=https://video.example/back")
			tab.Says("Eine andere App fragt an")
			see("29-app")
			open("/popp/checkin?telematikID=1-234567890&callBackAppURL=http://video.example/back")
			tab.Says("Anfrage fehlerhaft")
			see("30-app-wrong")
			s.node.do(func() { s.node.down, s.node.offline = true, s.node.now() })
			open("/checkin")
			tab.Type("#f-code", "9-2-DIGA-01")
			tab.ClickText("Weiter")
			tab.Says("Kein Internet")
			see("31-offline")
		})
	}
}

// TestFromAnotherSite: a page of another site leads to a check-in and to the end of a login by links, as an app or an insurer does. The session's
// cookie does not come along with that (SameSite=Strict), and still its user is in; what another site sends, posts or frames begins nothing.
func TestFromAnotherSite(t *testing.T) {
	for _, nojs := range []bool{false, true} {
		t.Run(fmt.Sprintf("NoJS=%v", nojs), func(t *testing.T) {
			look := webtest.Phone
			look.NoJS = nojs
			tab := chromium(t).Tab(look)
			s := newCheckinSite(t)
			s.node.withHealthID()
			const call = "/popp/checkin?telematikID=1-234567890&callBackAppURL=https://video.example/back"
			site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				switch r.URL.Path {
				case "/links":
					_, _ = fmt.Fprintf(w, `<title>x</title><p><a href="%[1]s%[2]s">check in</a> <a href="%[1]s%[3]s?state=state-1&amp;code=right">logged in</a></p>`, s.URL(), call, loginBack)
				case "/frame":
					_, _ = fmt.Fprintf(w, `<title>x</title><iframe src="%[1]s%[2]s"></iframe><iframe src="%[1]s/checkin/app?x=1"></iframe>`, s.URL(), call)
				default:
					_, _ = io.WriteString(w, `<title>x</title><form method="post" action="`+s.URL()+`/checkin/app"><input name="query" value="telematikID=1-234567890&amp;callBackURL=https://video.example/"><button>forged</button></form>`)
				}
			}))
			t.Cleanup(site.Close)
			_, port, err := net.SplitHostPort(strings.TrimPrefix(site.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			other := "http://localhost:" + port // to a browser another site than 127.0.0.1
			tab.Go(s.link(t))
			tab.Says("Wo suchen Sie")
			tab.Go(other + "/form")
			tab.ClickText("forged")
			tab.Says("noch nicht angemeldet") // the page of who is not let in
			tab.Go(other + "/frame")
			tab.Until("both frames refused", `document.querySelectorAll("iframe").length === 2`)
			if n := len(s.node.begun) + s.node.asked + s.node.sent; n != 0 {
				t.Fatalf("another site brought about %v", s.node.begun)
			}
			tab.Go(other + "/links")
			tab.ClickText("check in")
			tab.Says("Eine andere App fragt an")
			if n := len(s.node.begun); n != 0 {
				t.Fatal("begun by a link")
			}
			tab.ClickText("Einrichtung ansehen")
			tab.Says("Angefragt von: video.example")
			tab.ClickText("Bestätigen")
			tab.ClickText("Mit der GesundheitsID")
			tab.Says("Wählen Sie Ihre Krankenversicherung")
			tab.Type("#f-query", "muster")
			tab.ClickText("Suchen")
			tab.ClickText("Musterkasse")
			tab.Says("Sie verlassen jetzt Pieks")
			tab.Go(other + "/links")
			tab.ClickText("logged in")
			tab.Says("Zurück zu video.example")
			for _, h := range tab.History() {
				if strings.Contains(h.Address, "code=right") && !strings.HasPrefix(h.Address, other) {
					t.Errorf("the code stays in the history: %s", h.Address)
				}
			}
		})
	}
}

// TestCameraOfACheckin: the code before the camera leads to the question for consent, and one that is none to the warning.
func TestCameraOfACheckin(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser, which runs without -short")
	}
	t.Parallel()
	for text, says := range map[string]string{goodCode: "Hier einchecken?", `{"tid":"1-234567890","typ":"popp-checkin","u":"https://evil.example"}`: "QR-Code fehlerhaft"} {
		s := newCheckinSite(t)
		tab := webtest.Start(t, webtest.FakeCamera(webtest.Film(t, webtest.Shown(t, text)))...).Tab(webtest.Phone)
		tab.Go(s.link(t))
		tab.Says("Wo suchen Sie")
		tab.Go(s.URL() + "/checkin")
		tab.ClickText("Mit der Kamera scannen")
		tab.Says(says)
		for _, e := range tab.Errors() {
			t.Error(e)
		}
		if s.node.sent != 0 {
			t.Error("something was sent")
		}
	}
}

// TestPhotoOfACheckin: the same without a camera and without JavaScript, from a file.
func TestPhotoOfACheckin(t *testing.T) {
	look := webtest.Phone
	look.NoJS = true
	tab := chromium(t).Tab(look)
	s := newCheckinSite(t)
	file := filepath.Join(t.TempDir(), "code.png")
	var data bytes.Buffer
	if err := png.Encode(&data, webtest.Shown(t, goodCode)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	tab.Go(s.link(t))
	tab.Says("Wo suchen Sie")
	tab.Go(s.URL() + "/checkin")
	tab.Upload("#f-photo", file)
	tab.ClickText("Weiter")
	tab.Says("Hier einchecken?")
	tab.Says("REZEPTION-1")
	tab.ClickText("Bestätigen")
	tab.ClickText("Test-Karte benutzen")
	tab.Says("Sie haben sich erfolgreich bei")
}
