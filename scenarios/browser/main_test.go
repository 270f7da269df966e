package browser

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"pieks/node/control"
	"pieks/node/web"
	"pieks/node/web/webtest"
)

// TestJourneys goes the ways of people through real nodes with a real browser, several at a time.
func TestJourneys(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser, which runs without -short")
	}
	w := newTown(t)
	t.Run("all", func(t *testing.T) {
		for name, journey := range map[string]func(*town){
			"main de 390":        mainJourney("Köln", "50667", "50670", webtest.Look{Width: 390, Lang: "de"}),
			"main de 1280":       mainJourney("Berlin", "10115", "10117", webtest.Look{Width: 1280, Lang: "de"}),
			"main en 390":        mainJourney("Hamburg", "20095", "20097", webtest.Look{Width: 390, Lang: "en"}),
			"main en 1280":       mainJourney("München", "80337", "80339", webtest.Look{Width: 1280, Lang: "en"}),
			"main no JavaScript": mainJourney("Leipzig", "04109", "04103", webtest.Look{Width: 390, Lang: "de", NoJS: true}),
			"camera":             scans,
			"camera refused":     cameraRefused,
			"fight":              fight,
			"twenty move":        movesTwenty,
			"vial":               fillsVial,
			"safe":               safe,
			"mistypes":           mistypes,
			"keyboard":           keyboard,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				journey(w.of(t))
			})
		}
	})
	t.Run("offline", func(t *testing.T) { offline(w.of(t)) }) // alone: it takes the relay away
}

// gives gives a day away with what the page proposes, in two clicks, and says how many appointments that are.
func (a *person) gives() int {
	a.Helper()
	before := len(does[[]control.Appointment](a.place, control.MethodSlotsList, nil))
	a.Click(`nav a[href="/give"]`)
	a.Click(`button[value="give"]`)
	a.Says(a.words.given)
	return len(does[[]control.Appointment](a.place, control.MethodSlotsList, nil)) - before
}

// searches looks for what is free around a postcode, and waits until something is.
func (a *person) searches(plz string) {
	a.Helper()
	a.Type("#f-plz", plz)
	a.ClickText(a.words.show)
	a.Says(a.words.list)
	a.Until("something free", `document.querySelector("button.choice")`)
}

// chooses takes the first of the list and comes to its offer.
func (a *person) chooses() {
	a.Helper()
	a.Click("button.choice")
	a.Until("the offer", `location.pathname.startsWith("/offer/")`)
	a.Says(a.words.held)
}

// confirms books with name and birth date only.
func (a *person) confirms(name, birth string) control.Booking {
	a.Helper()
	a.keepsSecret(name, strings.Fields(name)[0], birth)
	a.Type("#f-name", name)
	a.Type("#f-birth", birth)
	a.ClickText(a.words.book)
	a.Until("the booking", `location.pathname.startsWith("/booking/")`)
	a.Says(a.words.booked)
	all := a.booked()
	if len(all) == 0 {
		a.Fatal("the page says booked, and the node has no booking")
	}
	b := all[0]
	for _, o := range all {
		if o.Created.After(b.Created) {
			b = o
		}
	}
	for _, v := range b.Visits {
		a.keepsSecret(v.Digits, v.Words, v.QR)
	}
	return b
}

// pages counts those that somebody saw: a page that was only passed through is none.
func (a *person) pages() (n int) {
	a.Helper()
	for _, v := range a.History() {
		if strings.HasPrefix(v.Address, a.app) && !strings.Contains(v.Address, "/welcome") && !strings.Contains(v.Address, "/asking/") {
			n++
		}
	}
	return n
}

// mainJourney is the way of an appointment: given away, found, booked, seen by reception while the page is open, and redeemed at the desk.
func mainJourney(city, plz, home string, look webtest.Look) func(*town) {
	return func(w *town) {
		p := w.practice(city, plz)
		reception := p.opens(webtest.Look{Width: look.Width, Lang: look.Lang})
		if n := reception.gives(); n != 24 {
			w.Fatalf("a morning has %d appointments", n)
		}
		reception.at("/day/" + w.today())
		webtest.Eval[int](reception.Tab, `window.stays = 1`)

		name, birth := "Erika Beispiel-"+fmt.Sprint(look.Width), "1.3.1950"
		e := w.patient("erika "+city, "")
		p.keepsSecret(name, "Erika", "1950-03-01", birth)
		e.keepsSecret(home, "1950-03-01", "01.03.1950")
		erika := e.opens(look)
		erika.searches(home)
		erika.chooses()
		id := strings.TrimPrefix(webtest.Eval[string](erika.Tab, `location.pathname`), "/offer/")
		var offer control.Booking
		for _, b := range e.all() {
			if b.ID == id {
				offer = b
			}
		}
		if len(offer.Visits) != 1 {
			w.Fatalf("the offer has %d visits", len(offer.Visits))
		}
		start := offer.Visits[0].Start
		erika.Says(web.Date(erika.words.lang, start))
		erika.Says(web.Clock(erika.words.lang, start))
		erika.Says("Praxis " + city)
		if other := e.all(); len(other) != 1 || other[0].Patient != nil {
			w.Errorf("before the confirmation the node says for whom it is")
		}
		b := erika.confirms(name, birth)
		v := b.Visits[0]
		if !v.Start.Equal(start) {
			w.Errorf("offered for %v, booked for %v", start, v.Start)
		}
		for _, said := range []string{v.Digits, v.Words, name, web.Date(erika.words.lang, start), web.Clock(erika.words.lang, start)} {
			erika.Says(said)
		}
		if !webtest.Eval[bool](erika.Tab, `!!document.querySelector(".qr svg path")`) {
			w.Error("the card has no code to scan")
		}
		if n := erika.pages(); n > 4 {
			w.Errorf("the patient went through %d pages: %v", n, erika.History())
		}

		reception.Says(name)
		if !webtest.Eval[bool](reception.Tab, `window.stays === 1`) {
			w.Error("reception's page was loaded anew")
		}
		p.keepsSecret(v.Digits)
		reception.Click(`nav a[href="/desk"]`)
		reception.Until("the focus in the field", `document.activeElement.id === "f-code"`)
		reception.Keys(v.Digits + kb.Enter)
		reception.Until("the green answer", `document.querySelector(".result.good")`)
		reception.Says(reception.words.checkedIn)
		reception.Says(name)
		reception.Keys(v.Words + kb.Enter)
		reception.Until("the other answer", `document.querySelector(".result.warn")`)
		reception.Says(reception.words.already)
		if got := p.all(); len(got) != 1 || got[0].Visits[0].Attended.IsZero() || got[0].Visits[0].Attended.After(w.now().Add(time.Second)) {
			w.Errorf("checked in: %d bookings, %v", len(got), got[0].Visits[0].Attended)
		}
	}
}
