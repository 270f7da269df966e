package browser

import (
	"strings"
	"time"

	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/node/web"
	"pieks/node/web/webtest"
)

// offline is an afternoon without relays: both sides say so and go on, what is to be sent waits, and arrives once.
func offline(w *town) {
	p := w.practice("Frankfurt", "60311")
	p.offers(p.day(1), "09:00", "09:40", "influenza")
	p.offers(p.day(1), "15:00", "15:20", "influenza")
	p.keepsSecret("Olga", "Otto Anruf", "0221 777")
	home := w.patient("Olga", "60313")
	home.keepsSecret("60313")
	home.sees(6)
	one, two := home.books("Olga Eins"), home.books("Olga Zwei")
	if one.State != "booked" || two.State != "booked" {
		w.Fatalf("%s and %s", one.State, two.State)
	}
	home.sees(4)
	reception, olga := p.opens(webtest.Desktop), home.opens(webtest.Phone)
	day := "/day/" + p.day(1)
	reception.at(day)
	olga.at("/booking/" + one.ID)
	for _, a := range []*person{reception, olga} {
		if webtest.Eval[bool](a.Tab, `document.body.innerText.includes("Offline seit")`) {
			w.Fatal("offline too early")
		}
		webtest.Eval[int](a.Tab, `window.stays = 1`)
	}

	relay := w.node("relay-1")
	if err := relay.Stop(); err != nil {
		w.Fatal(err)
	}
	for _, a := range []*person{reception, olga} {
		a.Says("Offline seit")
		since := does[control.Status](a.place, control.MethodStatus, nil).Offline
		a.Says("Offline seit " + web.Clock(web.German, since) + ".")
		if gone := w.now().Sub(since); gone < 0 || gone > time.Minute {
			w.Errorf("offline since %v, says %s", gone, a.node.Name)
		}
		if !webtest.Eval[bool](a.Tab, `window.stays === 1`) {
			w.Errorf("the page of %s was loaded anew", a.node.Name)
		}
	}
	// The practice goes on: a caller gets an appointment, and one that is booked goes to another day.
	reception.at(day)
	reception.Says("Olga Eins")
	reception.Click("tr:last-child a.soft") // in the afternoon: what the patient chooses below is free
	reception.Type("#f-name", "Otto Anruf")
	reception.Type("#f-birth", "1.2.1944")
	reception.Type("#f-phone", "0221 777")
	reception.Click("form.narrow > button")
	reception.Says("Lesen Sie den Code vor")
	called := p.booked()
	if len(called) != 3 {
		w.Fatalf("%d bookings", len(called))
	}
	reception.at(day)
	reception.Click(`tr:has(a[href="/booking/` + p.bookingOf("Olga Eins").ID + `"]) input[name=id]`)
	reception.Click(`.bar button[value="move"]`)
	reception.previews(p.day(3))
	reception.Click(`button[value="move"]`)
	reception.Says("1 Termin ist verschoben.")
	reception.Says("Eine Nachricht wartet.")

	// So does the patient: the code is there, a cancellation waits, and so does a question for another appointment.
	olga.at("/booking/" + one.ID)
	olga.Says(one.Visits[0].Digits)
	olga.at("/booking/" + two.ID)
	olga.Click(`a[href="/booking/` + two.ID + `/cancel"]`)
	olga.ClickText("Ja, Termin absagen")
	olga.Says("Sie haben abgesagt")
	olga.Says("Eine Nachricht wartet.")
	olga.at("/list")
	olga.Click("button.choice")
	olga.Until("the booking", `location.pathname.startsWith("/booking/")`)
	asked := strings.TrimPrefix(webtest.Eval[string](olga.Tab, `location.pathname`), "/booking/")
	olga.Says("Noch nicht bei der Praxis angekommen")
	olga.Says("2 Nachrichten warten.")

	w.start(relay)
	olga.Until("the offer of what was asked for", `location.pathname === "/offer/`+asked+`"`)
	for _, a := range []*person{reception, olga} {
		a.Until("no banner", `!document.body.innerText.includes("Offline seit")`)
		testnet.Until(w, "everything is sent", func() bool {
			return does[control.Status](a.place, control.MethodStatus, nil).Outbox == 0
		})
	}
	olga.confirms("Olga Drei", "3.3.1933")
	olga.at("/")
	olga.Says(web.Date(web.German, w.now().AddDate(0, 0, 3)))
	// Nobody is booked twice, and both sides have the same.
	names := map[string]int{}
	testnet.Until(w, "what both sides have", func() bool {
		clear(names)
		for _, b := range p.booked() {
			names[b.Patient.Name]++
		}
		return names["Olga Zwei"] == 0 || names["Olga Eins"] == 0
	})
	if len(names) != 3 || len(p.booked()) != 3 || names["Otto Anruf"] != 1 || names["Olga Drei"] != 1 || len(home.booked()) != 2 {
		w.Errorf("booked are %v, and %d at the patient", names, len(home.booked()))
	}
}
