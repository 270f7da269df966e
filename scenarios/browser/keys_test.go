package browser

import (
	"strings"

	"github.com/chromedp/chromedp/kb"

	"pieks/node/web/webtest"
)

// focus is what has it: an element's id, name or text, and what is wrong with how it is seen. A control that was reached by keys has a ring
// around it, or around its label, and nothing lies over it.
const focus = `(() => {
  const e = document.activeElement;
  if (!e || e === document.body) return { name: "", wrong: "" };
  const name = e.id || e.name || e.innerText.trim().slice(0, 40) || e.tagName;
  const ringed = (x) => { const s = getComputedStyle(x); return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 1 || s.boxShadow !== "none"; };
  const r = e.getBoundingClientRect();
  let wrong = "";
  if (!e.checkVisibility() || r.width < 2 || r.height < 2) wrong = "is not visible";
  else if (!ringed(e) && !(e.closest("label") && ringed(e.closest("label")))) wrong = "has no ring";
  else if (r.bottom <= 0 || r.top >= innerHeight || r.right <= 0 || r.left >= innerWidth) wrong = "is outside of the window";
  else if (!e.closest("label")) {
    const over = document.elementFromPoint(Math.min(Math.max(r.left + r.width / 2, 0), innerWidth - 1), Math.min(Math.max(r.top + r.height / 2, 0), innerHeight - 1));
    if (over && over !== e && !e.contains(over) && !over.contains(e)) wrong = "lies behind " + over.outerHTML.slice(0, 80);
  }
  return { name, wrong };
})()`

type focused struct{ Name, Wrong string }

// most is how many controls a page may have between two that are wanted.
const most = 60

// tabs goes on with the tabulator until the wanted control has the focus, and looks at each on the way.
func (a *person) tabs(wanted, selector string) {
	a.Helper()
	for range most {
		a.Keys(kb.Tab)
		f := webtest.Eval[focused](a.Tab, focus)
		if f.Wrong != "" {
			a.Errorf("%s: %s %s", webtest.Eval[string](a.Tab, `location.pathname`), f.Name, f.Wrong)
		}
		if webtest.Eval[bool](a.Tab, `document.activeElement.matches('`+selector+`')`) {
			return
		}
	}
	a.Fatalf("%s is not reached with %d keys", wanted, most)
}

// roundTrip goes through all controls of a page and comes back to the first one: nothing keeps the focus, and no control is passed over.
func (a *person) roundTrip() {
	a.Helper()
	// Of radio buttons with one name the tabulator stops at one.
	count := webtest.Eval[int](a.Tab, `(() => { const names = new Set(); let n = 0;
  for (const e of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary")) {
    if (e.tabIndex < 0 || e.disabled || !e.checkVisibility()) continue;
    if (e.type === "radio") { if (names.has(e.name)) continue; names.add(e.name); }
    n++;
  } return n })()`)
	seen := map[string]bool{}
	mark := `((e) => { window.marks ??= new Map(); if (!window.marks.has(e)) window.marks.set(e, String(window.marks.size)); return e === document.body ? "" : window.marks.get(e) })(document.activeElement)`
	for range 2*count + 4 {
		a.Keys(kb.Tab)
		if m := webtest.Eval[string](a.Tab, mark); m != "" {
			seen[m] = true
		}
	}
	if len(seen) < count {
		a.Errorf("%s: of %d controls %d are reached by keys", webtest.Eval[string](a.Tab, `location.pathname`), count, len(seen))
	}
}

// keyboard books without a mouse.
func keyboard(w *town) {
	p := w.practice("Rostock", "18055")
	p.offers(p.day(1), "09:00", "10:00", "influenza")
	p.offers(p.day(1), "15:00", "16:00", "tdap")
	home := w.patient("Karl", "")
	home.keepsSecret("Karl", "18057", "5.6.1939", "1939-06-05")
	karl := home.opens(webtest.Look{Width: 1280, Lang: "de"})
	karl.roundTrip()
	karl.at("/")
	karl.tabs("the first link", ".skip")
	karl.Keys(kb.Enter) // to what the page is about
	karl.tabs("the postcode", "#f-plz")
	karl.Keys("18057")
	karl.tabs("further questions", "summary")
	karl.Keys(" ")
	karl.Until("the questions", `document.querySelector("details").open`)
	karl.tabs("the vaccine", "#f-vaccine")
	karl.Keys("Grippe")
	karl.tabs("the distance", "input[name=radius]")
	karl.Keys(kb.ArrowRight)
	karl.tabs("the part of day", "input[name=parts][value=morning]")
	karl.Keys(" ")
	karl.tabs("the button", "button.go")
	karl.Keys(kb.Enter)
	karl.Says("Freie Termine")
	karl.Until("something free", `document.querySelector("button.choice")`)
	karl.Says("Grippe")
	karl.tabs("the choice", "button.choice")
	karl.Keys(" ")
	karl.Says("Reserviert bis")
	karl.roundTrip()
	webtest.Eval[int](karl.Tab, `(document.activeElement.blur(), 0)`)
	karl.tabs("the name", "#f-name")
	karl.Keys("Karl Taste")
	karl.tabs("the birth date", "#f-birth")
	karl.Keys("5.6.39" + kb.Enter) // Enter in a field sends the form, and leaves it neither cancelled nor in another language
	karl.Says("das Jahr mit vier Ziffern")
	karl.Until("the focus in the wrong field", `document.activeElement.id === "f-birth"`)
	if f := webtest.Eval[focused](karl.Tab, focus); f.Wrong != "" {
		w.Errorf("the wrong field %s", f.Wrong)
	}
	karl.Keys(kb.End + strings.Repeat(kb.Backspace, 2) + "1939")
	karl.tabs("the button", "form.who button.go")
	karl.Keys(" ")
	karl.Says("Ihr Termin ist gebucht")
	karl.roundTrip()
	if all := p.booked(); len(all) != 1 || all[0].Patient.Name != "Karl Taste" || all[0].Patient.BirthDate != "1939-06-05" {
		w.Errorf("booked are %d", len(all))
	}
}
