package browser

import "pieks/node/web"

// words are what the pages of a journey say.
type words struct {
	lang                                        web.Lang
	given, show, list, held, book, booked, left string
	checkedIn, already                          string
}

var (
	german = words{
		lang: web.German, given: "Termine sind angelegt", show: "Termine zeigen", list: "Freie Termine", held: "Reserviert bis", book: "Verbindlich buchen",
		booked: "Ihr Termin ist gebucht", left: "Doch nicht", checkedIn: "Eingecheckt", already: "Bereits eingecheckt um",
	}
	english = words{
		lang: web.English, given: "appointments are", show: "Show appointments", list: "Open appointments", held: "Held until", book: "Book this appointment",
		booked: "Your appointment is booked", left: "No, back", checkedIn: "Checked in", already: "Already checked in at",
	}
)
