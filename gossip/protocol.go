// # Topics
//
// Fronts and relays speak gossipsub (/meshsub/1.1.0 to 1.3.0), patients floodsub (/floodsub/1.0.0), both of libp2p
// pubsub. Messages are unsigned: from, seqno, signature and key are absent, else the message is refused (in
// go-libp2p-pubsub StrictNoSign does not do that without WithNoAuthor). The ID of a message is the first 20 bytes of
// SHA-256 over topic, a zero byte and data. An RPC has at most 256 KiB and names at most 256 subscriptions. Peer
// exchange is off; a GRAFT counts only from a peer that may hold the topic.
//
//	topic                     members                     data                   validated by
//	/pieks/1/pool/<zone>      admitted fronts, relays     one signed sheet       Validator.Check, then the pool
//	/pieks/1/cycle/<region>   patients that may see it    one cycle message      the patient: OpenCycle
//	/pieks/1/network          relays; everybody may       the network bundle     package node/network
//
// A zone is two digits, the first two of its regions' names. A region is three digits, or three digits, "+" and how
// many more prefixes were merged into it: "506", "506+2". All other topics under /pieks/1/ are refused.
//
// Whom a relay hears and serves. A relay drops subscriptions to what a peer may not hold now and does not say so: a
// front or patient says hello first (node/admission) and subscribes after it; when it subscribed before, or was admitted
// anew, it leaves the topic and joins it again. Messages of a peer that may not hold a pool topic are dropped before
// they count as seen, and so is every message of a peer on a cycle topic: patients never publish. A peer that still
// holds a topic that it may not hold any more loses its pubsub streams at the next tick, before the broadcast, and, when
// this happens more than three times in ten minutes, its connection.
//
// A front opens pubsub streams to relays only, a patient to its one relay only: subscriptions are told to every pubsub
// peer in clear. A patient takes no subscriptions of others, so it forwards nothing.
//
//	budget                        a patient or front        all of a /24 or /56       a relay
//	topics held at a time         8                         -                         128
//	topics never held before      24, then 1 a minute       32, then 1 in 30 minutes  -
//	kept after the last contact   10 minutes                24 hours                  -
//
// Loopback and private addresses belong to no subnet unless the relay is told so. A pseudonym may publish 32 sheets at
// once and then one in two seconds; what is above that is ignored. The pool topic gives the newest sheets within seconds
// and guarantees nothing: pubsub sends the same bytes only once in ten minutes. The pool sync guarantees.
//
// # Claims
//
// Which regions a patient sees is decided by its relay: its home region and at most three of the home region's
// neighbours in the network's map. The first claim of a peer holds at once. A change holds from cycle
//
//	max(current + 1, last + wait)
//
// where last is the cycle in which the present regions became effective, and wait is 1, 2, 4 ... cycles, twice as long
// after each change, at most the longest cool-down of the rules; after each week without a change it is halved. While a
// change is pending, another one takes its place, becomes effective in the same cycle and does not count; claiming the
// present regions takes the pending change back and what it cost stays spent. All peers of a /24 or /56 together are
// shown at most 16 different regions in a sliding day; a region counts when it is shown, not when it is asked for. Every
// refusal gets the same answer.
//
// A patient leaves the topics of regions that it loses a second (at most a tenth of a cycle) before the tick of that
// cycle, and joins those that it gains as long after it.
//
// # Broadcast cycles
//
//	practice         relay A          relay B        patients of A    patients of B
//	   |---- sheet --->|                 |                |                |
//	   |---- sheet ------------------->  |                |                |        any time: collected
//	   |               |                 |                |                |
//	   |        tick:  |-- cycle message(s) of A -------->|                |        at n times the cycle length after 1970
//	   |               |                 |-- cycle message(s) of B ------->|
//	   |               |                 |                |-- digest? --   |
//	   |               |<-- pool sync ----------------------|              |        only when something is missing
//
// A sheet is released in the first cycle whose tick is later than issued plus a margin, 5 seconds or a tenth of the
// cycle, whichever is less: so all relays have it by the time the first one shows it. Until then a relay goes on showing
// the older sheet of the same P. In each region a relay sends what it released in this cycle and had not released in the
// one before, over as many messages as needed, and one without sheets when nothing changed, in random order. It never
// subscribes to a cycle topic, so nobody's messages travel further than to his own patients. Regions that nobody listens
// to are not sent.
//
// A cycle message is a COSE_Sign1 by the relay's identity key (the Ed25519 key in its peer ID) with external AAD
// "pieks/cycle/1", at most 60 KiB. Its payload is a CBOR map:
//
//	key  name     type            meaning
//	1    version  uint            1
//	2    cycle    uint            its number: TickOf(cycle) is the tick
//	3    region   text            that of the topic
//	4    part     uint            from 0
//	5    parts    uint, 1 to 128  of this cycle and region
//	6    digest   32 bytes        of all sheets of the region that the relay has released, at the tick (see Pool)
//	7    sheets   array of bytes  at most 128 signed sheets; absent when there are none
//
// What does not fit into 128 parts is left to the pool sync; the digest counts it.
//
// A patient reads messages that come directly from its relay, are signed by it, name the topic's region, and whose cycle
// is neither over nor farther from its clock than the tolerated skew and one cycle. Parts of one cycle have the same
// digest and number of parts; the first one heard decides. It checks each sheet like any other, and that it belongs to
// the region. After the last part, or 10 seconds (at most a quarter of a cycle) after the first, or when a later cycle
// begins, it drops what expired by the tick and compares digests:
//
//	state    meaning                                                      what to do
//	InStep   the pool has the relay's digest, whatever was missed before  nothing
//	Differs  all parts came, another digest                               pool sync
//	Partial  parts are missing, another digest                            pool sync
//	Silent   no message for a cycle and half a cycle (at most 30 s) more  join again, then pool sync, then another relay
//
// A pool that has more than its relay, as after a change of relay, differs too: when a pool sync brings nothing,
// it is a superset, and there is nothing to do. Patients spread their pool syncs over some seconds.
//
//	refused message                                      error
//	larger, other form, other key, AAD or version        ErrCycle
//	part, parts, region or number of sheets out of range ErrCycle
//	another region than the topic                        ErrCycle
//	older cycle, part heard before, other digest         none, not read: replays are no news
//
// # Pool sync
//
// Protocol /pieks/pool/1, a libp2p stream, also through a circuit. Frames as in package wire, requests at most 32 KiB,
// answers at most 64 KiB.
//
//	asker                                            server
//	  |-- request: digests of all that you show ------->|     optional
//	  |<-- digests --------------------------------- ...|     frames, none when nothing differs
//	  |<-- end -----------------------------------------|
//	  |-- request: one region, and what I have of it -->|
//	  |<-- sheets ---------------------------------- ...|     frames
//	  |<-- end -----------------------------------------|     more is set: ask again
//	  |-- ... the next region, or the end of the stream |
//
// Request, a CBOR map:
//
//	1    version  uint              1
//	2    region   text              absent: the digests of all regions that the server shows to this peer
//	3    have     array of maps     what the asker has of the region, at most 1,024; absent when nothing:
//	                                1 the first 8 bytes of P, 2 its seq (uint)
//	4    marks    bytes             for each of have, in the same order, the first 4 bytes of the sheet's hash
//	5    at       uint              unix seconds, now by the asker's clock
//	6    zones    array of maps     only without region: only regions of these zones, and only of those whose root differs:
//	                                1 zone (text), 2 root (8 bytes); at most 100; absent: all regions
//
// The root of a zone is the first 8 bytes of SHA-256 over, for each of its regions that has a sheet, in ascending order
// of their names: length of the name (2 bytes big-endian), name, digest at the instant at. A zone without sheets has the
// root of eight zero bytes.
//
// Answer frames are CBOR maps with exactly one of these keys:
//
//	1    sheets   array of bytes    at least one signed sheet
//	2    digests  array of maps     at least one: 1 region (text), 2 first 16 bytes of its digest
//	3    end      map               the last frame of each answer
//
// End:
//
//	1    code     uint              below
//	2    digest   32 bytes          of the asked region; zeros without one
//	3    cycle    uint              the cycle in which a relay released what it shows to patients; 0: its pool as it is
//	4    at       uint              unix seconds, instant of all digests in this answer
//	5    more     bool              the answer reached 4 MiB: ask again with what is there now
//
//	code  meaning                                                                     error at the asker
//	0     done                                                                        none
//	1     region is not shown to this peer; unknown, foreign and not yet look alike   ErrSyncRefused
//	2     too many pool syncs: this peer 16 at once and then one in 5 s, all 64       ErrSyncBusy
//	3     unknown version                                                             ErrSyncVersion
//
// What the server takes as lacking: sheets that have not expired, whose P is not in have, or is there with a lower seq,
// or with the same seq and another mark. A server with a pool as it is answers for the asker's instant when that is less
// than an hour from its own clock. A patient is shown what its relay released and nothing later, of its effective
// regions; fronts and relays are shown the pool.
//
// All other breaches end the stream: bad form, a frame above its limit, more than 32 requests on a stream (2,048 by
// fronts and relays), 30 seconds without a request, 5 minutes in all. An asker ends it after 8 sheets that no honest
// node passes on, at an answer above 4 MiB and two frames, and after 6 answers for one region (ErrSyncPeer).
//
// Relays do this with each other on connect and every minute, by zones; a relay with each front that it admits, since
// pubsub sends nothing twice; fronts after they were away; patients when they begin and when a cycle says so.
//
// # Example of cycles and pool sync
//
// The relay is the one named by the sheet above (Ed25519 seed: 31 bytes 00 and one byte 05), its patients have region
// 506, the sheet is all there is.
//
//	ID of the sheet as a message on /pieks/1/pool/50
//	  8fa2d01845e5beb263bb8ddb07abade34dce067a
//	cycle message of cycle 2993538 without news
//	  d28443a10127a05835a60101021a002dad82036335303604000501065820cd8d5a9c9e8bbf83f87143c9821ad7f348bc
//	  4e51f261b36d7078736b042d5fa958400f37096bf4d4909965b976725f38b14325f6edf3b66c02772aaea6d3d6f56d2d
//	  f55aa2feb2bd751da2d0990cb6827f48d34f4e6f773a4f6b3aa82b906e940e09
//	the same with the sheet: payload before the sheet
//	  a70101021a002dad82036335303604000501065820cd8d5a9c9e8bbf83f87143c9821ad7f348bc4e51f261b36d707873
//	  6b042d5fa907815902e7
//	request for the digests of zone 50, by a pool with the sheet, as a frame
//	  0000001aa30101051a6b0ea8b00681a2016235300248be6af9665866a955
//	request for the digests of all regions, as a frame
//	  00000009a20101051a6b0ea8b0
//	answer: digests, then the end
//	  0000001ba10281a201633530360250cd8d5a9c9e8bbf83f87143c9821ad7f300000036a103a501000258200000000000
//	  000000000000000000000000000000000000000000000000000000031a002dad82041a6b0ea8b005f4
//	request for region 506 by an empty pool
//	  0000000ea301010263353036051a6b0ea8b0
//	answer: before the sheet, and after it
//	  000002eda101815902e700000036a103a50100025820cd8d5a9c9e8bbf83f87143c9821ad7f348bc4e51f261b36d7078
//	  736b042d5fa9031a002dad82041a6b0ea8b005f4
//	request for region 506 by a pool with the sheet
//	  00000023a5010102633530360381a201488a88e3dd7409f19502010444e9f6dc49051a6b0ea8b0
//	answer: the end
//	  00000036a103a50100025820cd8d5a9c9e8bbf83f87143c9821ad7f348bc4e51f261b36d7078736b042d5fa9031a002d
//	  ad82041a6b0ea8b005f4
package gossip
