package browser

import (
	"pieks/node/web/webtest"
)

// mistypes makes the mistakes that people make, and changes the language in the middle. Nothing typed is lost.
func mistypes(w *town) {
	p := w.practice("Dresden", "01097")
	p.offers(p.day(1), "09:00", "10:00", "influenza")
	home := w.patient("Nele", "")
	home.keepsSecret("Nele", "01067", "3.4.1947", "1947-04-03", "0351 99")
	nele := home.opens(webtest.Phone)
	wrong := func(field, says string) {
		w.Helper()
		nele.Says(says)
		nele.Until("the focus in "+field, `document.activeElement.name === "`+field+`"`)
		if told := webtest.Eval[string](nele.Tab, `(f => f.getAttribute("aria-invalid") === "true" ? f.getAttribute("aria-describedby").split(" ").map(id => document.getElementById(id).innerText).join(" ") : "")(document.activeElement)`); told == "" {
			w.Errorf("the field %s is not said to be wrong", field)
		}
	}
	value := func(selector string) string {
		w.Helper()
		return webtest.Eval[string](nele.Tab, `document.querySelector("`+selector+`").value`)
	}
	for _, plz := range []struct{ typed, says string }{
		{"1234", "genau fünf Ziffern"}, {"99999", "gibt es in Deutschland nicht"}, {"00000", "gibt es in Deutschland nicht"}, {"O1067", "genau fünf Ziffern"},
	} {
		nele.Type("#f-plz", plz.typed)
		nele.ClickText("Termine zeigen")
		wrong("plz", plz.says)
		if got := value("#f-plz"); got != plz.typed {
			w.Errorf("%q became %q", plz.typed, got)
		}
	}
	nele.Set("#f-vaccine", "influenza")
	nele.Type("#f-plz", "01067")
	nele.ClickText("Termine zeigen")
	nele.Says("Freie Termine")
	nele.Says("01067")
	nele.Until("something free", `document.querySelector("button.choice")`)
	nele.Click(`a[href="/#search"]`)
	nele.Until("the search", `document.querySelector("#f-plz")`)
	if plz, vaccine := value("#f-plz"), value("#f-vaccine"); plz != "01067" || vaccine != "influenza" {
		w.Errorf("the search has %q and %q", plz, vaccine)
	}
	nele.at("/list")
	nele.chooses()

	// Half of the form is filled in.
	nele.ClickText("für jemand anderen")
	nele.Type("#f-name", "Nele Halb")
	nele.Type("#f-birth", "3.4.")
	nele.Type("#f-phone", "0351 99")
	kept := func(where string) {
		w.Helper()
		if got := value("#f-name") + "|" + value("#f-birth") + "|" + value("#f-phone") + "|" + value("input[name=whom]:checked"); got != "Nele Halb|3.4.|0351 99|other" {
			w.Errorf("%s the form has %q", where, got)
		}
	}
	nele.Click(`.lang button`)
	nele.Says("Who is to be vaccinated?")
	kept("in English")
	if webtest.Eval[bool](nele.Tab, `!!document.querySelector("[aria-invalid]")`) {
		w.Error("the other language complains of what is not done yet")
	}
	nele.Click(`.lang button`)
	nele.Says("Wer wird geimpft?")
	kept("in German again")
	nele.ClickText("Verbindlich buchen")
	wrong("birth", "mit vierstelligem Jahr")
	kept("after a mistake")
	nele.Click(`.lang button`)
	nele.Says("Who is to be vaccinated?")
	kept("in English, after a mistake")
	nele.Click(`.lang button`)
	nele.Says("Wer wird geimpft?")
	nele.Type("#f-birth", "31.2.1947")
	nele.ClickText("Verbindlich buchen")
	wrong("birth", "Diesen Tag gibt es nicht")
	if len(p.all()) > 1 || len(p.booked()) != 0 {
		w.Error("the practice has a booking before it is confirmed")
	}
	b := nele.confirms("Nele Halb", "3.4.1947")
	if b.Patient.Name != "Nele Halb" || b.Patient.BirthDate != "1947-04-03" || b.Patient.Phone != "0351 99" {
		w.Errorf("booked for %+v", *b.Patient)
	}
}
