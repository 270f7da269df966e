// Package patient is the app of a patient, or of a relative who books for one: four pages from the search to the card.
//
//	/               postcode and search; what is booked stands above it
//	/list           what is free, by distance; /list/second the second doses that fit a first one
//	/offer/ID       the practice, the exact time, how long it is held, and the form: who is to be vaccinated
//	/booking/ID     the card: code in digits, words and QR, place, what to bring; or how far the booking has come
//
// The check-in with proof of presence is described in checkin.go.
//
// Beside them: /taken when somebody else was faster, /practice for the code of one's own practice, /history, /settings, /erase.
//
// A practice may take up to a minute to answer (it draws among those who asked). The browser does not wait for that: the node is asked
// by web.AskLater, and /asking/ID says so until the answer is there.
//
// What was typed stays in the draft of the session: a search, a name whose appointment was lost to somebody else. Nothing of it
// is in an address.
package patient
