// Package practice is the node on the desktop of a practice. It has two faces on the network:
//
//	desk   the device key D, enrolled by the practice card, known to the practice's patients and issuers
//	front  the pseudonym P of one epoch, under which open appointments are shown and asked for
//
// Nothing connects the two but offers, which P and D both sign and which only the patient who asked reads. At a
// rotation the next front takes over; the old one stays until its last sheet has expired and its last hold has ended, and
// then its keys are erased: what it showed can no longer be traced to this practice, not even with this disk.
//
// The ledger (package booking) decides who has which appointment. The front and the desk only carry its answers.
package practice
