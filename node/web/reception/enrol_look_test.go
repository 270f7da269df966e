package reception

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"pieks/card"
	"pieks/node/web/webtest"
)

// TestCardInBrowser enrols by keyboard in a browser whose page follows what is put into the readers.
func TestCardInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser, which runs without -short")
	}
	for size, look := range map[string]webtest.Look{"390": webtest.Phone, "1280": webtest.Desktop} {
		t.Run(size, func(t *testing.T) {
			t.Parallel()
			tab := webtest.Shared(t).Tab(look)
			s, _ := cardSite(t)
			keep := func(name string) {
				t.Helper()
				tab.Check(24)
				tab.Keep(name)
			}
			link, err := s.Link("")
			if err != nil {
				t.Fatal(err)
			}
			tab.Go(link.URL)
			tab.Says("Dienstag, 1. Dezember 2026")
			tab.Go(s.URL() + "/setup/network")
			keep("setup-network-card")
			tab.ClickText("Praxiskarte einlegen")
			tab.Says("Keine Karte im Leser")
			keep("card-empty")
			tab.Until("listening", `performance.getEntriesByType("resource").some(r => r.name.endsWith("live.js"))`)
			s.readers.insert(t, upper, card.EGK, card.VirtualOptions{})
			s.practiceCard(t, lower, card.VirtualOptions{})
			s.changes.Changed()
			tab.Says("Praxis Dr. Beispiel")
			keep("card")
			tab.ClickText("Weiter")
			tab.Says("Das unterschreibt Ihre Karte")
			keep("card-sign")
			tab.Type("#f-pin", wrong+kb.Enter)
			tab.Says("Die PIN ist falsch. Noch 2 Versuche")
			tab.Until("the focus in the field", `document.activeElement.id === "f-pin" && document.activeElement.value === ""`)
			keep("card-wrong")
			tab.Type("#f-pin", wrong+kb.Enter)
			tab.Says("Nur noch ein Versuch")
			keep("card-last")

			// Pulled, and the page goes back to the readers by itself.
			v, err := s.readers.in(lower)
			if err != nil {
				t.Fatal(err)
			}
			s.readers.pull(lower)
			tab.Until("no field in use", `(document.activeElement.blur(), true)`)
			s.changes.Changed()
			tab.Says("Keine Karte im Leser")
			s.readers.mu.Lock()
			s.readers.cards[lower] = v
			s.readers.mu.Unlock()
			s.changes.Changed()
			tab.ClickText("Weiter")
			tab.Type("#f-pin", right+kb.Enter)
			tab.Says("Die Praxis ist angemeldet bis")
			keep("card-done")
			for _, e := range tab.Errors() {
				t.Error(e)
			}
		})
	}
}
