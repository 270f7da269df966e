// Package wire is what every Pieks message shares: one CBOR dialect, one
// signature form, one sealed form and one framing.
//
// # CBOR
//
// Every object is a CBOR map with small unsigned integer keys, in the core
// deterministic encoding of RFC 8949 section 4.2.1: shortest integers, definite
// lengths, keys in ascending order, no duplicate keys, no tags, no floats.
// A decoder refuses anything else, unknown keys and trailing bytes included, so an
// object has exactly one encoding. Text is UTF-8, instants are unsigned seconds
// since 1970-01-01T00:00:00Z, days are unsigned days since 1970-01-01.
// Nesting is at most 8 deep, an array has at most 1,024 entries, a map at most 64 pairs.
//
// # Signed objects
//
// COSE_Sign1 (RFC 9052 section 4.2, tag 18) with algorithm EdDSA (-8) as the only protected
// header, an empty unprotected header, the payload embedded. The external AAD is
// the object type in ASCII, for example "pieks/sheet/1", so a signature of one type says nothing
// about another. Keys are Ed25519, 32 bytes.
//
// # Sealed objects
//
// HPKE base mode (RFC 9180) with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and
// ChaCha20-Poly1305; info is the purpose in ASCII, aad is named by each protocol.
// On the wire: version byte 1, 32 bytes encapsulated key, ciphertext with its 16-byte tag.
//
// # Frames
//
// On a stream each message is a frame: 4 bytes big-endian length, then that many
// bytes. Each protocol names its largest frame; a longer one ends the stream before it is read.
package wire
