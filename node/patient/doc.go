// Package patient is the node of a patient, or of a relative who books for one. It is client of one relay at a time, keeps
// its region's slot sheets, searches them without asking anybody, and books with the practice itself.
//
// What it knows of its user stays in its store: the postcode goes nowhere (relays hear the region), and name and birth
// date go to a practice only after its card was verified, in the confirm of package booking.
// Each booking has its own keys and mailbox, so that neither relays nor two practices can tell that two are of the same person.
//
// With the code of a practice's poster it asks that practice for its own list (package ownlist) and books from it in the same way.
//
// Before its user has said a postcode it is client of no relay. A booking is moved by booking another one in its place; what was offered and is not wanted goes back to
// the practice; searches can go on and tell when they find something; and all of it can be erased.
//
// It remembers for two weeks the keys of the waiting rooms that its people were in, lets them be disclosed (package disclosure), and compares what others
// disclosed with them. Each disclosure has a host and an identity of its own, which end with it.
package patient
