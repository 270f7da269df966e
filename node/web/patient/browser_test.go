package patient

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"pieks/node/control"
	"pieks/node/web/webtest"
)

// chromium is the browser of all tests of this package, which then run beside each other: most of their time they wait for pages.
func chromium(t *testing.T) *webtest.Browser {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a browser, which runs without -short")
	}
	t.Parallel()
	return webtest.Shared(t)
}

// TestJourneyInBrowser books as in passes-and-ux.md 11, case 43: in both languages, at both sizes, without JavaScript.
func TestJourneyInBrowser(t *testing.T) {
	for _, look := range []webtest.Look{{Width: 390, Lang: "de", NoJS: true}, {Width: 1280, Lang: "en", NoJS: true}, {Width: 390, Lang: "en"}, {Width: 640, Lang: "de", Dark: true}} {
		t.Run(fmt.Sprintf("%d %s NoJS=%v", look.Width, look.Lang, look.NoJS), func(t *testing.T) {
			tab := chromium(t).Tab(look)
			s := newSite(t)
			say := func(de, en string) string {
				if look.Lang == "de" {
					return de
				}
				return en
			}
			tab.Go(s.link(t))
			tab.Says(say("Wo suchen Sie", "Where do you look"))
			tab.Type("#f-plz", "50667")
			tab.Click("button.go")
			tab.Says(say("Freie Termine", "Open appointments"))
			tab.Click("button.choice")
			tab.Says(say("Wer wird geimpft?", "Who is to be vaccinated?"))
			tab.Type("#f-name", "Erika Muster")
			tab.Type("#f-birth", "1.3.1950")
			tab.Click("form.who button.go")
			tab.Says(say("Ihr Termin ist gebucht", "Your appointment is booked"))
			if digits := tab.Text(".digits"); digits != "482910-7365-1" {
				t.Errorf("the code is %q", digits)
			}
			if look.Width == 640 { // 1280 pixels at 200 %
				tab.Check(44)
			}
			if strings.Contains(tab.Address()+tab.Title(), "Erika") {
				t.Error("a name is in the history")
			}
		})
	}
}

// TestKeyboardOnly books without a mouse; what has the focus is always to be seen.
func TestKeyboardOnly(t *testing.T) {
	browser := chromium(t)
	s := newSite(t)
	tab := browser.Tab(webtest.Desktop)
	tab.Go(s.link(t))
	tab.Says("Wo suchen Sie")
	until := func(selector string) {
		t.Helper()
		for range 60 {
			tab.Keys(kb.Tab)
			if webtest.Eval[bool](tab, `document.activeElement.matches(`+"`"+selector+"`"+`)`) {
				if !webtest.Eval[bool](tab, `(e => { const s = getComputedStyle(e); return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 || s.boxShadow !== "none" })(document.activeElement)`) {
					t.Errorf("%s has the focus and does not show it", selector)
				}
				return
			}
		}
		t.Fatalf("Tab does not come to %s", selector)
	}
	until("#f-plz")
	tab.Keys("50667" + kb.Enter)
	tab.Says("Freie Termine")
	until("button.choice")
	tab.Keys(kb.Enter)
	tab.Says("Wer wird geimpft?")
	until("#f-name")
	tab.Keys("Erika Muster")
	until("#f-birth")
	tab.Keys("1.3.1950")
	until("form.who button.go")
	tab.Keys(kb.Enter)
	tab.Says("Ihr Termin ist gebucht")
	// The second time there are buttons with known names, and Enter in a field still books.
	tab.Go(s.URL() + "/list")
	tab.Click("button.choice")
	tab.Says("Schon einmal gebucht für")
	tab.Type("#f-name", "Käthe Muster")
	tab.Type("#f-birth", "1.3.1924")
	tab.Keys(kb.Enter)
	tab.Says("Ihr Termin ist gebucht")
	tab.Says("für Käthe Muster")
}

