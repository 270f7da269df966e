package browser

import (
	"strings"
	"time"

	"pieks/node/control"
	"pieks/node/web/webtest"
)

// atWork looks at what pages show while somebody works with them: a patient who books, and a reception that plans, phones and checks in.
func (d *demo) atWork(tabs map[string]*webtest.Tab) {
	d.t.Helper()
	booked := d.patientAtWork(tabs["otto"])
	d.receptionAtWork(tabs["praxis-koeln"], booked)
}

func (d *demo) patientAtWork(tab *webtest.Tab) control.Booking {
	d.t.Helper()
	see := func(name string) { d.t.Helper(); tab.Check(44); tab.Keep("otto-" + name) }
	before := len(d.bookings("otto"))
	tab.Go(d.app("otto") + "/list")
	tab.Click("button.choice")
	tab.Until("the offer", `location.pathname.startsWith("/offer/")`)
	tab.Says("Verbindlich buchen")
	see("offer")
	tab.Type("#f-name", "Otto Muster")
	tab.Type("#f-birth", "1.1.50")
	tab.ClickText("Verbindlich buchen")
	tab.Until("the wrong date", `document.querySelector("#f-birth[aria-invalid=true]")`)
	see("offer-wrong")
	tab.Type("#f-birth", "20.11.1948")
	tab.ClickText("Verbindlich buchen")
	tab.Until("the card", `location.pathname.startsWith("/booking/")`)
	tab.Says("Ihr Termin ist gebucht")
	see("card")
	_, id, _ := strings.Cut(tab.Address(), "/booking/")
	tab.Go(d.app("otto") + "/booking/" + id + "/cancel")
	see("cancel")
	tab.Go(d.app("otto") + "/booking/" + id + "/print")
	see("print-card")
	tab.Go(d.app("otto") + "/")
	see("home")
	mine := d.bookings("otto")
	if len(mine) != before+1 {
		d.t.Fatalf("%d bookings, %d before", len(mine), before)
	}
	for _, b := range mine {
		if b.ID == id {
			return b
		}
	}
	d.t.Fatalf("the page shows booking %s, which the node does not have", id)
	return control.Booking{}
}

func (d *demo) receptionAtWork(tab *webtest.Tab, booked control.Booking) {
	d.t.Helper()
	see := func(name string) { d.t.Helper(); tab.Check(24); tab.Keep("praxis-koeln-" + name) }
	day := booked.Visits[0].Start
	var open string
	for _, a := range ask[[]control.Appointment](d, "praxis-koeln", control.MethodSlotsList, nil) {
		if a.State == "open" && a.Start.After(time.Now()) {
			open = a.ID
		}
	}
	called := ask[control.Booking](d, "praxis-koeln", control.MethodPhone, control.Phone{Appointments: []string{open}, Name: "Greta Anrufer", BirthDate: "1939-02-28", Phone: "0221 5550199"})
	tab.Go(d.app("praxis-koeln") + "/booking/" + called.ID)
	tab.Says("Greta Anrufer")
	see("booking-phone")
	tab.Go(d.app("praxis-koeln") + "/print/slip/" + called.ID)
	see("print-slip")
	at := d.app("praxis-koeln") + "/day/" + day.Format(time.DateOnly)
	tab.Go(at)
	tab.Says("Greta Anrufer")
	see("day-booked")
	tab.Click("[data-tick-all]")
	tab.Click(`.bar button[value="move"]`)
	tab.Until("the move", `location.pathname === "/move"`)
	preview(tab, day.AddDate(0, 0, 1).Format(time.DateOnly))
	see("move")
	tab.Go(at)
	tab.Click("[data-tick-all]")
	tab.Click(`.bar button[value="cancel"]`)
	tab.Until("the cancellation", `location.pathname === "/cancel"`)
	see("cancel")
	tab.Go(d.app("praxis-koeln") + "/desk")
	tab.Type("#f-code", called.Visits[0].Digits+"\r")
	tab.Says("Greta Anrufer")
	tab.Says("Der Termin ist nicht heute") // the demo's visits are a week ahead
	see("desk-checked")
}
