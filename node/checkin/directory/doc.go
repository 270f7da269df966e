// Package directory is the list of institutions that take check-ins: signed by their own devices, kept by relays, and copied as a whole by everybody who
// looks for one. This page is the protocol /pieks/directory/1: another client can be written from it, and from package wire (CBOR, COSE_Sign1, frames)
// and package card (the practice card).
//
// # Sequence
//
//	practice (desk D)              relay                        relay                        patient
//	  put listing, card  ------->  verifies, fsync
//	                     <-------  ok
//	                                 <-- marks ------------------ each minute
//	                                 --- index of what differs -->
//	                                 <-- wants -------------------
//	                                 --- listings, cards -------->  verifies, fsync
//	                                                               <-- marks ---------------  after connecting, and now and then
//	                                                               --- index, listings ---->  verifies, keeps; searches at home
//
// Nobody is listed who did not ask for it (control.MethodListingSet). A stream carries one put or one fetch.
//
// # Listing
//
// A COSE_Sign1 by D, external AAD "pieks/listing/1", at most 1,024 bytes, over the map
//
//	1 version  uint       1
//	2 device   bytes[32]  D
//	3 seq      uint       grows with each listing of D; milliseconds since 1970 make it so even after a restore
//	4 issued   uint       Unix seconds
//	5 expires  uint       Unix seconds, at most 7 days after issued
//	6 card     bytes[32]  SHA-256 of the practice card (enrolment, CMS, at most 2,600 bytes), which travels beside it
//	7 alias    text       1 to 96 bytes, printable; optional
//	8 hours    array      at most 28 maps 1 weekday (1 is Monday), 2 from, 3 to (minutes since midnight), in the order of the week, without overlap; optional
//	9 relays   array      at most 3 peer IDs (text) where D has a circuit and its box; optional
//
// One without card is withdrawn: 6 to 9 are absent, and it takes back the listings before it. It is kept until it expires: it is made for seven days, and
// the others for six and a half, so that it is there for longer than they are.
// Name, address, phone, profession and Telematik-ID are what the card has signed, and stand nowhere else.
//
// A listing is good while
//
//	signature, form and bounds hold                                                              listing
//	issued is not more than 10 minutes ahead                                                     clock
//	now is before expires                                                                        expired
//	the practice card holds by the network file (roots, professions, revoked devices and cards)  card
//	the card's statement is about D                                                              card
//	the card's profession is an institution's: see the table in kind.go. No person's, no body's  kind
//
// and ends with its card at the latest. Of one device the highest seq counts; of two with one seq each keeps the first. A newer network file has all looked
// at again, at relays and in copies: a revoked device or card is gone with it.
//
// The practice renews after three and a half days, and signs anew when its card, name, hours or relays change; the latter wait a minute, until
// they have settled, unless none of the old ones is left.
//
// # Messages
//
// head, the first frame of a stream, at most 32 bytes:
//
//	1 version  uint  1
//	2 kind     uint  1 put, 2 fetch
//
// put: a frame with record (below). The answer, at most 32 bytes:
//
//	1 version  uint  1
//	2 code     uint
//
// fetch: a frame of 2,048 bytes, the marks: for each first byte of D, from 0 to 255, the first 8 bytes of SHA-256 over the rows of those listings in
// ascending order of D, or zeros when there are none. A row has 24 bytes:
//
//	first 8 bytes of D | seq, 8 bytes big-endian | first 8 bytes of card, or zeros when it is withdrawn
//
// The answer, and with code 0 the rows of all buckets whose mark differs, at most 2,048 in a frame, then an empty frame. The asker sends a frame of
// wants, at most 4,096 of 9 bytes: the first 8 bytes of D, and 1 if the card is wanted, too, or 0 if it is known. For each one record comes, in
// this order:
//
//	1 listing  bytes  the COSE_Sign1; empty: it is no longer there
//	2 card     bytes  the enrolment; absent when it is withdrawn or not wanted
//
// Who lacks more asks again.
//
// # Codes
//
//	 0 ok         written to the disk, or known before. A withdrawal of what is not there is ok, too, and kept nowhere
//	 1 malformed  not a message of this protocol
//	 2 version    unknown version
//	 3 busy       rate of D or of its network, or too many fetches at once
//	 4 closed     the network file has expired: no listings are taken. Fetch works on
//	 5 foreign    not put by the listing's own device
//	 6 listing    form, bounds, signature, or another card beside it
//	 7 older      a listing with this seq or a higher one is there
//	 8 expired    its time is over
//	 9 clock      from the future
//	10 card       the practice card does not hold
//	11 kind       not an institution's
//	12 full       20,000 listings are there
//	13 many       four listings of this Telematik-ID are there
//	14 failed     the relay's disk did not take it
//
// A frame above the size of its kind is reset without a code, and so is a stream that is not done after 30 s (fetch: 3 minutes).
//
// # Limits
//
// 20,000 listings, four of one Telematik-ID; 10,000 withdrawn ones, 20,000 with those that were here. One device puts 8 times at once and
// once a minute after that, one network (IPv4 /24, IPv6 /56) 64 times and once in 5 s; one network fetches 256 times and once a second, and gets 65,536
// listings and 21 a second: a stream that gives more is reset. 16 fetches go on at once. All else is in limits.go.
//
// # What a relay learns, and what not
//
// There is no query. Who asks gets everything that differs, whatever is looked for, and a search happens at home. So a relay does not learn which practice
// somebody looks for, nor that somebody looks for one: copies are brought up to date by the clock, not by a search. It learns at which address a copy is
// kept, and by the marks how old it is. A copy that is some days old is nearly one of its kind, so a relay that sees the same marks again after a patient's
// node was restarted under a new identity can guess that it is the same one, as it can by the address; and one that gives a listing to one patient only could
// recognise it by that, also at another relay that it is in league with. It cannot make up a listing for it: each takes an institution's card.
//
// A listing is public, and says which device is whose: D is the practice's long-lived identity, not its pseudonyms. Nothing in it is linked with a slot
// sheet; that a practice which is known to be in a region has appointments there can be guessed all the same. A relay can leave listings out, or give old
// ones until they expire; it cannot change one. What was withdrawn is deleted by those who hear of it, and expires within a week elsewhere; nobody can be
// made to forget.
//
// # Size
//
// A listing has 220 to 800 bytes, a card 1,100 to 2,600. A renewal does not bring the card again. So a directory of 1,000 practices is 2 MB once and
// 100 KB a day after that, a full one 40 MB and 2 MB a day. A comparison costs 2 KB, and 24 bytes for each listing of a bucket that differs: a full
// directory's 80 listings each, 480 KB when all differ. Verifying a listing takes about 1.3 ms, mostly for the card.
//
// # Example
//
// The listing with seq 7 of D with the Ed25519 seed 01 x 32, issued 1796126400, with the card "card" (which is none), alias "Am Dom", Monday 8 to 12,
// at one relay:
//
//	d28443a10127a058a4a901010258208a88e3dd7409f195fd52db2d3cba5d72ca
//	6709bf1d94121bf3748801b40f6f5c0307041a6b0eb6c0051a6b174880065820
//	8367cd66fdd136bba8ba23f8805bb050dd6289401c8ec3b0be44a3c233eef90d
//	0766416d20446f6d0881a30101021901e0031902d009817834313244334b6f6f
//	5745796f70704e43557838597836366f5639664a6e7269587743635877444455
//	41326b6a36766e633669444570584010995c6f9596143b96d7eb005f8f3a1a11
//	40e2ac3f4a67edb4a33bdb60f65cbf24908b47733b6e3859d5427f4e7ac68683
//	cbeb7f9b79ba96bb737902d0410204
//
// Its row in an index:
//
//	8a88e3dd7409f195 0000000000000007 8367cd66fdd136bb
package directory
