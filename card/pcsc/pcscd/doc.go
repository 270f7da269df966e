// Package pcscd runs tests with a real pcscd and virtual readers, apart from the computer's own.
//
//	func TestX(t *testing.T) {
//		pcscd.Run(t, 2, func(t *testing.T, d *pcscd.Daemon) {
//			d.Insert(0, aCard)
//			conn, err := pcsc.Open(t.Context(), d.Reader(0))
//			...
//
// Run starts the test binary again for this one test, in namespaces of its own, so that neither the computer's pcscd nor other tests
// are touched and nothing is left over:
//
//	mount     /run is an empty tmpfs: pcscd has its socket and pid there and knows no other place
//	network   the virtual readers listen on all addresses on fixed ports below 32768 (crypto.md 5.6, traps 1 and 2)
//	process   whatever was started dies with the test, and the test with its parent
//	user      where this is not root
//
// The pcscd there knows the virtual readers only: no driver for USB is loaded. What the test says is passed on. Where namespaces, pcscd or
// vpcd are missing, the test is skipped with the reason; with CI=true that is a failure.
package pcscd
