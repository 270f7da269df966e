package patient

import (
	"fmt"
	"testing"
	"time"

	"pieks/node/control"
	"pieks/node/web/webtest"
)

// TestLook goes through every page as a person would, and looks at each.
func TestLook(t *testing.T) {
	for _, l := range []webtest.Look{webtest.Phone, webtest.Desktop} {
		t.Run(fmt.Sprint(l.Width), func(t *testing.T) {
			tab := chromium(t).Tab(l)
			s := newSite(t)
			see := func(name string) { t.Helper(); tab.Check(44); tab.Keep(name) }
			open := func(path string) { t.Helper(); tab.Go(s.URL() + path) }
			tab.Go(s.link(t))
			tab.Says("Wo suchen Sie")
			see("01-first")
			tab.Type("#f-plz", "1234")
			tab.ClickText("Termine zeigen")
			tab.Says("genau fünf Ziffern")
			see("02-wrong")
			tab.Type("#f-plz", "50667")
			tab.ClickText("Termine zeigen")
			tab.Says("Freie Termine")
			see("03-list")
			tab.Click("button.choice")
			tab.Says("Reserviert bis")
			see("04-offer")
			tab.ClickText("Verbindlich buchen")
			tab.Says("Bitte geben Sie den Namen ein")
			see("05-offer-wrong")
			tab.Type("#f-name", "Erika Muster")
			tab.Type("#f-birth", "1.3.1950")
			tab.ClickText("Verbindlich buchen")
			tab.Says("Ihr Termin ist gebucht")
			see("06-card")
			id := s.node.bookings[len(s.node.bookings)-1].ID
			open("/booking/" + id + "/print")
			see("07-print")
			open("/booking/" + id + "/cancel")
			see("08-cancel")
			s.node.do(func() {
				b := s.node.booking(id)
				b.Moved, b.Reason = s.node.now(), "Die Ärztin ist am Vormittag im Heim."
				b.Visits[0].Before = b.Visits[0].Start.Add(-24 * time.Hour)
			})
			open("/booking/" + id)
			see("09-moved")
			open("/")
			see("10-home")
			tab.ClickText("Umkreis, Tage")
			tab.ClickText("bestimmte Tage")
			see("11-search")
			tab.Set("#f-vaccine", "comirnaty")
			tab.ClickText("beide Termine")
			tab.ClickText("alle Tage")
			tab.ClickText("Termine zeigen")
			tab.Says("Wählen Sie zuerst")
			tab.Click("button.choice")
			tab.Says("Zweite Impfung")
			see("12-second")
			tab.Click("button.choice")
			tab.Says("2. Impfung")
			see("13-offer-both")
			tab.Type("#f-name", "Käthe Muster")
			tab.Type("#f-birth", "01.03.1924")
			tab.ClickText("für jemand anderen")
			tab.ClickText("Verbindlich buchen")
			tab.Says("Ihr Termin ist gebucht")
			see("14-card-both")
			// Somebody else is faster.
			open("/list")
			tab.ClickText("Suche ändern")
			tab.Set("#f-vaccine", "influenza-60")
			tab.ClickText("Termine zeigen")
			tab.Says("Freie Termine")
			s.node.do(func() { s.node.lose = true })
			tab.Click("button.choice")
			tab.Says("Gerade vergeben")
			see("15-taken")
			s.node.do(func() { s.node.lose = false })
			open("/")
			tab.Set("#f-vaccine", "mmr")
			tab.ClickText("Termine zeigen")
			tab.Says("nichts frei")
			see("16-nothing")
			tab.ClickText("Bescheid sagen")
			tab.Says("Pieks sucht weiter")
			s.node.do(func() {
				s.node.give(&practices[0], 2, 4, 9, "mmr", 1)
				s.node.warnings = []control.Warning{{Day: "2031-12-01", Practice: "Praxis Dr. Anna Sommer"}}
				s.node.offline = s.node.now()
			})
			open("/settings")
			see("17-settings")
			open("/erase")
			see("18-erase")
			s.node.do(func() { s.node.warnings, s.node.offline, s.node.watches[0].Seen = nil, time.Time{}, true })
			open("/history")
			see("19-history-empty")
			s.node.do(func() {
				b := s.node.booking(id)
				b.State, b.Reason, b.Why = "cancelled", "Der Impfstoff wurde nicht geliefert.", control.WhyCancelledByPractice
				b.Visits[0].State = "cancelled"
				p := *b
				p.ID, p.State, p.Reason, p.Why, p.Moved = "77", "attended", "", "", time.Time{}
				p.Visits = []control.Visit{{Start: s.node.now().Add(-30 * 24 * time.Hour), End: s.node.now().Add(-29 * 24 * time.Hour), Vaccine: "mmr", Dose: 1, State: "attended"}}
				s.node.bookings = append(s.node.bookings, p)
			})
			open("/booking/" + id)
			see("20-withdrawn")
			open("/")
			see("21-home-withdrawn")
			open("/history")
			see("22-history")
			open("/practice")
			see("23-practice")
			s.node.own = control.PracticeList{State: "listed", Practice: practices[0], Licence: "Praxis für Allgemeinmedizin"}
			for _, y := range s.node.slots {
				if y.practice == &practices[0] && !y.gone {
					s.node.own.Slots = append(s.node.own.Slots, control.Listed{ID: y.ID, Start: y.start, End: y.start.Add(time.Minute), Vaccine: y.Vaccine, Dose: y.Dose})
				}
			}
			tab.Type("#f-code", "falsch")
			tab.ClickText("Termine der Praxis zeigen")
			tab.Says("kein Code einer Praxis")
			see("24-practice-wrong")
			tab.Type("#f-code", "PIEKS:1")
			tab.ClickText("Termine der Praxis zeigen")
			tab.Says("Termine dieser Praxis")
			see("25-practice-list")
			s.node.do(func() { s.node.wait = make(chan struct{}) })
			tab.ClickText("neu laden")
			tab.Says("Die Liste erscheint von selbst")
			see("25-practice-open")
			close(s.node.wait)
			s.node.changes.Changed()
			tab.Says("Termine dieser Praxis")
			s.node.do(func() { s.node.wait, s.node.own.State = make(chan struct{}), "busy" })
			tab.ClickText("neu laden")
			tab.Says("Die Liste erscheint von selbst")
			close(s.node.wait)
			s.node.changes.Changed()
			tab.Until("why there is no list", `!!document.querySelector("#e-code")`)
			s.node.do(func() { s.node.wait, s.node.own.State = nil, "listed" })
			tab.ClickText("Termine der Praxis zeigen")
			tab.Says("Termine dieser Praxis")
			s.node.wait = make(chan struct{})
			tab.Click("button.choice")
			tab.Says("Die Praxis wird gefragt")
			see("26-asking")
			close(s.node.wait)
			s.node.changes.Changed()
			tab.Says("Reserviert bis")
			s.node.do(func() { s.node.wait, s.node.away = nil, true })
			open("/")
			tab.Set("#f-vaccine", "influenza-60")
			tab.ClickText("Termine zeigen")
			tab.Says("Freie Termine")
			tab.Click("button.choice")
			tab.Says("Ihre Anfrage wartet")
			see("27-waiting")
		})
	}
}
