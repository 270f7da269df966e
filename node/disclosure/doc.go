// Package disclosure is how a patient has anonymous data published with the approval of a health professional, who signs with a smart
// card. Nobody can post made-up data, and nobody learns whose data it is. This page is the whole protocol /pieks/disclosure/1: another
// client can be written from it, from package wire (CBOR, COSE_Sign1, frames) and from package card (CMS).
//
// The data, O, are opaque, 1 to 65,536 bytes: what is in them is between the apps that make and read them. Pieks has one use of its own, the
// waiting room below. Its data all have one size, and so should those of any other: the size of an item is published with it.
//
// # Sequence
//
//	patient's app                        relay                         professional (enrolled practice)
//	  draws r, code; C
//	  register reference, C   -------->
//	                          <--------  until
//	  shows the QR code, or says the digits or words  - - - - - - - ->  scans or types
//	                                           <--------------------  lookup reference
//	                                            C, until  --------->  QR: is C the patient's?
//	                                                                  card signs relay, C, reference, pin, times
//	                                           <--------------------  deliver reference, authorisation
//	                                     checks it     -------------> ok
//	  collect reference, C    -------->
//	                          <--------  pending, or the authorisation
//	  checks it
//	  post O, r, authorisation ------->  checks it all again, fsync
//	                          <--------  ok
//	  destroys O and r, rekeys           at the end of a cycle: list
//	anybody
//	  lists that I know       -------->
//	                          <--------  lists and items that I do not
//
// Consent comes before all this, in the patient's app and in the professional's consultation. A stream carries one request. The app
// collects every 5 seconds. A relay that was restarted has forgotten registrations (code unknown): the app registers the same again. An
// authorisation stays good through that, and may be posted without a registration.
//
// # Commitment and code
//
//	C    = SHA-256(LP("tm1/disclosure", O, r)), r = 32 random bytes, LP = 4 bytes big-endian length before each part
//	code = ten random digits: the first six are the reference, the last four the pin
//
// With O = "opaque" and r = 55 x 32, C = eb93b0a6ff4972a1d106ab157f599a907309f9cb246c220129ea5d62e33387f2. The pin is not told to the
// relay before it is in a signature. The forms of a code:
//
//	digits  NNNNNN-NNNN and the Damm check digit over the ten (node/booking has its table)
//	words   34 bits of the number and 10 bits of check, four times 11 bits, the first from the top: words of node/spoken/words.txt. The check
//	        is the first 10 bits of SHA-256("pieks/disclosure-words/1" | number, 8 bytes big-endian)
//	QR      "PIEKS-D1:" and Base32 (RFC 4648, no padding) of 1 | Ed25519 key of the relay, 32 bytes | number, 5 bytes big-endian | C, 32 bytes:
//	        121 characters of the alphanumeric mode
//
// Spaces, dashes, Arabic and full-width digits, any case, umlauts and words by their first four letters are understood. A check that
// fails is a typing error, and no relay is asked. The code 012345-6789 is 012345-6789-4, "abpfiff redner stark speziell".
//
// A QR code carries C: the professional's app compares it with what the relay answers, and a relay that swapped data is found before
// anything is signed. A spoken code does not: it is authenticated against outsiders, not against the relay's operator. There the
// patient's app finds the swap in what it collects, and does not post; the signature over the foreign data is in the relay's hands by
// then. Nor does a spoken code say which relay the patient has: the professional's app asks all that it can reach, and signs only where
// exactly one knows the code.
//
// # Authorisation
//
// A CMS message of the strict profile of package card over "pieks/disclosure/1" 0 and
//
//	1 version     uint      1
//	2 relay       bstr      peer ID in binary: the authorisation is good once, and not once a relay
//	3 commitment  bstr 32   C
//	4 reference   tstr      six digits
//	5 pin         tstr      four digits
//	6 issued      uint      Unix seconds
//	7 expires     uint      Unix seconds, at most 1,800 after issued, and not after the registration's end
//	8 nonce       bstr 16   random
//
// It is checked alike by the professional's app, by the relay at delivery and at the post, and by the patient's app:
//
//	CMS profile, chain to a card root of the network file at the time of receipt    signature
//	certificate of a person's card: HBA                                             person
//	a profession on the network's list                                              profession
//	issued not more than 10 minutes ahead                                           clock
//	signed within 10 minutes of issued, a span of at most half an hour, now before  expired
//	  expires (in that second it is over)
//	C: the registered one, the patient's own, that of O and r                       commitment
//	relay: this one (relay: signature), the patient's                               commitment
//	reference and pin: the patient's own                                            digits
//
// # Messages
//
// A frame has a fixed size for its kind and carries
//
//	length of the object, 4 bytes big-endian | object | zero bytes
//
//	                           bytes    of kind
//	head                          96    each, the first frame of a stream
//	signature                  6,176    deliver, the second frame
//	parcel                    71,808    post, the second frame
//	marks                      4,352    lists, the second frame
//	answer                        96    each but collect
//	answer                     6,208    collect
//
// head:
//
//	1 version     uint      1
//	2 kind        uint      1 register, 2 lookup, 3 deliver, 4 collect, 5 post, 6 lists
//	3 reference   tstr      six digits; register, lookup, deliver, collect
//	4 commitment  bstr 32   register, collect
//	5 dummy       bool      true, or absent; register, collect, post
//
// signature:
//
//	1 cms         bstr      1 to 6,144 bytes
//
// parcel:
//
//	1 data        bstr      O, 1 to 65,536 bytes
//	2 secret      bstr 32   r
//	3 cms         bstr      1 to 6,144 bytes
//
// marks:
//
//	1 known       array     at most 64, in ascending order of relay, of
//	                          1 relay  bstr  peer ID in binary
//	                          2 top    uint  the highest number that is known
//	                          3 have   uint  bit i: list top-i is known; bit 0 is set. Numbers below top-63 count as known
//
// answer:
//
//	1 version     uint      1
//	2 code        uint      absent for 0
//	3 until       uint      Unix seconds, end of the registration; register and lookup with code 0
//	4 commitment  bstr 32   lookup with code 0
//	5 cms         bstr      collect with code 0
//	6 lists       uint      lists that follow, at most 8, absent for 0; lists
//	7 more        bool      true: ask again; absent otherwise; lists
//
// After the answer to lists come the lists, the oldest first, unpadded: a frame with the signed list (at most 8,904 bytes), and a frame
// for each item in the order of the list.
//
// # Codes
//
//	 0 ok
//	 1 malformed   not a message of this protocol
//	 2 version     unknown version
//	 3 taken       another commitment has this reference: draw a new code
//	 4 unknown     no such registration, or its time is over, or another commitment: one answer for all
//	 5 pending     no card has signed yet
//	 6 refused     lookup and deliver are for enrolled practices
//	 7 busy        rate or place of the relay or of the sender's network, a registration's sixth signature, or 4,096 items wait
//	 8 closed      the network file has expired: no new registrations
//	 9 signature   not a signature of a card that the network trusts, for this relay
//	10 person      not a person's card
//	11 profession  not on the network's list
//	12 commitment  not the registered one, or not that of O and r
//	13 digits      another reference than that of the head
//	14 expired     the authorisation's time is over, or outlasts the registration
//	15 spent       this commitment was posted before
//	16 clock       issued more than 10 minutes ahead of the relay's clock
//	17 failed      the relay's disk did not take it
//
// A stream that is not done after 60 seconds (lists: 3 minutes), and a frame above the size of its kind, are reset without a code.
//
// # Publication
//
// At each multiple of the cycle (6 h) since 1970 a relay publishes when at least K items (20) wait, or when one has waited MaxWait (24
// h). Time of waiting counts from the multiple before the post, which is all that is written down: nobody waits longer than MaxWait, and
// the oldest item of a list smaller than K has waited MaxWait, or up to one cycle less. What was posted after the multiple waits for the
// next one. A list has at most 256 items; more make another list of the same time, if K remain.
//
// list: COSE_Sign1 by the relay's identity key, external AAD "pieks/disclosure-list/1", over
//
//	1 version     uint      1
//	2 relay       bstr      peer ID in binary
//	3 number      uint      1, 2, 3 ... at this relay
//	4 issued      uint      Unix seconds: the multiple of the cycle
//	5 items       [bstr 32] SHA-256 of each item, 1 to 256, in random order
//
// Who fetches a list checks that its relay is in the network, its signature, that it is issued at most 10 minutes ahead and 14 days ago,
// and each item. Relays fetch from each other in the same way and give on what they have, so that a patient gets all lists from its own
// relay. Of two lists of one number a relay keeps the first, and counts the second where it meets it: that is a fork, and proof that its
// relay signs what it should not.
//
// # Waiting room
//
// A practice makes a room key each day, 32 random bytes, and gives it to who is there, on paper or by QR code. Who later tests positive
// discloses a warning, 241 bytes:
//
//	1 | salt, 16 random bytes | 14 marks of 16 bytes
//
// A mark is the first 16 bytes of HMAC-SHA256(room key, LP("pieks/room/1", salt)) for each room visited, and random bytes for the rest,
// in random order. Who has the key finds the mark; without it a warning is random bytes, and says not even how many rooms it names.
// Everybody who has the key of a room, its practice included, learns that somebody who was there disclosed.
//
// # Dummies
//
// Every app imitates disclosures, by a Poisson process of 0.2 a day: register, collect 12 to 144 times every 5 seconds and once more,
// post; with the flag dummy. Frames have the sizes of a real one, the relay answers the same, hashes, parses and forces a transaction to
// its disk, keeps nothing and counts nothing. So who watches an app's line does not know whether it disclosed. The relay does: it reads
// the flag. A dummy does not imitate the professional's half, nor hides that a real one ends when a card signs. Who collects for
// longer than 12 minutes is no dummy: that much can be told from the line.
//
// # On the relay
//
// In memory: registrations with their authorisations for at most 30 minutes, or until the post; networks as HMACs under a key of the
// process. In the store: O with the multiple of the cycle before its post, until it is published; an HMAC of C until the authorisation is
// over, and a day and a cycle, rounded to a cycle; lists for 14 days; the number of the last own list. Neither r, nor digits, nor
// authorisations, nor who signed: a professional's name is in the relay's memory for half an hour, and nowhere after. The log has numbers
// of items.
//
// # Limits
//
// 8,192 registrations, 64 of one network (IPv4 /24, IPv6 /56); 5 signatures for each. One network: 32 registrations and 32 posts at once
// and one in 20 seconds after that, 128 collects and 5 a second, 64 requests for lists and one in 5 seconds. One professional: 20 lookups
// and deliveries and one in 10 seconds. Loopback and private addresses are no network unless the relay says so. Of another relay, 64
// lists and 256 MiB are kept.
//
// # What this proves, and what not
//
// Published data were approved by a listed profession's card, once for each item, if the relay is honest: lists carry no authorisations,
// since those name the professional. A relay can publish what it likes under its own signature, leave out what it took, and knows from
// which address each O came. It does not know the patient: an app disclosing from a fresh libp2p identity gives an address and a time. A
// relay and a professional together know whose O it is: the professional saw the patient with C, the relay saw C with O. Without a
// relay's help the professional cannot tell: r is missing. In quiet times MaxWait publishes few items, and who knows that somebody
// disclosed that day knows that it is among them. A code that is overheard lets nobody post, since O and r are missing, and lets another
// professional sign only what the patient registered.
//
// # Example
//
// Relay with the Ed25519 seed 02 x 32, O = "opaque", r = 55 x 32, code 012345-6789. The QR code:
//
//	PIEKS-D1:AGATS5YOVB6ROX2WUNKGNQ2MP3GMXDMKSG2O4N5CLX3A6W4PZGZZIAA
//	HLPGRL24TWCTP6SLSUHIQNKYVP5MZVEDTBH44WJDMEIAST2S5MLRTHB7S
//
// The frame of the register, with its length, and the answer to it at 1796126400:
//
//	0000006000000030a4010102010366303132333435045820eb93b0a6ff4972a1
//	d106ab157f599a907309f9cb246c220129ea5d62e33387f20000000000000000
//	0000000000000000000000000000000000000000000000000000000000000000
//	00000000
//
//	0000006000000009a20101031a6b0ebdc8000000000000000000000000000000
//	0000000000000000000000000000000000000000000000000000000000000000
//	0000000000000000000000000000000000000000000000000000000000000000
//	00000000
//
// What the card signs after the domain, at the same time, with the nonce 03 x 16:
//
//	a801010258260024080112208139770ea87d175f56a35466c34c7ecccb8d8a91
//	b4ee37a25df60f5b8fc9b394035820eb93b0a6ff4972a1d106ab157f599a9073
//	09f9cb246c220129ea5d62e33387f20466303132333435056436373839061a6b
//	0eb6c0071a6b0ebdc8085003030303030303030303030303030303
//
// The list with number 1, issued 1796148000, of this one item:
//
//	d28443a10127a05858a501010258260024080112208139770ea87d175f56a354
//	66c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b3940301041a6b0f0b20058158
//	206d229884c1268bb0ab32d8da315d0fe52f9147228bd830a37bc9fb28a95494
//	0d58404e86e266258186ddcafe39705768a22f40bf2700628ec00e2c3ce3cdb1
//	62c70a47688cfe3a5d939bb708fedb47934877b7a4401c992aa1c1d35c9322b0
//	6bdc09
package disclosure
