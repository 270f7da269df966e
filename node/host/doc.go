// Package host makes the libp2p hosts of each role and keeps their circuits.
//
// A relay has one public host. A practice has two: the desk (its device key D, known to its patients) and one
// front per epoch (its pseudonym P), which listens nowhere and is reached only through circuits, so that nobody
// learns an address from a slot sheet. A patient has one host with a fresh identity at each start, which listens
// nowhere either. Hole punching is off unless the user asks for it: a direct connection shows IP addresses.
package host
