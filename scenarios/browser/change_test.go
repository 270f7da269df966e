package browser

import (
	"fmt"
	"strings"
	"time"

	"pieks/node/control"
	"pieks/node/web"
	"pieks/node/web/webtest"
)

// movesTwenty is a delivery that falls short: twenty people go to another day and back.
func movesTwenty(w *town) {
	p := w.practice("Bremen", "28195")
	slots := p.offers(p.day(1), "08:00", "11:20", "influenza")
	if len(slots) != 20 {
		w.Fatalf("%d appointments", len(slots))
	}
	home := w.patient("Paul", "28199")
	home.keepsSecret("Paul", "28199")
	home.sees(20)
	mine := home.books("Paul Bewegt")
	for _, a := range does[[]control.Appointment](p, control.MethodSlotsList, nil) {
		if a.State == "open" {
			p.phones(a.ID, fmt.Sprint("Anruf ", a.Start.In(web.Berlin).Format("15.04")))
		}
	}
	p.keepsSecret("Paul", "Bewegt", "Anruf")
	if n := len(p.booked()); n != 20 {
		w.Fatalf("%d bookings", n)
	}
	paul := home.opens(webtest.Phone)
	paul.at("/booking/" + mine.ID)
	was := mine.Visits[0].Start
	paul.Says(web.Date(web.German, was))
	webtest.Eval[int](paul.Tab, `window.stays = 1`)

	reception := p.opens(webtest.Desktop)
	reception.at("/day/" + p.day(1))
	reception.Click("[data-tick-all]")
	reception.Click(`.bar button[value="move"]`)
	reception.Says("20 Termine verschieben")
	to := p.day(4)
	reception.previews(to)
	reception.Says("20 Termine werden verschoben.")
	reception.Says("19 Personen müssen Sie anrufen.")
	if at := p.booked()[0].Visits[0].Start; at.In(web.Berlin).Format(time.DateOnly) != p.day(1) {
		w.Fatalf("moved by a preview: %v", at)
	}
	reception.Type("#f-reason", "Die Lieferung kommt später.")
	reception.Click(`button[value="move"]`)
	reception.Says("20 Termine sind verschoben.")
	reception.Says("19 Personen anrufen")
	now := was.AddDate(0, 0, 3)
	paul.Says(web.Date(web.German, now))
	paul.Says("Vorher: " + web.Instant(web.German, was))
	paul.Says("Die Lieferung kommt später.")
	if !webtest.Eval[bool](paul.Tab, `window.stays === 1`) {
		w.Error("the patient's page was loaded anew")
	}
	// The lists on paper.
	printed := p.opens(webtest.Desktop)
	list := func(day string) int {
		printed.at("/print/day/" + day)
		return webtest.Eval[int](printed.Tab, `[...document.querySelectorAll("table.list tbody th")].filter(e => e.innerText.trim() !== "").length`)
	}
	if before, after := list(p.day(1)), list(to); before != 0 || after != 20 {
		w.Errorf("printed are %d people on the old day and %d on the new one", before, after)
	}
	// And back.
	reception.Click(`.notice form button`)
	reception.Says("20 Termine sind wieder wie vorher.")
	paul.Says(web.Date(web.German, was))
	paul.Until("the old day alone", `!document.body.innerText.includes(`+fmt.Sprintf("%q", web.Date(web.German, now))+`)`)
	if before, after := list(p.day(1)), list(to); before != 20 || after != 0 {
		w.Errorf("printed after it was taken back are %d people on the old day and %d on the new one", before, after)
	}
	if b := home.all()[0]; !b.Visits[0].Start.Equal(was) || b.Visits[0].Digits != mine.Visits[0].Digits || strings.Contains(b.State, "cancel") {
		w.Errorf("the patient has %s at %v", b.State, b.Visits[0].Start)
	}
	// Called off in the end: the open page says so, and offers what can be done then instead of what could before.
	does[control.Change](p, control.MethodCancelMany, control.CancelMany{Bookings: []string{p.bookingOf("Paul Bewegt").ID}, Reason: "Keine Lieferung."})
	paul.Says("Die Praxis hat abgesagt")
	paul.Says("Keine Lieferung.")
	paul.Until("what can be done now", `document.querySelector('main a[href="/list"]') && !document.querySelector('form[action$="/move"]')`)
	if !webtest.Eval[bool](paul.Tab, `window.stays === 1`) {
		w.Error("the patient's page was loaded anew")
	}
}

// previews looks at what would come of a move to another day.
func (a *person) previews(day string) { a.Helper(); preview(a.Tab, day) }

// preview asks the page of a move for its preview, and waits for the page that has it.
func preview(tab *webtest.Tab, day string) {
	tab.Set("#f-to_day", day)
	webtest.Eval[int](tab, `window.before = 1`)
	tab.Click(`button[value="preview"]`)
	tab.Until("the preview", `!window.before && document.querySelector("input[name=seen]")?.value.startsWith("`+day+`")`)
}

// fillsVial gives away what an opened vial has left.
func fillsVial(w *town) {
	p := w.practice("Hannover", "30159")
	for i, id := range p.offers(p.today(), "08:00", "08:40", "comirnaty") {
		p.phones(id, fmt.Sprint("Anruf ", i))
	}
	p.keepsSecret("Anruf", "Rosa", "Rest")
	reception := p.opens(webtest.Desktop)
	reception.at("/day/" + p.today())
	reception.Says("4 von 6 Dosen vergeben")
	reception.Says("2 Dosen übrig")
	reception.Click(`form[action="/leftover"] button`)
	reception.Says("2 Restdosen werden angeboten")
	reception.Says("2 Termine sind noch frei")
	if webtest.Eval[bool](reception.Tab, `!!document.querySelector('form[action="/leftover"]')`) {
		w.Error("what is offered can be offered again")
	}
	webtest.Eval[int](reception.Tab, `window.stays = 1`)
	home := w.patient("Rosa", "30161")
	rosa := home.opens(webtest.Phone)
	home.keepsSecret("30161")
	rosa.at("/list")
	rosa.Says("2 frei")
	rosa.chooses()
	rosa.confirms("Rosa Rest", "4.5.1966")
	reception.Says("1 Dosis übrig")
	other := w.patient("Rudi", "30163")
	if b := other.books("Rudi Rest"); b.State != "booked" {
		w.Fatalf("the last dose is %s", b.State)
	}
	reception.Says("keine Dosis bleibt übrig")
	if !webtest.Eval[bool](reception.Tab, `window.stays === 1`) {
		w.Error("reception's page was loaded anew")
	}
	for _, a := range does[[]control.Appointment](p, control.MethodSlotsList, nil) {
		if a.State == "open" {
			w.Errorf("%v is still open", a.Start)
		}
	}
}
