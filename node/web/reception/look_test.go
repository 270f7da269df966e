package reception

import (
	"strconv"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"pieks/node/control"
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
		{"booking", "/booking/" + booked}, {"desk", "/desk"}, {"arrivals", "/arrivals"}, {"arrival", "/arrivals/" + s.came.all[3].ID}, {"checkin-codes", "/arrivals/codes"}, {"print-checkin", "/print/checkin?workplace=REZEPTION-1"}, {"changes", "/changes"}, {"history", "/history"}, {"status", "/status"}, {"backup", "/backup"}, {"people", "/people"},
		{"settings", "/settings"}, {"print-day", "/print/day/2026-12-01"}, {"print-slip", "/print/slip/" + booked}, {"print-poster", "/poster"}, {"setup", "/setup"}, {"setup-hours", "/setup/hours"}, {"setup-network", "/setup/network"}, {"setup-done", "/setup/done"},
	}
}

// TestPagesInBrowser looks at every page with a real browser, on a telephone and a desktop. With PIEKS_PICTURES=dir it keeps pictures.
func TestPagesInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser, which runs without -short")
	}
	half := webtest.Look{Width: 640} // what 200 % of 1280 leaves
	for _, look := range []webtest.Look{webtest.Phone, half, webtest.Desktop} {
		t.Run(strconv.Itoa(look.Width), func(t *testing.T) {
			t.Parallel()
			tab := webtest.Shared(t).Tab(look)
			s := newSite(t)
			s.fill()
			s.atWork()
			link, err := s.Link("")
			if err != nil {
				t.Fatal(err)
			}
			tab.Go(link.URL)
			tab.Says("Dienstag, 1. Dezember 2026")
			for _, p := range shots(s) {
				tab.Go(s.URL() + p.path)
				tab.Check(24)
				if look != half {
					tab.Keep(p.name)
				}
			}
		})
	}
}

// TestAtWorkInBrowser looks at what pages show while somebody works with them, and at what only scripts do.
func TestAtWorkInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser, which runs without -short")
	}
	for size, look := range map[string]webtest.Look{"390": webtest.Phone, "1280": webtest.Desktop} {
		t.Run(size, func(t *testing.T) {
			t.Parallel()
			tab := webtest.Shared(t).Tab(look)
			s := newSite(t)
			s.fill()
			next := s.bookings[len(s.bookings)-1].Visits[0]
			link, err := s.Link("")
			if err != nil {
				t.Fatal(err)
			}
			keep := func(name string) {
				t.Helper()
				tab.Check(24)
				tab.Keep(name)
			}
			focused := `document.activeElement.id === "f-code"`
			tab.Go(link.URL)
			tab.Says("Dienstag, 1. Dezember 2026")

			// A booking comes while the page is open.
			var free string
			for _, a := range s.slots {
				if a.State == "open" && a.Start.After(s.now()) {
					free = a.ID
					break
				}
			}
			tab.Until("listening", `performance.getEntriesByType("resource").some(r => r.name.endsWith("live.js"))`)
			s.give(control.Patient{Name: "Paula Plötzlich", BirthDate: "1980-01-02"}, false, s.slot(free))
			s.changes.Changed()
			tab.Says("Paula Plötzlich")

			// The desk's field has the focus, and gets it back after each answer.
			tab.Go(s.URL() + "/desk")
			tab.Until("the focus in the field", focused)
			tab.Keys("999999-9999-9" + kb.Enter)
			tab.Says("Nicht eingecheckt")
			tab.Until("the focus in the field", focused)
			keep("desk-unknown")
			tab.Keys(next.Digits + kb.Enter) // in place of the wrong code
			tab.Says("Eingecheckt")
			tab.Until("the focus in the field", focused)
			keep("desk-in")
			tab.Keys(next.QR + kb.Enter)
			tab.Says("Bereits eingecheckt um 09:32 Uhr")
			keep("desk-again")

			// Nobody has checked in; then somebody does, while the page is open.
			tab.Go(s.URL() + "/arrivals")
			tab.Says("Heute hat sich noch niemand")
			keep("arrivals-none")
			tab.Until("listening", `performance.getEntriesByType("resource").some(r => r.name.endsWith("live.js"))`)
			s.come()
			tab.Says("Hermann Graf Sebastian")
			tab.ClickText("Aufrufen")
			tab.Says("aufgerufen um 09:32 Uhr")
			keep("arrivals-called")
			tab.ClickText("Rückgängig")
			tab.Until("nobody called", `!document.body.innerText.includes("aufgerufen um")`)
			tab.Go(s.URL() + "/arrivals/codes")
			tab.ClickText("soll im Verzeichnis stehen")
			tab.Type("#f-alias", "Praxis Dr. Sommer")
			tab.ClickText("Speichern")
			tab.Says("steht jetzt im Verzeichnis")
			keep("checkin-listed")
			tab.ClickText("Code anlegen")
			tab.Says("Geben Sie dem Arbeitsplatz einen Namen")
			keep("checkin-codes-wrong")

			tab.Go(s.URL() + "/phone/" + s.slots[len(s.slots)-5].ID)
			tab.Type("#f-name", "Erika Mustermann")
			tab.Type("#f-birth", "1.3.50")
			tab.ClickText("Buchen")
			tab.Says("Jahr mit vier Ziffern")
			tab.Until("the focus in the wrong field", `document.activeElement.id === "f-birth"`)
			keep("phone-wrong")

			tab.Go(s.URL() + "/day/2026-12-02")
			webtest.Eval[int](tab, `(()=>{document.querySelectorAll("input[name=id]").forEach(box => { box.checked = true }); return 0})()`)
			tab.Click("button[value=withdraw]")
			tab.Says("6 freie Termine löschen")
			keep("withdraw")
			tab.ClickText("6 Termine löschen")
			tab.Says("6 freie Termine sind gelöscht")

			tab.Go(s.URL() + "/day/2026-12-01")
			tab.ClickText("gebuchten absagen")
			tab.Says("Grund für die Patienten")
			keep("cancel")
			tab.Go(s.URL() + "/day/2026-12-01")
			tab.ClickText("gebuchten verschieben")
			tab.Says("Vorschau")
			tab.Type("#f-reason", "Die Lieferung fehlt.")
			keep("move")
			tab.Click("button.main")
			tab.Says("Termine sind verschoben")
			keep("changes-calls")
			tab.ClickText("Rückgängig machen")
			tab.Says("wieder wie vorher")
		})
	}
}
