// Package pace opens a health card without contacts: PACE (BSI TR-03110 part 3, section 3.2) with the card's access number (CAN), and secure
// messaging after it. Both ends are here: Open is the terminal's, Contactless makes of a virtual card one in a contactless field.
//
//	Channel of the reader --Open, CAN--> Channel on which plain commands go out secured
//	Channel of a card with contacts --Contactless, CAN--> *Card that opens only so
//
// An access number is on the front of each card. It keeps who is near from reading the card unseen and is no secret of its holder's, but it stays
// with the card as long as that is good: CAN hides itself when printed, and nothing here keeps or logs it, or tries one twice.
//
// # Sequence
//
// One protocol, which German health cards of generation 2.1 have (popp.md section 3.4): id-PACE-ECDH-GM-AES-CBC-CMAC-128
// (0.4.0.127.0.7.2.2.4.2.2), version 2, over brainpoolP256r1 (parameters 13).
//
//	terminal                                                             card
//	SELECT MF                  00A4040C
//	SELECT EF.CardAccess       00A4020C 02 011C
//	READ BINARY                00B00000 00                               SET of SEQUENCE { protocol, version, parameters }
//	MSE SET AT                 0022C1A4 0F 800A <protocol> 830102        02: SK.CAN
//	GENERAL AUTHENTICATE 1     10860000 02 7C00 00                       7C12 8010 z            nonce s under Kpi
//	GENERAL AUTHENTICATE 2     10860000 45 7C43 8141 <x G> 00            7C43 8241 <y G>        H = x y G, G' = s G + H
//	GENERAL AUTHENTICATE 3     10860000 45 7C43 8341 <u G'> 00           7C43 8441 <v G'>       K = u v G'
//	GENERAL AUTHENTICATE 4     00860000 0C 7C0A 8508 <T of v G'> 00      7C0A 8608 <T of u G'>  6300: another CAN
//
//	Kpi, Kenc, Kmac   the first 16 bytes of SHA-1(secret, 4 bytes c), c = 3 of the CAN's digits, 1 and 2 of K's x in 32 bytes
//	z                 AES(Kpi) of s, one block
//	T of P            the first 8 bytes of AES-CMAC(Kmac, 7F49 4F { 060A <protocol>, 8641 <P> })
//
// Points are uncompressed, and coordinates always have 32 bytes, zeros in front included: where they were cut, 0.7 % of all tries failed (gematik,
// E-Rezept-App-Android issue 30). A point of the other side has to be on the curve, not infinity, and not this side's own. Ephemeral scalars are
// used once; the arithmetic takes a time that depends on them, which who is near enough to measure it at a card reader can do only once.
//
// # Secure messaging
//
// A counter (SSC) of 16 bytes begins at zero and goes up by one before each command and each answer. CLA gets the bits 0C. Padding is ISO/IEC 9797-1
// method 2, up to 16 bytes. Objects are there in this order, each once:
//
//	command   87 01 <AES-CBC(Kenc) of data>   if there is data; the first block is chained to AES(Kenc) of the SSC
//	          97 <Le, 1 or 2 bytes>           if an answer is wanted
//	          8E <MAC>                        the first 8 bytes of AES-CMAC(Kmac, SSC, padded header, padded objects before)
//	answer    87 as above, or 81 <data>       if there is data; real cards answer SELECT in clear under the MAC
//	          99 <status word>                the one behind the objects again
//	          8E <MAC>                        over SSC and padded objects before
//
// The secured command has an Le of zero, and is a long one if it, or what it may bring, does not fit into a short one. An answer of any other form, a
// status word alone included, ends the channel: ErrUnsecured. A command in parts (CLA 10) is secured part by part; one with an odd instruction byte,
// for which other objects would have to be used, is refused, since no dialogue of Pieks has one.
//
// # The card's end
//
// Before PACE a Card answers nothing but SELECT of the root and of EF.CardAccess, READ BINARY of that, and PACE: 6982 to all else, which is how a
// reader finds out that a card is without contacts. A command in clear, or one whose MAC is wrong (6988), ends the session, resets the card behind it,
// and is answered as one before PACE. So does Reset.
//
// What is here agrees with what two real cards and a reader said to each other (test vectors of gematik's OpenHealth-Core). It has not met a card of
// its own yet.
package pace
