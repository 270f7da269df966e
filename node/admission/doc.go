// Package admission is how a relay learns what a peer is: a patient, a front or a desk. This page is the whole protocol
// /pieks/admission/1: another client can be written from it, from package wire (CBOR, frames) and from package gossip (passes, regions).
//
// The connection proves the peer ID (libp2p), so a hello carries no signature. What a peer is decides what it may do:
//
//	                 proves                        circuits     gossip topics it may hold        pool sync
//	stranger         nothing                       dial         network                          nothing
//	client (1)       nothing; claims regions       dial         network, cycle of its regions    its regions as of the last cycle
//	front (2)        peer ID is P of a good pass   reserve      network, pool of its zone        regions of its zone
//	desk (3)         peer ID is D of an enrolment  reserve      network                          nothing
//	relay            listed in the network bundle  dial         network, all pools               all regions
//
// No hello is asked for by /pieks/network/1, /pieks/mailbox/1 and /pieks/pass/1, nor by the practice behind a circuit.
//
// # Sequence
//
//	peer                              relay
//	  hello        ------------->     form, rate, then pass, enrolment or claim
//	               <-------------     reply
//	  subscribe, sync, reserve
//
// A peer says hello after each connect, before it subscribes: gossip drops subscriptions that are not allowed at the time. A client
// says it again when its user changes the region. One hello a stream.
//
// A client's first claim holds at once. A change holds from the cycle in "effective" on, which is the next one at the soonest and later
// the more often it was asked for; until then the old regions are shown and nothing else (package gossip, Claims).
// A front names its region when it first presents a pass; with the same pass it cannot name another.
//
// # Messages
//
// hello, at most 3,112 bytes:
//
//	1 version    uint       1
//	2 kind       uint       1 client, 2 front, 3 desk
//	3 region     tstr       client: home region; front: region of the practice; at most 8 bytes
//	4 extra      [tstr]     client: at most 3 neighbours of the home region, absent when none
//	5 pass       map        front: gossip.Pass (1 P, 2 H, 3 epoch, 4 issuer, 5 prefix, 6 signature)
//	6 enrolment  bstr       desk: CMS of the practice card, at most 2,600 bytes
//
// reply, at most 512 bytes:
//
//	1 version    uint       1
//	2 code       uint       absent for 0
//	3 cycle      uint       the relay's current cycle
//	4 effective  uint       client: from this cycle on it is shown what it asked for
//	5 regions    [tstr]     client: what it is shown now
//	6 until      uint       front, desk: Unix seconds until which it is admitted
//	7 bundle     uint       number of the relay's network bundle, also with a refusal; an asker with a lower one fetches it
//
// Keys of other kinds are absent, and so is what has nothing to say: a refusal has 1, 2 and 7 (without 7 when there is
// no bundle), cycle comes with code 0. A client's neighbours are those of package place; a change that is still pending is
// answered with code 0, an effective cycle in the future, and the old regions.
//
// # Codes
//
//	 0 ok
//	 1 malformed   not a hello, or fields of another kind
//	 2 version     unknown version
//	 3 region      not shown: unknown, not served here, not a neighbour, or too many for the network; one answer to all
//	 4 pass        unknown issuer key, wrong epoch or signature
//	 5 peer        the peer ID is not the pass's P or the enrolment's D
//	 6 enrolment   does not verify
//	 7 expired     enrolment or card has expired
//	 8 profession  not on the network's list
//	 9 revoked     D is revoked
//	10 busy        rate of the peer or its network, or the relay is full, or its volume of the month is used up (new clients only)
//	11 no bundle   the relay has no valid network bundle
//
// A frame above the limit and a stream that is not done after 20 seconds are reset without a code.
//
// # Limits
//
// A peer may say 64 hellos at once and one in 2 seconds after that; a network (IPv4 /24, IPv6 /56) 256, and 10 a second. A
// network is shown at most 16 regions within a day. Loopback and private addresses are no network unless the relay says so. A relay
// admits 8,192 fronts and 8,192 desks.
//
// # On the relay
//
// All of it is in memory only: of a front or desk the peer ID, its key, region and end; of a client its regions. Networks are
// HMACs under a key of the process. Nothing of a statement or of an address is kept or logged.
//
// # Example
//
// A patient asks for region 506 and its neighbour 507; the reply of a relay in cycle 2993544 with bundle 7. Frames with their length.
//
//	hello  00000010a4010102010363353036048163353037
//	reply  0000001ba50101031a002dad88041a002dad88058263353036633530370707
package admission
