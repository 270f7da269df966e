// Package gossip is what nodes tell each other in public: slot sheets under practice pseudonyms, the blind-signed
// passes that admit the pseudonyms, the pool that keeps the newest sheets, and how they travel. The encoding, the form of
// signed objects and of frames are those of package wire. First the objects; topics, broadcast cycles and the pool sync
// come after them.
//
// # Slot sheet
//
// A sheet lists all open appointments of one practice pseudonym P and replaces the one that P issued before. It is a
// COSE_Sign1 by P with external AAD "pieks/sheet/1", at most 16 KiB. Its payload is a CBOR map:
//
//	key  name     type              meaning
//	1    version  uint              1
//	2    pass     map               below
//	3    area     text, 1-16 bytes  an area of the network's map: "50667", "506", "506+2"
//	4    seq      uint, from 1      a higher one replaces a lower one of the same P
//	5    issued   uint              unix seconds
//	6    expires  uint              unix seconds, after issued, at most 2^40; never falls from one seq to the next
//	7    relays   array of text     0 to 3 different peer IDs in base58 form, where P keeps a circuit and its mailbox
//	8    slots    array of maps     0 to 200, ascending by id, no id twice
//
// A slot, in which part is 0 morning (before 11:00), 1 noon (before 14:00), 2 afternoon (before 17:00), 3 evening:
//
//	1    id       16 bytes          random, fresh with each P
//	2    day      uint              days since 1970-01-01 of the local date in Germany, below 2^32
//	3    part     uint 0-3          the exact time comes with the practice's offer
//	4    vaccine  text, 1-24 bytes  code in the network's catalogue
//	5    dose     uint 0-255        1 for the first, 0 for any
//
// An empty list is an empty array; null is refused. To withdraw all appointments a practice issues a sheet without slots.
// A practice rounds expires up to a tick (Rules.SheetExpiry), so that it does not show when the practice takes new pseudonyms.
//
// # Slot token
//
// A slot's name in the network is SHA-256 over three strings, each with its length in 4 bytes big-endian before it:
// "pieks/slot/1", P, id. People see and type the first 16 bytes in hex.
//
// # Pass
//
//	1    P          32 bytes   Ed25519; peer identity of the front host; signs the sheets
//	2    H          32 bytes   X25519; requests to the practice are sealed to it
//	3    epoch      uint       number of the epoch, counted from 1970 in lengths of the epoch
//	4    issuer     8 bytes    first 8 bytes of SHA-256 over the issuer key as PKIX SubjectPublicKeyInfo in DER
//	5    prefix     32 bytes   random
//	6    signature  384 bytes  RSABSSA-SHA384-PSS-Randomized of RFC 9474 under the issuer's RSA-3072 key, exponent 65537
//
// The signed message is "pieks/pass/1", a zero byte, P, H and the epoch as 8 bytes big-endian. Verifying needs no blind
// signature library: it is RSASSA-PSS of RFC 8017 with SHA-384, MGF1 with SHA-384 and a salt of 48 bytes, over
// prefix followed by the message. The signature as a number must be below the modulus.
//
// A pass is made by three calls: the practice blinds (BlindPass), the issuer signs 384 bytes that it cannot read
// (BlindSign), the practice takes the blinding off and verifies (Finish). A practice blinds only under keys
// of the network bundle, since a key made for it alone would mark its passes. How the bytes travel is
// described in node/issuance.
//
// # Rules
//
// Cycles and epochs have the lengths of the network's Rules; cycle n begins at n times its length after 1970, and so does
// epoch n. A pass of epoch n is good from the start of epoch n to the start of epoch n+2. A practice takes its pseudonym of epoch n
// at the start of epoch n plus a fresh random offset below a quarter of the epoch. A sheet expires at the latest one epoch
// after it was issued, rounded up to a tick, and never after its pass ends.
// In CBOR, as a part of the network bundle, Rules are a map of uints, durations in seconds:
// 1 cycle, 2 epoch, 3 hold, 4 tolerated clock skew, 5 days ahead, 6 longest cool-down in cycles, 7 time after which the cool-down
// halves, 8 the draw takes one cycle divided by this. An issuer key in the bundle is a map:
// 1 issuer (text, its peer ID), 2 from, 3 to (uint, unix seconds), 4 key (bytes, PKIX DER). It is for the passes of those epochs that
// begin at or after from and before to. A vaccine is a map: 1 code, 2 name (text), 3 doses in a series, 4 doses in a vial (uint),
// 5 array of least and most days between two doses.
//
// # Checking a sheet
//
// In this order, cheapest first; the first that fails is the answer. Reject means that every honest node refuses this
// at any time, so a peer that forwards it loses score; Ignore means that clock, bundle or pool may differ between honest nodes.
//
//	 1  at most 16 KiB                                                            ErrSize       Reject
//	 2  COSE_Sign1 in its one form                                                ErrForm       Reject
//	 3  version is 1, looked at before the rest                                   ErrVersion    Ignore
//	 4  at most 200 slots and 3 relays                                            ErrSize       Reject
//	 5  the CBOR above in its one encoding, no other keys                         ErrForm       Reject
//	 6  seq is not 0, issued is before expires, expires is at most 2^40           ErrTimes      Reject
//	 7  relays are different peer IDs; slots ascend; part, dose, vaccine          ErrForm       Reject
//	 8  issued is at most the tolerated skew ahead                                ErrEarly      Ignore
//	 9  expires is after now                                                      ErrExpired    Ignore
//	10  issued lies in the epoch of the pass or in the next                       ErrEpoch      Ignore
//	11  expires is at most what the rules allow                                   ErrLife       Ignore
//	12  area is in the map                                                        ErrArea       Ignore
//	13  the first two digits of its region's name are the topic's zone            ErrZone       Ignore
//	14  issuer key is in the bundle                                               ErrIssuer     Ignore
//	15  the epoch of the pass begins within the time of the issuer key            ErrEpoch      Ignore
//	16  each day is from the day of issue to so many days ahead as the rules say  ErrDay        Ignore
//	17  vaccine is in the catalogue and dose is at most its doses                 ErrVaccine    Ignore
//	18  the pool has neither this sheet nor one with a higher seq                 ErrKnown, ErrOld  Ignore
//	19  signature by P                                                            ErrSignature  Reject
//	20  signature of the pass, unless the same pass was verified before           ErrPass       Reject
//
// Zone and area are Ignore since nodes with an older bundle cut the country differently. Days count from the day of issue and not from
// today, else a sheet would turn invalid at midnight for those nodes only that do not have it yet. The day of issue is
// taken at UTC+1 for the first and UTC+2 for the last day, so nobody needs a time zone table.
// Without a bundle the answer is ErrPolicy, Ignore. A Pool answers what it does not take with ErrKnown, ErrOld, ErrEquivocation (the
// other sheet of the same seq stays), ErrExpired or ErrFull, all Ignore.
//
// # Pool
//
// A pool holds one sheet of each P: that with the highest seq, and of several with the same seq that with the
// smallest SHA-256 of its signed bytes. So the order in which sheets come does not matter. Sheets leave when they
// expire. A region holds at most 1,024 sheets, a pool at most 32,768 and 128 MiB; a full pool takes no new P until others expire.
// The digest of a region at an instant is SHA-256 over P, seq (8 bytes big-endian) and hash (SHA-256 of the signed bytes)
// of each sheet with expires after that instant, in ascending order of P.
//
// # Example
//
// P is the Ed25519 key of a seed of 32 bytes 01, H the X25519 key of 32 bytes 02, prefix is 32 bytes 03, the salt 48 bytes 04; the
// issuer key is testdata/issuer-a.pem (id 02e2cc627a85c105), the epoch 20788. Issued 2026-12-01T10:59:00Z, expires 2026-12-02T07:00:00Z,
// one relay, two slots on 2026-12-03 with ids of 16 bytes 06 and 07: comirnaty in the morning, influenza in the evening, dose 1.
//
//	sheet
//	  d28443a10127a059029ba8010102a60158208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f
//	  6f5c025820ce8d3ad1ccb633ec7b70c17814a5c76ecd029685050d344745ba05870e587d5903195134044802e2cc627a
//	  85c1050558200303030303030303030303030303030303030303030303030303030303030303065901808dce525b0129
//	  e9b14ab85aacb3b8cc9419cbfbf29e3133b57342e14d86f248c0740998d109926afc5e5270051879ac601fe841faeca9
//	  5ea702261b5d5785f274cb07680c8a656232fdc36a04c72cce8f21471793e159d10f05578a655b758f84fc3572c02282
//	  e059f9065e5d3c327017ebf3c2d6a3fa3f835e148843819b2a5e5257c3e0deade3b8f0fc58bc87099e262f95cb645bc3
//	  e50ab019b963b9cfaecfb16a3b96b88793a75328654c7139bd7e18bca0d688de1860901da3a429f5b63bac5c04abd51e
//	  9582d186c4252bd7d27825ab3770fb472f579d26c081f2d501663b13adf3181a930585de09a798ea9ebe16d3d1ecd3f7
//	  15b7b86c0375a3c8a15d8d2c9825b3033c86e88489c49dae7c9fb570cfe946278e00812757e4b99e12bba90eebd9b68c
//	  ef356abc0e388f715a9b7f0a4cfff808356561d2564829590e6e86f1d82d83c8a36b8be2c9ad80430d347fd32d997de2
//	  90398b2c1473920307dd15549e2558fea82dc977f405a00f14d957fe8e2c7acee8fe85989f044b926a8b036535303636
//	  370401051a6b0ea874061a6b0fc1f007817834313244334b6f6f5753755471364d473967507437715a714c464b6b5972
//	  66784d6577545a686a396e6d52484a6b50777a574447320882a501500606060606060606060606060606060602195136
//	  03000469636f6d69726e6174790501a50150070707070707070707070707070707070219513603030469696e666c7565
//	  6e7a61050158400fd2421e5993f11174e376f710252809efef8031d497ac2d73289416b1212638aadb119f923cdc7ec7
//	  38203ee08ba909c7ff0f3611a03558943eee9abd02e009
//	sheet hash
//	  e9f6dc494b8458d287feabad80ba102c18c6fd16797ac8762292c5873c29d7f1
//	token of the first slot
//	  80a94b25bfc6066f78807b8ef2fd5b98ef48bd6334be44b8de99dae826149383
//	digest of region 506 with this sheet alone
//	  cd8d5a9c9e8bbf83f87143c9821ad7f348bc4e51f261b36d7078736b042d5fa9
package gossip
