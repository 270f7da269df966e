// Package wire is what every Pieks message shares: one CBOR dialect, one
// signature form, one sealed form and one framing.
//
// # Connections
//
// All nodes are libp2p hosts with Ed25519 identities, so a peer ID and the 32 bytes of a key (P, D, a relay's) say the same.
// Transports are QUIC v1, and TCP with Noise and yamux; TLS over TCP is not spoken, nor are WebSocket, WebTransport and WebRTC.
// The addresses of relays are in the network bundle, and nowhere else. Patients listen nowhere; on the connection
// that a patient opened, its relay opens streams of pubsub, and none of the protocols of Pieks.
//
// A practice is reached at its relays through circuits (libp2p circuit relay v2), at
// <address of relay>/p2p/<relay>/p2p-circuit/p2p/<practice>, again with Noise and yamux. A relay cuts a circuit after 2 minutes
// or 128 KiB in one direction; libp2p calls such a connection limited, and opens streams on it only when told to.
//
// # CBOR
//
// Every object is a CBOR map with small unsigned integer keys, in the core
// deterministic encoding of RFC 8949 section 4.2.1: shortest integers, definite
// lengths, keys in ascending order, no duplicate keys, no tags (but those of signed objects), no floats.
// A decoder refuses anything else, unknown keys and trailing bytes included, so an
// object has exactly one encoding. Text is UTF-8, instants are unsigned seconds
// since 1970-01-01T00:00:00Z, days are unsigned days since 1970-01-01.
// A key that a protocol calls optional or absent, or gives to some kinds or codes only, is left out wherever it
// has nothing to say: null, zero, an empty text or array in its place is another encoding, and refused. All other keys are
// always there, an array without entries as 80.
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
