package reception

import (
	"math"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pieks/node/control"
	"pieks/node/web/qr"
	"pieks/node/web/webtest"
)

// TestPrinted prints the poster and a slip as a browser does, looks at the paper at 300 dpi and reads the codes from it (case 19). With
// PIEKS_PICTURES=dir it keeps the pages.
func TestPrinted(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser, which runs without -short")
	}
	t.Parallel()
	s := newSite(t)
	s.fill()
	pdftoppm, zbarimg := webtest.Need(t, "pdftoppm"), webtest.Need(t, "zbarimg")
	dir := webtest.Pictures()
	if dir == "" {
		dir = t.TempDir()
	}
	phone := ""
	for _, b := range s.bookings {
		if b.Phone {
			phone = b.ID
		}
	}
	poster, err := s.poster(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	code, err := s.checkinCode(t.Context(), control.CheckinCodeOf{Workplace: "REZEPTION-1"})
	if err != nil {
		t.Fatal(err)
	}
	const longest = "Gemeinschaftspraxis, Anmeldung im Erdgeschoss links & rechts, ÄÖ" // 64 characters
	s.came.id = "1-SMC-B-Testkarte--" + strings.Repeat("8", 109)
	long, err := s.checkinCode(t.Context(), control.CheckinCodeOf{Workplace: longest})
	if err != nil {
		t.Fatal(err)
	}
	s.came.id = "1-234567890"
	tab := webtest.Shared(t).Tab(webtest.Desktop)
	link, err := s.Link("")
	if err != nil {
		t.Fatal(err)
	}
	tab.Go(link.URL)
	tab.Says("Dienstag")
	for _, paper := range []struct {
		name, path string
		pages      int
		codes      []string // by page
		mm         float64  // side of the first code, without its quiet zone
	}{
		{"print_day", "/print/day/2026-12-01", 1, nil, 0},
		{"print_slip", "/print/slip/" + phone, 2, []string{s.booking(phone).Visits[0].QR, poster.QR}, 0},
		{"print_poster", "/poster", 1, []string{poster.QR}, 90},
		{"print_checkin", "/print/checkin?workplace=REZEPTION-1", 1, []string{code.Text}, 90},
		{"print_checkin_long", "/print/checkin?workplace=" + url.QueryEscape(longest), 1, []string{long.Text}, 90},
	} {
		if paper.name == "print_checkin_long" {
			s.came.id, s.details.Name = "1-SMC-B-Testkarte--"+strings.Repeat("8", 109), "Gemeinschaftspraxis für Allgemeinmedizin Dr. med. Anna Sommer und Dr. med. Karl-Heinz Winter, Köln"
		}
		tab.Go(s.URL() + paper.path)
		tab.Check(24)
		if paper.mm > 0 {
			dark := webtest.Eval[float64](tab, `document.querySelector(".qr path").getBoundingClientRect().width`)
			if mm := dark * 25.4 / 96; math.Abs(mm-paper.mm) > 1 {
				t.Errorf("the code of %s has %.1f mm", paper.path, mm)
			}
			if quiet := webtest.Eval[float64](tab, `(()=>{const s=document.querySelector(".qr svg"), all=s.getBoundingClientRect(), dark=s.querySelector("path").getBoundingClientRect();
				return (dark.left-all.left)/(all.width/s.viewBox.baseVal.width)})()`); math.Abs(quiet-4) > 0.1 {
				t.Errorf("the code of %s has a quiet zone of %.1f modules", paper.path, quiet)
			}
		}
		pdf := filepath.Join(dir, paper.name+".pdf")
		tab.Print(pdf)
		if out, err := exec.CommandContext(t.Context(), pdftoppm, "-png", "-r", "300", pdf, filepath.Join(dir, paper.name)).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		pages, err := filepath.Glob(filepath.Join(dir, paper.name+"-*.png"))
		if err != nil || len(pages) != paper.pages {
			t.Fatalf("%s has %d pages, want %d: %v", paper.name, len(pages), paper.pages, err)
		}
		for i, want := range paper.codes {
			f, err := os.Open(pages[i])
			if err != nil {
				t.Fatal(err)
			}
			got, err := qr.Read(t.Context(), f)
			if err != nil || got != want {
				t.Errorf("page %d of %s reads %q (%v), want %q", i+1, paper.name, got, err, want)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			// A reader that has nothing in common with what drew the code, nor with what read it above.
			if out, err := exec.CommandContext(t.Context(), zbarimg, "--raw", "-q", pages[i]).Output(); err != nil || strings.TrimSpace(string(out)) != want {
				t.Errorf("page %d of %s: zbarimg reads %q (%v), want %q", i+1, paper.name, out, err, want)
			}
		}
	}
}
