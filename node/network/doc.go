// Package network is the network bundle: the one signed file that says what a Pieks network is. Relays, issuer keys, card roots, the
// region map, the vaccine catalogue, the rules and revoked practices come from it and from nowhere else.
package network
