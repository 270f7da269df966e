// Package cvc reads, checks and, for tests, makes CV certificates of generation 2 (gemSpec_PKI), as health cards carry them.
//
// A CV certificate is one that a card can check itself: short, in one form, with names of eight bytes. Cards of insured persons (eGK) prove with one
// that they are genuine, in a challenge and answer, without a PIN.
//
//	file on the card --> Certificate                         Parse
//	card, Sub-CA and roots of the network, a time --> error   Verify
//	nonce, the card's answer --> genuine or not              Certificate.VerifyChallenge
//	seed --> root and Sub-CA of virtual cards                NewTestPKI, TestPKI.Issue
//
// Nothing here reads a clock, and no error names a card or its holder. The package knows nothing of X.509 and does not import package card, which
// has it make the certificates of virtual cards.
//
// # Form
//
// Elements stand in this order, each once, with lengths in the shortest form; what follows 7F21 in a file is padding and not looked at. At most 512
// bytes.
//
//	7F21                   certificate                                            ErrCertificate, ErrTooLarge
//	  7F4E                 body: what is signed, with tag and length
//	    5F29 01 70         profile identifier                                     ErrProfile
//	    42   08            issuer (CAR): five letters; service and CA,            ErrReference
//	                       algorithm, year in BCD: DEGXX870222
//	    7F49               public key
//	      06               algorithm, see below                                   ErrAlgorithm
//	      86               uncompressed point                                     ErrPoint
//	    5F20 08 or 0C      holder (CHR): a CA as above; a card: key               ErrReference
//	                       identifier of two bytes, serial number (ICCSN)
//	    7F4C               rights
//	      06               list: 1.2.276.0.76.4.152 (TI) or .153 (CMS)            ErrFlagList
//	      53 07            flags; the first two are the role
//	    5F25 06, 5F24 06   first and last day, YYMMDD, a digit a byte             ErrDate
//	  5F37 40, 60 or 80    r and s side by side
//
//	1.2.840.10045.4.3.2 to 4   CA, ecdsa-with-SHA256 to 512                brainpoolP256r1, P384r1, P512r1
//	1.3.36.3.5.3.1 to 3        card, authS_gemSpec-COS-G2_ecc-with-sha...  the same
//
// # Chain
//
// Card, Sub-CA, root: three, no more and no fewer (popp.md 3.5). All of the network's roots are tried that have the name the Sub-CA gives. What is cheap
// is checked first; the signatures of card and Sub-CA cost 0.6 ms each over P256r1.
//
//	role 11 root, 10 Sub-CA, 00 card, and a name and a key to match        ErrRole
//	card's CAR is the Sub-CA's CHR                                         ErrIssuer
//	Sub-CA's CAR is the CHR of one of roots                                ErrUnknownRoot
//	same list of rights as the issuer's                                    ErrOtherList
//	no flag that the issuer has not                                        ErrRights
//	the day in UTC is one from the first to the last, of all three         ErrNotYetValid, ErrExpired
//	signature of the issuer over the body                                  ErrSignature
//
// Roots are trusted as they are: their own signatures are not looked at, so that a root's certificate by another root (cross certificate) does as well.
//
// # Challenge
//
// INTERNAL AUTHENTICATE with elcRoleAuthentication signs a nonce of 24 bytes and a zero byte without hashing: the 25 bytes are, as a number, what ECDSA
// calls the hash. Of the two signatures (r, s) and (r, n-s) either is taken: cards do not normalise.
//
// # Tests
//
// Certificates of TestPKI have names that begin with DEPKS, those of gematik's test PKI with DEGXX; IsTest tells both, so that a real network can refuse
// such a root. Keys and names follow from the seed alone. The certificates of a published test card of gematik's are read and verified (package published).
package cvc
