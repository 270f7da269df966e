// Package jose is the part of JOSE that check-ins speak: compact JWS (RFC 7515) with ES256 (RFC 7518 section 3.4) and EdDSA over Ed25519 (RFC 8037),
// public keys as JWK (RFC 7517) with their thumbprints (RFC 7638), and JSON read strictly.
//
// What is refused, since each of it was a hole in somebody's verifier:
//
//   - a member that stands twice in an object, at any depth: two readers would see two documents
//   - a member in another case than asked for (encoding/json would take it)
//   - base64url with padding, line breaks or loose last bits: two texts for one token
//   - a "crit" header: it names what a reader has to understand, and nothing is understood here (RFC 7515 section 4.1.11)
//   - a key in the header ("jwk", "jku", "x5u") is never used: keys come from a Set, by "kid"
//   - an algorithm that is not the key's own, "none" included
//   - a private or symmetric key in a Set
//
// What is left to the caller: what typ and claims have to be, times, and where a Set comes from.
package jose
