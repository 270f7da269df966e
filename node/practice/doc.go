// Package practice is the node on the desktop of a practice. It has two faces on the network:
//
//	desk   the device key D, enrolled by the practice card, known to the practice's patients and issuers
//	front  the pseudonym P of one epoch, under which open appointments are shown and asked for
//
// Nothing connects the two but offers, which P and D both sign and which only the patient who asked reads. At a
// rotation the next front takes over; the old one stays until its last sheet has expired and its last hold has ended, and
// then its keys are erased: what it showed can no longer be traced to this practice, not even with this disk.
//
// For patients who have its poster the desk shows the practice's own list (package ownlist): the same appointments, under tokens that have nothing in common
// with those of the sheets, and not before everybody could ask for them.
//
// Without an enrolment that holds (none yet, expired, revoked, or for other data) the practice runs, shows nothing and answers no request: its bookings and codes
// stay usable. What the card is to sign, and what it has signed, goes over the control socket (enrolment/begin and enrolment/finish), so
// that the PIN stays in the program that speaks with the reader.
//
// For a patient's disclosure (package disclosure) it looks codes up and hands on what a professional's card has signed.
//
// Who checks in through a PoPP service (package popp/client) becomes an arrival of kind "popp". The service is asked every 30 seconds for what waits there:
//
//	PoPP service                     practice                                              pages
//	    |<-- pull ---------------------|
//	    |--- tokens of a workplace --->| none for another institution (counted); the rest is written down, sealed
//	    |<-- pull, until none is left -|
//	    |<-- keys, if not there -------| signature, quarter, actor: one transaction makes the arrival -->| are woken
//
// A service gives a token once. What cannot be verified yet, since its keys are not reached, waits, also over a restart, for a week at most; keys are
// kept as they came, and verify without the internet until they run out. Tokens have no number: two check-ins of one person within one second are one. A
// card in a reader of the practice is proved to the service over a WebSocket: the node holds that, and whoever has the reader brings each command there
// and each answer back (arrivals/card). A practice proves who it is by a key that the service was told, since its card's PIN is not at hand every five
// minutes (package popp/zeta, Subject).
//
// The ledger (package booking) decides who has which appointment. The front and the desk only carry its answers.
package practice
