package web

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"pieks/node/web/webtest"
)

// TestFrameInBrowser looks at the pages of this package, with a real browser.
func TestFrameInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser, which runs without -short")
	}
	s := newSite(t)
	browser := webtest.Start(t)
	for _, look := range []webtest.Look{webtest.Phone, webtest.Desktop} {
		tab := browser.Tab(look)
		tab.Go(s.URL() + "/")
		tab.Says("Pieks ist hier noch nicht angemeldet")
		tab.Check(44)
		link, err := s.Link("")
		if err != nil {
			t.Fatal(err)
		}
		tab.Go(link.URL)
		tab.Until("the start page", `location.pathname === "/"`)
		tab.Says("Seite")
		tab.Check(44)
		tab.Type("#f-word", "halb")
		tab.ClickText("English")
		tab.Says("Page")
		if kept := webtest.Eval[string](tab, `document.querySelector("#f-word").value`); kept != "halb" {
			t.Errorf("the language switch lost what was typed: %q", kept)
		}
		tab.Set("#f-word", "eingegeben")
		tab.Click("#f-word")
		tab.Keys(kb.Enter)     // sends the form, and does not press the language's button
		tab.Says("2 days ago") // said on the page that follows only
		if s.kept != "eingegeben" {
			t.Errorf("sent %q", s.kept)
		}
		tab.Until("the whole page", `document.readyState === "complete"`)
		tab.Go(s.URL() + "/none")
		tab.Says("There is no such page")
		tab.Check(44)
	}
	tab := browser.Tab(webtest.Desktop)
	link, err := s.Link("")
	if err != nil {
		t.Fatal(err)
	}
	tab.Go(link.URL)
	tab.Says("Seite")
	s.kept = "etwas Neues"
	s.changes.Changed()
	tab.Says("etwas Neues")
}
