// Package network is the network bundle: the one signed file that says what a Pieks network is. Relays, issuer keys, card
// roots, the region map, the vaccine catalogue, the rules and revoked practices come from it and from nowhere else.
//
// A node begins with a file (--network FILE), which pins the network for its home. After that a newer bundle comes from wherever it
// comes: as a file, from a relay that is asked for it (protocol /pieks/network/1), or over gossip (topic /pieks/1/network).
// Current holds the one that counts.
//
// CBOR, framing and the form of texts and instants are those of package pieks/gossip/wire.
//
// # The file
//
// A network file is a COSE_Sign (RFC 9052 section 4.1, tag 98) in deterministic CBOR of at most 1 MiB, with an empty protected and an empty unprotected
// header, the bundle as embedded payload, and two or three signatures (a draft has one). Each signature has the protected header {1: -8, 4: kid},
// where -8 is EdDSA and kid is one byte, the index 0 to 2 of the operator in the bundle, and an empty
// unprotected header. Signatures are in ascending order of kid, so no operator signs twice. What is signed is the
// Sig_structure of RFC 9052 section 4.4 with context "Signature", the external AAD "pieks/network/1" in ASCII, and
// the payload. Every signature must be right: one that is wrong, of nobody or out of order spoils the file.
//
// # The bundle
//
// All lists are in ascending order of bytes and without doubles; where an entry has several fields, its key is named.
//
//	key  what         type          rule
//	1    version      uint          1
//	2    number       uint          from 1, higher with each bundle
//	3    operators    [3 bstr(32)]  Ed25519 keys, ascending
//	4    issued       uint          instant
//	5    expires      uint          instant, after issued and at most 30 days after it
//	6    name         tstr          1 to 80 bytes of printable text
//	7    test         map           only in a test network: {1: card CA certificate (bstr, DER, also in 10),
//	                                2: its P-256 private key (bstr, PKCS #8)}
//	8    relays       [map]         1 to 256, by peer ID
//	9    issuers      [map]         1 to 1,024, by first instant and then key ID
//	10   roots        [bstr]        1 to 64 card CA certificates, DER
//	11   professions  [tstr]        1 to 64 object identifiers, dotted; never 1.2.276.0.76.4.49 (an insured person)
//	12   map          map           regions and areas
//	13   vaccines     [map]         1 to 200, by code
//	14   rules        map
//	15   revoked      [bstr(32)]    device keys D of practices, at most 1,024; absent when there is none
//	16   revoked cards [bstr(32)]   SHA-256 over the DER of a card's certificate, at most 1,024; absent when there is none
//	17   disclosure   map           absent: as node/disclosure has it
//	18   CVC roots    [bstr]        CV certificates of CAs (package cvc) that patients' cards are trusted by, at most 16; absent when there is none:
//	                                then nobody checks in with a real card
//
//	relay    1 peer ID   tstr     base58 form of an Ed25519 key's libp2p peer ID, "12D3KooW..."
//	         2 addresses [tstr]   1 to 8 multiaddrs of at most 128 bytes, without /p2p, the best first
//	         3 operator  tstr     1 to 80 bytes, who runs it; patients prefer relays of different operators
//	         4 zones     [tstr]   first two digits of the regions it serves, ascending; absent: all
//
//	issuer   1 relay     tstr     peer ID of the relay with the private key, one of 8
//	         2 from      uint     instant
//	         3 to        uint     instant; it signs passes of epochs that begin in [from, to)
//	         4 key       bstr     RSA, 3,072 bits, exponent 65537, SubjectPublicKeyInfo in DER
//	                              (not sent: key ID, the first 8 bytes of SHA-256 over 4)
//	         Spans of one relay do not overlap. Pieks makes one key a relay and ISO week, Monday to Monday 00:00 UTC.
//
//	map      1 k         uint     0: default map, every 3-digit prefix a region and every postcode an area; then 2 is absent.
//	                              From 1: every region and area has at least so many practices
//	         2 regions   [map]    by first prefix; {1: prefixes [tstr], three digits each, ascending,
//	                              2: areas [tstr], prefixes of 3 to 5 digits, ascending, absent when empty}
//	         Every postcode is in exactly one region. The name of a region is its first prefix, and "+n" for n more. A postcode
//	         is in the area with the longest matching prefix, or else in the area with the region's name.
//
//	vaccine  1 code      tstr     1 to 24 of a-z, 0-9 and hyphen
//	         2 name      tstr     1 to 80 bytes
//	         3 doses     uint     in a series, 1 to 255
//	         4 vial      uint     doses in a vial, 1 to 255
//	         5 interval  [2 uint] least and most days between two doses; [0, 0] for a single dose
//
//	disclosure 1 least   uint     1 to 1,000: items that a published list has at least, unless the oldest has waited 3
//	         2 cycle     uint     1 to 86,400 seconds
//	         3 wait      uint     from 2 on, to 259,200 seconds
//
//	rules    durations in whole seconds; an epoch is a multiple of the cycle and has at least four, and at least 10 s
//	         1 cycle          1 to 3,600        5 days ahead       1 to 366
//	         2 epoch          10 to 86,400      6 cool-down max    1 to 1,024 cycles
//	         3 hold           1 to 86,400       7 cool-down halves 1 to 31,536,000
//	         4 clock skew     0 to 3,600        8 draw fraction    1 to 1,000 (1/n of a cycle)
//
// The network is named by its ID, the first 16 hex digits of SHA-256 over the three operator keys in their order. A bundle
// with a test card is a test network: everything it shows is marked TEST, and anybody can enrol there. What trusts a card CA with TEST-ONLY in its
// name is marked TEST, too. In any other network a
// private key among the roots, or a root with the common name "Pieks card CA TEST-ONLY", is refused.
//
// # Which bundle counts
//
// The first bundle that a home takes pins the three operators. A later one replaces it when the same operators are in it, two of them signed
// it, its number is higher, it has not expired, and it was not issued more than 10 minutes ahead of the node's clock.
// It is on disk before it counts. A number that is known with another content is refused: the operators contradict themselves.
//
// A bundle that expires stays: what it says can be read, and nothing new is done with it.
//
// # Protocol /pieks/network/1
//
// A node asks a relay when the reply to its hello (node/admission) names a higher number, and at any other time that it
// likes, also before a hello; relays ask each other every minute.
//
//	asker                                     answerer
//	  request  version, network, number  ->
//	                                     <-   answer   version, code, file
//
// One exchange a stream, which the answerer closes; at most 30 seconds.
//
//	message  key  what      type  rule
//	request  1    version   uint  1
//	         2    network   tstr  ID of the asker's network
//	         3    number    uint  of the bundle that the asker has
//	answer   1    version   uint  1
//	         2    code      uint  see below
//	         3    file      bstr  the network file, only with code 0
//
//	code  meaning
//	0     here is a newer one
//	1     nothing newer
//	2     the answerer is in another network
//	3     the answerer does not know this version of the request
//
// Nothing is signed here: the file is. A request is at most 64 bytes, an answer 64 bytes more than a file. Other bytes reset the stream.
//
// # Topic /pieks/1/network
//
// Every peer may hold it, without a hello; of Pieks' own nodes only relays do. A message is a network file of at most 240 KiB;
// larger ones are only fetched. A node publishes the file that it has just accepted. A file that is not in the form above or not
// signed by two operators of the network is rejected; one that is expired, known, older, from the future, or of a later version is
// ignored.
//
// # Example
//
// Request of a node in network 0123456789abcdef that has number 7, as a frame, and the answer "nothing newer":
//
//	00000017 a3 0101 0270 30313233343536373839616263646566 0307
//	00000005 a2 0101 0201
//
// The payload a10101, signed by operators 0 and 1, whose Ed25519 seeds are 32 bytes 01 and 32 bytes 02:
//
//	d862 84 40 a0 43 a10101 82
//	83 46 a20127044100 a0 5840
//	6ba14173836510511b7b426d0dbedeb33eedda6db0215128568e311ceed3216c
//	449e5f2f7a58c6e16cfcc0aa986f757208571de626c3cd221a4c6e51bec8af0c
//	83 46 a20127044101 a0 5840
//	7ad7d3d97f5f452ab6d5da3885def23e6ab50ea946f15ffb42bf4a6b78a941bd
//	e9d84cd87db0768b876599f44c535fc6dc322791057e225213c9e87e4469820f
package network
