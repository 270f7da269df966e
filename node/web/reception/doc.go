// Package reception is the app of a practice: what the people at its desk see and do between two phone calls.
//
//	/day/{date}     the day: who comes when; ticks and what to do with them (day.go); /week/{date} (week.go)
//	/give           give appointments away, with a preview (give.go)
//	/phone/{id}     book an open appointment for a caller (phone.go)
//	/booking/{id}   one booking and what can be done with it (booking.go)
//	/move, /cancel  one or many, with a preview and a reason (move.go, cancel.go); /changes and /undo (changes.go)
//	/desk           one field for scanned and typed codes (desk.go, scanner.go)
//	/arrivals       who checked in with proof of presence (arrivals.go); /arrivals/codes the codes for it, and the directory (checkincodes.go)
//	/print/..., /poster   what is printed (print.go)
//	/history, /export     past visits (history.go, export.go)
//	/status, /people, /settings, /setup   what the doctor looks after (status.go, people.go, settings.go, setup.go)
//	/card           the practice's card in a reader signs who it is (enrol.go, cards.go)
//
// A [web.Doctor] may do all of it, a [web.Assistant] everything that a day needs. What somebody is about to do to many bookings is kept in
// the draft of the session, so that every page is a GET: it can be looked at again, in the other language, too, and no name, birth date
// or search is in an address. Files named like dayview.go are pure: they make what a page shows of what the node answered.
package reception
