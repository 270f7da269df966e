package reception

import (
	"os"
	"path/filepath"
	"testing"

	"pieks/node/web/webtest"
)

// shots are the pages that are looked at, and how one gets there.
func shots(s *site) []struct{ name, path string } {
	booked := ""
	for _, b := range s.bookings {
		if b.Phone && b.Visits[0].State == "booked" {
			booked = b.ID
		}
	}
	open := ""
	for _, a := range s.slots {
		if a.State == "open" && a.Start.After(s.now()) {
			open = a.ID
			break
		}
	}
	return []struct{ name, path string }{
		{"day", "/day/2026-12-01"}, {"day-empty", "/day/2026-12-04"}, {"week", "/week/2026-12-01"}, {"give", "/give?day=2026-12-04"}, {"phone", "/phone/" + open},
		{"booking", "/booking/" + booked}, {"desk", "/desk"}, {"changes", "/changes"}, {"history", "/history"}, {"status", "/status"}, {"backup", "/backup"}, {"people", "/people"},
		{"settings", "/settings"}, {"setup", "/setup"}, {"setup-hours", "/setup/hours"}, {"setup-network", "/setup/network"}, {"setup-done", "/setup/done"},
	}
}

// TestPagesInBrowser looks at every page with a real browser, on a telephone and a desktop. With PIEKS_PICTURES=dir it keeps pictures.
func TestPagesInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser, which runs without -short")
	}
	s := newSite(t)
	s.fill()
	browser := webtest.Start(t)
	dir := os.Getenv("PIEKS_PICTURES")
	for _, look := range []webtest.Look{webtest.Phone, webtest.Desktop} {
		tab := browser.Tab(look)
		link, err := s.Link("")
		if err != nil {
			t.Fatal(err)
		}
		tab.Go(link.URL)
		tab.Says("Dienstag, 1. Dezember 2026")
		size := "1280"
		if look.Width < 600 {
			size = "390"
		}
		for _, p := range shots(s) {
			tab.Go(s.URL() + p.path)
			tab.Check(24)
			if dir != "" {
				for dark, name := range map[bool]string{false: "light", true: "dark"} {
					tab.SetDark(dark)
					tab.Picture(filepath.Join(dir, p.name+"-"+size+"-"+name+".png"))
				}
				tab.SetDark(false)
			}
		}
	}
}
