package browser

import (
	"slices"

	"pieks/node/control"
	"pieks/node/web/webtest"
)

// fight is about one appointment that two people choose at the same moment. One gets it; the other is shown others, and has lost nothing of
// what was typed before.
func fight(w *town) {
	p := w.practice("Nürnberg", "90402")
	wanted := p.offers(p.day(1), "10:00", "10:10", "tdap")[0]
	p.offers(p.day(2), "10:00", "10:30", "tdap")
	p.offers(p.day(3), "15:00", "15:30", "tdap")
	people := map[string]*person{}
	for _, name := range []string{"Anna Streit", "Bernd Streit"} {
		home := w.patient(name, "90403")
		home.keepsSecret(name, "Streit", "90403", "2.2.1952", "1952-02-02")
		home.sees(7)
		a := home.opens(webtest.Phone)
		people[name] = a
		a.at("/list")
		a.Click("section.place h3 ~ h3 ~ button.choice") // of another day
		a.Says(a.words.held)
		a.Type("#f-name", name)
		a.Type("#f-birth", "2.2.1952")
		a.ClickText(a.words.left)
		a.Says(a.words.list)
	}
	for _, a := range people {
		webtest.Eval[int](a.Tab, `(document.querySelector("button.choice").click(), 0)`)
	}
	var winner, loser string
	for name, a := range people {
		a.Until("an answer", `location.pathname.startsWith("/offer/") || location.pathname === "/taken"`)
		if webtest.Eval[bool](a.Tab, `location.pathname === "/taken"`) {
			loser = name
		} else {
			winner = name
		}
	}
	if winner == "" || loser == "" {
		w.Fatalf("%q got the appointment, %q did not", winner, loser)
	}
	first, second := people[winner], people[loser]
	second.Says("Gerade vergeben")
	if n := webtest.Eval[int](second.Tab, `document.querySelectorAll("button.choice").length`); n < 2 {
		w.Errorf("%d others are offered", n)
	}
	typed := `document.querySelector("#f-name").value + "/" + document.querySelector("#f-birth").value`
	for name, a := range map[string]*person{winner: first, loser: second} {
		if a == second {
			a.chooses()
		}
		if got := webtest.Eval[string](a.Tab, typed); got != name+"/2.2.1952" {
			w.Errorf("the form of %s has %q", name, got)
		}
		a.ClickText(a.words.book)
		a.Says(a.words.booked)
	}
	all := p.booked()
	if len(all) != 2 || all[0].Visits[0].Appointment == all[1].Visits[0].Appointment {
		w.Fatalf("two people have %d bookings", len(all))
	}
	i := slices.IndexFunc(all, func(b control.Booking) bool { return b.Visits[0].Appointment == wanted })
	if i < 0 || all[i].Patient.Name != winner {
		w.Errorf("who got the offer has not got the appointment")
	}
}
