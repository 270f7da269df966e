// Package issuance is how a practice gets the blindly signed passes of its coming pseudonyms. This page is the whole protocol /pieks/pass/1:
// another client can be written from it, from package wire (CBOR, COSE_Sign1, frames) and from package gossip (passes).
//
// The issuer, a relay, learns which practice asks, when, and under which key, so that it can count. It does not learn
// which pseudonyms it signs for (RFC 9474), nor how many are needed: every request has eight elements. For that to hold,
// a practice
//
//   - blinds only for a key that the network bundle lists for this issuer and this epoch: a key made for one practice would mark its passes;
//   - asks from its desk, never from a front, at a random time, days before the epochs;
//   - fills up with passes of random P and H, treats them like all others, and throws them away.
//
// # Sequence
//
//	practice (desk)                                    relay
//	  request, signed by D            ------------->   form, time, key, enrolment, signature, quota
//	                                                   eight blind signatures, 60 ms
//	                                                   count and nonce in one transaction, fsync
//	  finish and verify each pass     <-------------   answer
//
// One request a stream. An answer that is lost costs its batch: the same request again is refused, a new one is counted.
//
// # Messages
//
// request: COSE_Sign1 by D, external AAD "pieks/pass-request/1", at most 6,096 bytes, over
//
//	1 version    uint       1
//	2 relay      bstr       the issuer's peer ID in binary, so that no other relay can use the request
//	3 enrolment  bstr       CMS of the practice card, 1 to 2,600 bytes; D is in its statement
//	4 key        bstr 8     id of the issuer key: first 8 bytes of SHA-256 over its DER (PKIX)
//	5 blinded    [bstr 384] exactly 8 blinded messages, RSABSSA-SHA384-PSS-Randomized
//	6 time       uint       Unix seconds, within 10 minutes of the relay's clock
//	7 nonce      bstr 16    random, never used again
//
// answer, at most 3,160 bytes:
//
//	1 version    uint       1
//	2 code       uint       absent for 0
//	3 signatures [bstr 384] with code 0: eight blind signatures in the order of the request
//	4 left       uint       with code 0: passes that the practice may still get under this key, absent for 0
//
// The message under the blinding is that of gossip.Pass: "pieks/pass/1" 0 P H epoch (8 bytes big-endian).
//
// # Codes
//
//	 0 ok
//	 1 malformed   not a request of this protocol, or an element that no practice sends (0, 1, not below the modulus)
//	 2 version     unknown version
//	 3 signature   not by the enrolment's D, or for another relay
//	 4 stale       time off by more than 10 minutes
//	 5 replay      this request was answered before
//	 6 key         not a key that the bundle lists for this relay, or its time is over
//	 7 enrolment   does not verify
//	 8 expired     enrolment or card has expired
//	 9 profession  not on the network's list
//	10 revoked     D is revoked
//	11 quota       all passes under this key are given out
//	12 busy        rate of the network, or 64 requests wait: another issuer, or later
//	13 failed      no valid bundle, or the relay's disk failed: another issuer
//
// A frame above the limit and a stream that is not done after 30 seconds are reset without a code.
//
// # Limits
//
// Quota of a practice (Telematik-ID) and key: two passes for each epoch that begins in the key's time, and eight, rounded up to
// whole batches, at most 64. A week of days gives 24. Rate of a network (IPv4 /24, IPv6 /56): 32 requests at once, one in 5
// seconds after that; loopback and private addresses are no network unless the relay says so. Half of the relay's cores sign.
//
// # On the relay
//
// The store holds, under keys that are HMACs, the count of a practice and key until the key's time is over, and the nonce of each answered
// request for 20 minutes. No name, no number, no enrolment, no blinded message is kept or logged.
//
// # Example
//
// D with the Ed25519 seed 01 x 32, relay with the seed 02 x 32, enrolment c0ffee (not a real one), key 0102030405060708, eight
// blinded messages of 384 bytes 0b, time 1796126400, nonce 03 x 16. The frame with its length begins with
//
//	00000cb9d28443a10127a0590c6da701010258260024080112208139770ea87d
//	175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b3940343c0ffee04
//	4801020304050607080588
//
// then eight times 590180 with 384 bytes 0b, and ends with
//
//	061a6b0eb6c00750030303030303030303030303030303035840b96651ee9697
//	68a7f4796eb995fbf0d2c3fc10496391011bcc85dc6bf2dd67e909fa73742560
//	2556bd1697a9d8a2379d40cb9f583964d43c60c3fca313a33a03
//
// The answer that the practice has had all its passes (code 11):
//
//	00000005a20101020b
package issuance
