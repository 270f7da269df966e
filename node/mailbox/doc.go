// Package mailbox keeps sealed envelopes on relays for who is offline. This page is the whole protocol /pieks/mailbox/1: another client can
// be written from it and from package wire (CBOR, COSE_Sign1, HPKE, frames).
//
// A mailbox is an Ed25519 public key: a practice's pseudonym P, its device key D, or the booking key B of one booking.
// Nobody opens an account: whoever knows a box and its owner's X25519 key can leave an envelope, and who has the private
// Ed25519 key can fetch, delete and watch; no hello (node/admission) is asked for. A relay learns box ids, sizes and
// times, and which boxes one connection asks for or puts into; an envelope names no sender.
//
// # Envelope
//
// Content of at most 4,045 bytes is padded and sealed (package wire, Seal) to the X25519 key of the box's owner:
//
//	plaintext = length of content, 2 bytes big-endian | content | zero bytes
//	info      = "pieks/mailbox/1"
//	aad       = the box id, 32 bytes
//	envelope  = version 1 | encapsulated key, 32 bytes | ciphertext with tag
//
// An envelope has exactly 1,024 bytes where content has at most 973, else exactly 4,096. Its id is the SHA-256 of all
// its bytes. Content begins with its own type, as each protocol that uses the mailbox says.
//
// # Sequence
//
// Each stream is one of two things. All frames are at most 4,224 bytes.
//
//	sender                          relay          owner                            relay
//	  request put    ------------->                  request open    ------------->
//	                 (fsync)                                        <-------------  reply nonce
//	                 <------------- reply done       access          ------------->
//	                                                               <-------------  reply mail, any number
//	                                                               <-------------  reply done
//	                                                 further accesses, each with its done, in order
//	                                                               <-------------  reply mail, any time once it watches
//
// A put is acknowledged after it is on disk; from then on it survives a crash of the relay. The same envelope put twice is kept
// once and acknowledged twice. Senders put to all relays that the box's owner uses; owners get duplicates and
// remember ids until the time in "until".
//
// fetch answers with all envelopes of the box, oldest first, and deletes none. delete is acknowledged after the envelopes are off the
// disk; ids that the relay does not have are no error. watch is acknowledged at once; then come all envelopes of the
// box and each new one as soon as it is on disk, each once a stream. A stream may watch 64 boxes. It ends after an hour, or
// when its owner closes the writing side.
//
// # Messages
//
// request, the first frame of a stream:
//
//	1 version   uint       1
//	2 kind      uint       1 put, 2 open
//	3 box       bstr 32    put only
//	4 envelope  bstr       put only, 1,024 or 4,096 bytes
//
// access, each further frame of the owner: COSE_Sign1 by the box's key, external AAD "pieks/mailbox/1", over
//
//	1 version   uint       1
//	2 kind      uint       1 fetch, 2 delete, 3 watch
//	3 relay     bstr       the relay's peer ID in binary, so that no other relay can use the signature
//	4 nonce     bstr 32    of this stream, so that nobody can use it later
//	5 box       bstr 32    the key that signs
//	6 ids       [bstr 32]  delete only, 1 to 64 envelope ids
//
// reply, every frame of the relay:
//
//	1 version   uint       1
//	2 kind      uint       1 done, 2 nonce, 3 mail
//	3 code      uint       done only, absent for 0
//	4 nonce     bstr 32    nonce only
//	5 box       bstr 32    mail; done of an access that could be read
//	6 envelope  bstr       mail only
//	7 until     uint       Unix seconds at which the relay drops the envelope; mail, and done of a put
//
// # Codes
//
//	0 ok
//	1 malformed  not a message of this protocol; the stream ends
//	2 version    unknown version; the stream ends
//	3 size       the envelope has neither size
//	4 box full   64 envelopes in the box, or 16 from the sender's network
//	5 busy       rate or total of the relay or of the sender's network, or watches or boxes of the owner: another relay, or later
//	6 refused    signature, nonce or relay of an access is wrong; the stream ends
//	7 failed     the relay's disk did not take or give it
//
// A frame above the limit, a stream that is silent for 20 seconds before it watches, and one that takes no bytes for 20 seconds, are
// reset without a code.
//
// # Limits
//
// Envelopes are kept 72 hours. A box holds 64 envelopes (256 KiB at most), a relay 65,536. What one network (IPv4 /24, IPv6 /56) put
// counts: at most 16 envelopes in one box, 2,048 in all, 256 at once and 2 a second after that. Owners: 3 watching streams a peer,
// 128 a network, 128 accesses at once and 5 a second on a stream. Loopback and private addresses are no network unless the
// relay says so; through a circuit it is the circuit relay's network that counts.
//
// # On the relay
//
// The store holds box, time and envelope under a key that is an HMAC; who put it is known in memory only, as an HMAC of the
// network under a key of the process, for the quotas. The log has no ids.
//
// # Example
//
// Owner with the Ed25519 seed 01 x 32, relay with the seed 02 x 32, nonce 03 x 32, an empty box. Frames with their length.
//
//	request open  00000005a201010202
//	reply nonce   00000028a301010202045820
//	              0303030303030303030303030303030303030303030303030303030303030303
//	access fetch  000000bfd28443a10127a05874a5010102010358260024080112208139770ea8
//	              7d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b3940458200303
//	              0303030303030303030303030303030303030303030303030303030303030558
//	              208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f
//	              5c58401c2c332f4d87af184ed497115419955704bc5344e909544b344ec24a35
//	              5a87a0ed80bc3985832fe3d78de754743f50242a4291b3e03893be8bb32cff99
//	              85d700
//	reply done    00000028a3010102010558208a88e3dd7409f195fd52db2d3cba5d72ca6709bf
//	              1d94121bf3748801b40f6f5c
package mailbox