// TestLive: pages that wait go on by themselves, and typed words survive what changes around them.
func TestLive(t *testing.T) {
	browser := chromium(t)
	s := newSite(t)
	tab := browser.Tab(webtest.Phone)
	tab.Go(s.link(t))
	tab.Says("Wo suchen Sie")
	tab.Type("#f-plz", "50667")
	tab.Set("#f-vaccine", "mmr")
	tab.ClickText("Termine zeigen")
	tab.Says("nichts frei")
	s.node.do(func() { s.node.give(&practices[0], 2, 4, 9, "mmr", 1) })
	tab.Says("Ein Termin ist frei.")
	s.node.do(func() { s.node.wait = make(chan struct{}) })
	tab.Click("button.choice")
	tab.Says("Die Praxis wird gefragt")
	close(s.node.wait)
	tab.Says("Reserviert bis")
	tab.Type("#f-name", "Erika Muster")
	s.node.do(func() { b := &s.node.bookings[0]; b.State, b.Why = "expired", control.WhyExpired })
	other := tab.Another(webtest.Phone) // it is told of the same change
	other.Go(s.URL() + "/offer/" + s.node.bookings[0].ID)
	other.Says("abgelaufen")
	if name := webtest.Eval[string](tab, `document.querySelector("#f-name").value`); name != "Erika Muster" {
		t.Errorf("what was typed is %q", name)
	}
	// The hold is over by the browser's clock: it can be asked for again, with what was typed.
	s.node.do(func() {
		s.node.wait = nil
		for _, x := range s.node.slots {
			x.gone = false
		}
	})
	s.clock.Advance(-10*time.Minute + 2*time.Second) // the browser's clock runs ahead: a hold of some seconds
	tab.Go(s.URL() + "/list")
	tab.Says("Ein Termin ist frei.")
	tab.Click("button.choice")
	tab.Says("Reserviert bis")
	tab.Type("#f-birth", "1.3.1950")
	tab.Says("Die Reservierung ist abgelaufen")
	tab.ClickText("Noch einmal fragen")
	tab.Until("the next offer", `location.pathname.startsWith("/offer/") && document.querySelector("#f-birth")?.value === "1.3.1950"`)
}

// TestTwoFight: of two who want the same appointment one gets it, the other one three others, and loses no word.
func TestTwoFight(t *testing.T) {
	browser := chromium(t)
	s := newSite(t)
	s.node.slots = s.node.slots[:0]
	s.node.give(&practices[0], 2, 3, 9, "mmr", 1)
	for i := range 5 {
		s.node.give(&practices[1], 7, 4+i, 9, "mmr", 1)
	}
	one, two := browser.Tab(webtest.Phone), browser.Tab(webtest.Desktop)
	for _, tab := range []*webtest.Tab{one, two} {
		tab.Go(s.link(t))
		tab.Until("the first page", `location.pathname === "/"`)
		tab.Says("Pieks")
		tab.Type("#f-plz", "50667")
		tab.ClickText("Termine zeigen")
		tab.Says("Freie Termine")
	}
	s.node.mu.Lock() // both choose at the same time
	press := `setTimeout(() => document.querySelector("button.choice").click()), 0`
	webtest.Eval[int](one, press)
	webtest.Eval[int](two, press)
	s.node.mu.Unlock()
	done := `location.pathname.startsWith("/offer/") || location.pathname === "/taken"`
	one.Until("an answer", done)
	two.Until("an answer", done)
	winner, loser := one, two
	if strings.Contains(one.Address(), "/taken") {
		winner, loser = two, one
	}
	winner.Says("Reserviert bis")
	loser.Says("Gerade vergeben")
	if n := webtest.Eval[int](loser, `document.querySelectorAll("button.choice").length`); n != alternatives {
		t.Errorf("%d others", n)
	}
	loser.Click("button.choice")
	loser.Says("Reserviert bis")
}
