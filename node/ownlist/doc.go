// Package ownlist is how a patient who wants their own doctor gets that practice's list of open appointments: the code on a poster or a slip, and
// the protocol /pieks/list/1 with the practice's desk. What follows is ordinary booking (node/booking) with the desk in the place of a front.
//
// # Code
//
//	"PIEKS:" D [":" hint [hint]]
//
// D is the public key of the desk, 32 bytes, in Base32 (RFC 4648, no padding): 52 characters, the last 4 bits are zero. A hint is the first four
// characters of the Base32 of SHA-256 of the bytes of a relay's peer ID, of a relay at which the desk kept a circuit when the code was made;
// there are none, one, or two different ones. So the text has 58, 63 or 67 characters, all of the alphanumeric set of a QR code: version 4 at level
// Q holds 67. There is one text for a code, and a reader takes no other.
//
// A patient connects to D through a circuit of the relays that the hints name, then of the others in its network file, five in all. The code is no
// secret: it hangs in the waiting room.
//
// With D bytes 00 to 1f, the codes without a relay and with one whose peer ID is the multihash 0024 0801 1220 and 32 bytes 0x11:
//
//	PIEKS:AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQKRMFYYDENBWHA5DYPQ
//	PIEKS:AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQKRMFYYDENBWHA5DYPQ:ZV7P
//
// # Protocol
//
//	patient                                             practice
//	   | question: nonce  -------------------------------->|  desk D
//	   |<---------------- answer: list, signed by D, or why not
//	   | verify all of it; the user chooses                |
//	   | request, offer, confirm, receipt: node/booking -->|  desk D, /pieks/booking/1
//
// One stream, one question: a frame (pieks/gossip/wire) of at most 64 bytes, answered by one of at most 18,432 bytes within 20 s. The
// stream has to be allowed on a limited connection. Nothing in it is about the patient, and it asks for no region.
//
// Question: CBOR map 1 version uint 1, 2 nonce bytes[16], random.
//
// Answer: CBOR map
//
//	1 version  uint   1
//	2 status   uint   0 ok, 1 malformed, 2 version, 3 busy: ask again in a minute, 4 closed: nothing may be given away now
//	3 list     bytes  with status 0 a COSE_Sign1 by D with AAD "pieks/list/1", else empty
//
// Its payload is the map
//
//	1 version    uint        1
//	2 nonce      bytes[16]   of the question
//	3 issued     uint        unix seconds
//	4 expires    uint        until when the tokens are good, at most 50 hours later
//	5 device     bytes[32]   D
//	6 relays     array of text, at most 3: peer IDs where the desk is reached and box D is kept
//	7 enrolment  bytes       the practice card (pieks/card), at most 3,000 bytes
//	8 slots      array of at most 200 maps: 1 id bytes[16], 2 start uint, 3 end uint, 4 vaccine text (1 to 32 bytes), 5 dose uint (0 is any);
//	             all ids differ, and bounds are those of a visit in node/booking
//
// The patient takes it only when it is signed by the D of the code and answers this question, and the practice card is valid now, for D, and not
// revoked. The token of a slot is TokenOf(D, id), as that of a slot in a sheet is TokenOf(P, id).
//
// # Booking
//
// Request and confirm go to D, on a stream of /pieks/booking/1 with the desk host, or sealed to D's X25519 key (in the practice card) into box
// D. The offer is signed twice by D, since P is D. The patient checks it as any other, but that the area is not asked for, and times must be
// those of the list to the second.
//
// # What the tokens say
//
// The ids come from a secret of the practice that is made anew each epoch, as those of a pseudonym's sheets do, and the two have nothing in common: only
// the practice can tell that a token here and one in a sheet are the same appointment. Its ledger gives each appointment away once, whichever
// token asks for it. A token lives from one to two epochs, and as long as its hold. Who reads both lists can still guess from days and vaccines; see
// SECURITY.md.
//
// # Fairness
//
// An appointment comes into this list once everybody in the region could have asked for it, which is when its draw in a sheet is over, or when it could not
// be published since no relay was reached for longer than a cycle. From then on first come is first served, here and there.
//
// # Limits
//
// A peer asks 8 times at once and once in 5 s after that; a subnet 64 times and once in 2 s, where all who come through one relay are one subnet.
// Holds are limited as at a front.
package ownlist
