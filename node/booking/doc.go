// Package booking is how a patient and a practice agree on an appointment, and everything that either side has to write
// down for that. It speaks two protocols, /pieks/booking/1 with the front of a practice and /pieks/desk/1 with its desk, and it keeps
// the practice's ledger, which alone decides who has an appointment.
//
// # Parties and keys
//
//	P  pseudonym of the practice for one epoch: Ed25519 (identity of the front host) and X25519 (H); known from the slot sheet
//	D  device of the practice: Ed25519 (identity of the desk host) and X25519; known from the practice card in the offer
//	B  key of one booking at the patient: Ed25519 and X25519, made for this request and never used for another one
//
// # Sequence
//
//	patient                                               practice
//	   | 1 request: token(s), B, commitment  -------------->|  front P   hold: written and fsynced
//	   |<---------------------------- 2 offer or refusal    |            COSE by P around COSE by D, with the practice card
//	   | verify all of it; the user decides                 |
//	   | 3 confirm: n_p, personal data, COSE by B  -------->|  front P   booking: one transaction, fsynced
//	   |<-------------------------- 4 receipt or refusal    |            COSE by D
//	   |                                                    |
//	   | 5 order: status, cancel; COSE by B  -------------->|  desk D
//	   |<---------------------------- receipt or refusal    |
//	   |<------------------------------------ 6 notice      |            COSE by D, unasked, to B's mailbox
//
// All personal data is in message 3, which leaves after message 2 was verified.
//
// # Ways
//
// On a stream, each message and each reply is a frame (pieks/gossip/wire) of at most 3,900 bytes. A stream of /pieks/booking/1 goes to the
// host whose identity is P, one of /pieks/desk/1 to the host whose identity is D; both are mostly reached through a circuit (package wire) of
// the relays in the sheet or in the offer, so the stream has to be allowed on a limited connection. No hello is said here. A stream carries
// any number of messages in sequence, each after the reply to the one before: a patient whose slot is taken asks for the next one on the same
// stream. It ends after 30 s without a message, after 2 minutes in any case, and after a message that is none of these protocols (which is
// still answered).
//
// The same messages travel sealed through the mailbox (node/mailbox) when one side is offline; content of an envelope is the message below,
// without the length of a frame. 1 and 3 go to box P sealed to H, at the relays of the sheet; 5 to box D sealed to D's X25519 key, which is in
// the statement of the practice card, at the relays of the offer or the newest receipt; 2, 4, 6 and refusals to box B sealed to B's X25519
// key, at the relays that the request named. A practice passes over relays that its network bundle does not list, and when none is left takes
// all that it lists.
//
// Every message may be repeated, on either way, until it is answered. The answer to a repeated message is the recorded one, byte by byte, as
// long as nothing else has happened; a repeated confirm always gets the booking as it stands. A reply of reason 2 (wait) asks for the
// same message again at its time, at the earliest a second later.
//
// # Messages
//
// A message is a CBOR map (dialect of pieks/gossip/wire):
//
//	1 version  uint   1
//	2 kind     uint   1 request, 2 offer, 3 confirm, 4 receipt, 5 refusal, 16 order, 17 notice
//	3 body     bytes  CBOR map (1, 5) or COSE_Sign1 (all others)
//
// A reader that does not know the version answers reason 7 and leaves the body alone. Instants are unix seconds and at most 7,258,118,400 (the
// year 2200). A relay is a peer ID in text form, at most 64 bytes; at most 3 are listed. The key of an empty list is there, too, and has an
// empty array (80). Text is UTF-8 without control characters and without marks that reorder it.
//
// Request, kind 1, not signed: whoever knows the token may ask, and only B can confirm.
//
//	1 tokens      array of 1 or 2 bytes[32]: slot tokens of P, SHA-256(LP("pieks/slot/1", P, slot id)), the first dose first;
//	              two are held and booked together or not at all
//	2 key         bytes[32]  B, Ed25519: also the box for answers
//	3 sealing     bytes[32]  B, X25519
//	4 commitment  bytes[32]  c, see Verification token
//	5 relays      array of text: where box B is kept
//
// Two tokens are first and second dose of one vaccine, with as many days between as its interval in the network bundle says. The patient sees to
// that: the practice holds any two of its slots.
// Offer, kind 2: COSE_Sign1 by P with AAD "pieks/offer-front/1", whose payload is a COSE_Sign1 by D with AAD "pieks/offer/1", whose payload is
//
//	 1 version    uint       1
//	 2 key        bytes[32]  B
//	 3 front      bytes[32]  P
//	 4 visits     array of 1 or 2 maps, in the order of the tokens:
//	                1 token bytes[32], 2 start uint, 3 end uint, 4 vaccine text (1 to 32 bytes), 5 dose uint (0 is any),
//	                6 transcript bytes[32]; it ends after it starts, at most 8 hours later
//	 5 zone       text       "Europe/Berlin": what the times are shown in
//	 6 nonce      bytes[32]  n_d
//	 7 until      uint       end of the hold; a confirm that arrives in a later second is refused
//	 8 device     bytes[32]  D, Ed25519
//	 9 relays     array of text: where the desk is reached and box D is kept
//	10 enrolment  bytes      the practice card (pieks/card), at most 3,000 bytes
//
// The patient accepts it only when all of this holds: both signatures, the outer one by the P of the sheet; key, front, tokens as asked for;
// each transcript as computed; day, part of day, vaccine and dose as the sheet showed; the enrolment valid now, for this device, not revoked; its
// postcode in the sheet's area; the hold not over for more than ten minutes of the patient's clock. Which hold is over, the practice's clock decides.
//
// Confirm, kind 3: COSE_Sign1 by B with AAD "pieks/confirm/1" of
//
//	1 version  uint       1
//	2 key      bytes[32]  B
//	3 offer    bytes[32]  SHA-256 of the body of the offer
//	4 nonce    bytes[32]  n_p; 32 zero bytes, with an empty patient: the hold is given back (reason 4)
//	5 patient  map: 1 name text (1 to 160 bytes), 2 birth date text "1950-03-01" (1900 to tomorrow),
//	           3 phone text (optional, 1 to 32 bytes of digits and " +-()/")
//
// Receipt, kind 4: COSE_Sign1 by D with AAD "pieks/receipt/1". Notice, kind 17: the same map by D with AAD "pieks/notice/1",
// sent when the practice cancels or moves, takes either back, or a visit was attended, and at no other change.
//
//	 1 version   uint       1
//	 2 key       bytes[32]  B
//	 3 booking   bytes[16]  its id at the practice
//	 4 state     uint       4 booked, 5 cancelled, 6 attended
//	 5 revision  uint       from 1, grows with each change: a patient goes by the highest it has seen
//	 6 issued    uint       when it came to stand so
//	 7 visits    array as in the offer: 1 start uint, 2 end uint, 3 vaccine text, 4 dose uint, 5 state uint (4, 5 or 6),
//	             6 room bytes[32], optional: of a visit that was attended, the key of the waiting room on that day
//	 8 device    bytes[32]  D
//	 9 relays    array of text: where the desk is reached now
//	10 reason    text, optional, at most 240 bytes: why the practice cancelled or moved
//
// A patient takes no receipt before it has sent a confirm. Revision 1 has the visits of the offer; a higher one may have them at other times, and
// a booking that was cancelled may be booked again, in either case with the same codes.
//
// Refusal, kind 5, not signed: it comes from the host P or D, or sealed from whoever was told B's X25519 key, which is only the practice.
//
//	1 version  uint  1
//	2 reason   uint  see Reasons; no text travels
//	3 until    uint  optional: ask again then
//
// Order, kind 16: COSE_Sign1 by B with AAD "pieks/desk/1" of
//
//	1 version  uint       1
//	2 key      bytes[32]  B
//	3 action   uint       1 status, 2 cancel; 3 move and 4 check-in are kept for later and answered with reason 13
//	4 issued   uint       the patient's time
//
// Cancel ends the visits that have not begun. Their appointments are offered again under new tokens.
//
// # Reasons
//
//	 1 taken      no such open slot here, or no longer                    choose another one
//	 2 wait       a draw goes on, or a hold stands at the desk's question  the same message again at until
//	 3 expired    no hold stands for this key and offer                    a new request with a new key
//	 4 commit     n_p does not open c: the hold is void                    a new request with a new key
//	 5 limit      too many holds from this source                          at until
//	 6 malformed  not a message of this protocol                           update
//	 7 version    a version that this side does not speak                  update
//	 8 busy       could not be written down                                the same message again later
//	 9 unknown    the desk has no booking for this key, and no hold        nothing came of it
//	10 late       the visits have begun or are over                        call the practice
//	11 signature  not by the key that the object names
//	12 patient    name, birth date or phone is out of its bounds           confirm again with other data
//	13 action     this practice does not do that                           call the practice
//	14 reused     this key asked for something else before                 a new request with a new key
//
// # Draw
//
// A slot becomes visible at a tick (pieks/gossip, Rules.DrawSpan). Requests for it that come before the end of the first
// 1/DrawFraction of that cycle, also before the tick, are collected and answered with reason 2, until the end of the draw. Then they are taken in
// random order: whoever finds all of its slots free gets the hold, and the offer when it asks again; all others are told taken. Afterwards first come is
// first served. One peer has one request a slot in a draw.
//
// # Own list
//
// Patients who have the code of a practice's poster book from its own list (node/ownlist). Messages are the same, and P is D: request and confirm go
// to the desk host (/pieks/booking/1) or box D, sealed to D's X25519 key; both signatures of the offer are by D. The patient does not ask for an area, and
// start and end are those of the list. There is no draw, since only that is listed for which one is over. An appointment is given away once, whichever
// token it is asked for by. A confirm that is repeated when its epoch has ended gets the receipt of the booking.
//
// # Verification token
//
// LP puts a 4-byte big-endian length before each part, the label first. Two token ids are one part of 64 bytes. n_p and n_d are 32 random bytes.
//
//	c     = SHA-256(LP("tm1/sas-commit", token ids one after the other, B, n_p))
//	th    = SHA-256(LP("tm1/transcript", token id of the visit, B, c, n_d))
//	k     = HKDF-SHA256(ikm = n_p | n_d, salt = th, info = "tm1/verify", 48 bytes)
//
//	digits  k[0:16], big-endian, mod 10^10, ten digits, and their Damm check digit: NNNNNN-NNNN-N
//	words   the top 44 bits of k[16:32] as four numbers of 11 bits, the first from the top: words of node/spoken/words.txt, numbered from 0
//	QR      "TM1:" and Base32 (RFC 4648, no padding) of 1 | first 8 bytes of the token id | k[32:48]: 44 characters
//
// The table of the check digit is that of Damm's thesis (2004), rows 0 to 9; the digit so far is the row, the
// next one the column, and it begins with 0:
// 0317598642 7092154863 4206871359 1750983426 6123045978 3674209581 5869720134 8945362017 9438617205 2581436790.
// words.txt is de-2048-v1 of dys2p/wordlists-de, which has had several contents under this name: 2,048 lines ending in a line feed, SHA-256
// 7965dc8c6b413ccb635d3021043365e18df0367bf5413a50a069a98addfe4e1d.
//
// The three forms say nothing about each other. Each visit has its own. With token id 0x11, n_p 0x22, n_d 0x33, B 0x44, 32 times each, they are
// 085911-0559-9, "konflikt weisheit trinken station" and TM1:AEIRCEIRCEIRCEJPQSKLP2W3IJU2XDS7NCLNK7WN.
//
// Reception enters any form (Ledger.Verify): spaces, dashes, Arabic and full-width digits, any case, words by their first four letters
// are understood. A wrong check digit or a word outside of the list is a typing error and costs nothing. A code is good once, until the end of the
// visit's day. Unknown, expired, cancelled and wrong codes get one answer; after three wrong ones the next is looked at only
// after 2 s, 4 s, 8 s ..., after ten when the first of them is 15 minutes old; five wrong endings kill the first six digits.
//
// # Waiting room
//
// When a code is redeemed the patient's node is told a random key, the same for all who come to this practice on this day (Europe/Berlin). A patient who
// is found infected later can warn those who were there: see node/disclosure. The practice draws the key for the first who comes, forgets it at the end
// of the day, and keeps it in the bookings of that day as long as these.
//
// # Ledger
//
// Slot ids of an epoch come from a secret of that epoch: the first 16 bytes of HMAC-SHA256(secret, "slot" 0 appointment id, how often it was offered again).
// The secret is in Store.Keys and dies with the epoch. Holds, with all that they name (tokens, c, n_d, the offer), are sealed under it. What stays of a
// booking is B, its X25519 key and relays, the visits, the personal data, and its codes as keys of a hidden bucket. A booking that reception made for a
// caller also has the codes themselves, so that the slip can be printed again; they die with it. So nothing that a practice keeps leads from an old token to
// an appointment. The own list has epochs of its own with other secrets, numbered from 2^63.
//
// A hold ends Rules.Hold after the offer. One B has one hold; a peer has at most 4 at a time and may let 12 lapse in an hour, a subnet 16 and 48, and
// all requests out of mailboxes together 50 at a time.
//
// # What reception changes
//
// A booking that is moved keeps its id, its key and its codes; the visit gets another appointment, the one before is withdrawn. Each change of some bookings
// (Desk.Move, Desk.CancelMany) is one transaction: bookings, appointments, the notices for the patients and an entry of the journal, by which Desk.Undo takes it
// back for ten minutes as far as nobody else has the appointments by then. A patient is told of each, by revision. What became of a visit
// (Outcome, lot) is in no message. Bookings are kept in memory as they are on the disk, so that a month of 2,000 is shown in milliseconds.
//
// # Examples
//
// Made from Ed25519 seeds SHA-256("P"), SHA-256("D") and 0x44 (B), X25519 private key 0x45, n_p 0x22, n_d 0x33, slot id 0x77, a practice card of the
// 18 bytes "practice card of D", booking id 0x66; TestDocExamples makes them again.
//
// A request:
//
//	a3010102010358a0a5018158209542c39f2002f1e68fce021a99a2f6d1cc7108
//	9a97632dfbf328bc42bc9702c7025820d759793bbc13a2819a827c76adb6fba8
//	a49aee007f49f2d0992d99b825ad2c480358203286894cd2845a6db6a28fbf06
//	77605f80e5a62385bf4e10a790ae5fde36736b0458208903c429a00c3dff77c2
//	7aef07bdc851d05031153ad89fc58340167e2b5c0f8a05816f313244334b6f6f
//	574d61696c626f78
//
// Its offer:
//
//	a301010202035901c5d28443a10127a0590179d28443a10127a059012daa0101
//	025820d759793bbc13a2819a827c76adb6fba8a49aee007f49f2d0992d99b825
//	ad2c480358202b2e0fcd0eedcc401a248d406e6518f9872794ccd18f67b1990c
//	a8ed6b7e4dd20481a60158209542c39f2002f1e68fce021a99a2f6d1cc71089a
//	97632dfbf328bc42bc9702c7021a6ac49ec8031a6ac4a1200469636f6d69726e
//	6174790501065820e47b0ccec54950644365d588f0d48a7708ba96ac91303c17
//	60037cd49fbc155c056d4575726f70652f4265726c696e065820333333333333
//	3333333333333333333333333333333333333333333333333333071a6ac39398
//	0858207f763748248f49312928a50b8adc7d43a25db6b28f320397608cbc46e4
//	72c6c4098170313244334b6f6f5752656c61794f6e650a527072616374696365
//	2063617264206f66204458407cb4136a028a55cb0e1a0e90b5666fa44c96853e
//	699c285b1295b32d955e4a402bdb34c8961d972620a645ddf3d2355411f0f6a8
//	903d407684de579ccb51590f58400f67c3fa6d45f0456ee85cddf9340c51842a
//	a36068978a33d1f764dafdddff485082a4d01595d94210483cd18bff4b36de94
//	c26a01f39d3d5b39ab4c53a71505
//
// The confirm of Erika Beispiel, born 1950-03-01, phone 0221 998877:
//
//	a3010102030358e2d28443a10127a05897a50101025820d759793bbc13a2819a
//	827c76adb6fba8a49aee007f49f2d0992d99b825ad2c48035820a99098c71d83
//	1ab761f7f58ef802b805fcbb7a2a3123a3985a7b2cd54c88fea3045820222222
//	222222222222222222222222222222222222222222222222222222222205a301
//	6e4572696b6120426569737069656c026a313935302d30332d3031036b303232
//	3120393938383737584016fc8fd2f757cbf75dad5d7146524a51a4c165501c95
//	75227f45dd9d95c2cfb32a11785a8560857757746258280eb749b205b771cace
//	82d8e8f3ba593bfe650f
//
// The receipt:
//
//	a3010102040358e1d28443a10127a05896a90101025820d759793bbc13a2819a
//	827c76adb6fba8a49aee007f49f2d0992d99b825ad2c48035066666666666666
//	66666666666666666604040501061a6ac391400781a5011a6ac49ec8021a6ac4
//	a1200369636f6d69726e617479040105040858207f763748248f49312928a50b
//	8adc7d43a25db6b28f320397608cbc46e472c6c4098170313244334b6f6f5752
//	656c61794f6e655840d55a4506a8f0f8d378b8cbb01930a77d7e29246d5f6a29
//	f9d0c2fb997049ad3717813c853e9bada3f9f1bd081f667db3a6a02f465c6166
//	6ed5a53aa41b613e0d
//
// An order to cancel:
//
//	a301010210035879d28443a10127a0582ea40101025820d759793bbc13a2819a
//	827c76adb6fba8a49aee007f49f2d0992d99b825ad2c480302041a6ac3914058
//	400402e194f687f365aaa11268c1d8d850fbbef379961e340be13358be6aeb40
//	b55613b1693aae6a6f097c6c131e61b4fbd352ae211ee0fb1ad12b2794677f12
//	03
//
// A refusal, taken:
//
//	a3010102050345a201010201
package booking
