// Package hosttest has what the tests of every protocol begin with: real libp2p hosts on the loopback interface, keys that can be repeated, a clock
// that the test turns, and a test binary that serves as a process of its own, to be killed.
package hosttest
