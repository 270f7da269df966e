// Package inbound is what a relay does with an incoming stream before a protocol reads from it: it is given a
// service scope, memory and a deadline, it is counted against where it comes from, and it ends when the relay stops.
//
// A source is a connection's IPv4 /24 or IPv6 /56, known only as an HMAC under a key that lives in memory, so nothing
// here can be dumped as a list of addresses. A connection through a circuit counts as the circuit relay's own source.
package inbound
