// Package egk proves with a patient's card (elektronische Gesundheitskarte, eGK) that it is there: the verifier's dialogue of commands, what its
// answers prove, and how a reader opens a card. No PIN is asked for.
//
//	verifier                                    whoever has the card
//	Nonce --> Dialogue --Step--> APDU  ------>  card, unchanged
//	          Dialogue.Next  <------  response  card
//	Dialogue.Answers + Nonce + Trust --> Insured                              Answers.Verify
//	certificates' hashes --> match, unknown, mismatch, blocked                Pairs, PairList
//
//	reader --> card with contacts, or without by its CAN                      Open
//	card that is here + Dialogue --> finished Dialogue                        Run
//	TestPKI --> card that proves itself                                       NewVirtual
//
// The verifier has the nonce and the dialogue; what lies between it and the card passes bytes on. Nothing here reads a clock, draws a nonce or remembers
// one: that a nonce is fresh and used once is the caller's. Insured and Answers hide themselves from fmt and slog; errors name nobody.
//
// # Dialogue
//
// The commands are those of a PoPP service's scenarios OPEN_EGK and AUTH_G2 (popp.md 3.1, 3.2), one at a time, byte by byte, and EF.GDO between them
// unless Options.WithoutGDO. A response is at most 4,098 bytes.
//
//	SELECT root of an eGK          00a4040c07d2760001448000            9000         no data
//	READ EF.Version2               00b0910000                          9000, 6281   at most 256 bytes
//	READ EF.GDO                    00b0820000                          9000, 6281   the same
//	READ EF.C.CA_eGK.CS.E256       00b0870000                          9000, 6281   the same
//	READ EF.C.eGK.AUT_CVC.E256     00b0860000                          9000, 6281   the same
//	SELECT DF.ESIGN                00a4040c0aa000000167455349474e      9000         no data
//	MSE SET, key 09, algorithm 00  002241a406840109800100              9000         no data
//	READ EF.C.CH.AUT.E256          00b08400000000                      9000, 6281   at most 4,096 bytes, extended length
//	INTERNAL AUTHENTICATE          0088000018 <nonce, 24 bytes> 00     9000         64 bytes
//
//	answer before the first command                             ErrEarlyAnswer
//	no answer to a command                                      ErrNoAnswer
//	another status word                                         *card.StatusError; 6A82 to the first command is ErrNotEGK, too
//	data of another length, or less than a status word          ErrAnswer
//	EF.Version2 of object system 5.0.0, generation 3            ErrG3
//	  another than generation 2.1: filling instruction 2.0.0,   ErrOldCard
//	  object system 4.4.0 4.4.1 4.5.0 4.5.1 4.5.2 4.6.0 4.7.0
//	anything after the end, or after an error                   ErrEnded
//
// After an error there is no further command. Answers has something once all commands are answered, never before.
//
// # Proof
//
// Answers.Verify checks in this order, and reads each file with zeros or ones behind its content, as cards pad them, and with nothing else (ErrAnswer):
//
//	EF.Version2 as above                                                            ErrG3, ErrOldCard
//	both CV certificates and the X.509 certificate by their forms                   errors of packages cvc and card
//	CV certificate is one of key 0009, eGK.AUT_CVC.E256                             ErrNotEGK
//	serial number in it is that of EF.GDO, if that was read                         ErrICCSN
//	one unit (OU) of the X.509 name is a KVNR (letter, nine digits),                ErrNoKVNR
//	  one an IK (nine digits), wherever they stand                                  ErrNoIK
//	chain of the CV certificate to Trust.CVC (package cvc)                          cvc.ErrUnknownRoot and others
//	challenge: the nonce is signed with its key                                     ErrChallenge
//	X.509: policy 1.2.276.0.76.4.70, admission 1.2.276.0.76.4.49,                   card.ErrNotPatient, card.ErrNotInsured,
//	  key usage digitalSignature, not revoked, chain to Trust.Roots                 card.ErrKeyUsage, card.ErrRevokedCard, card.ErrUntrusted
//	either certificate has ended                                                    ErrExpired
//	pair                                                                            ErrPair, ErrBlocked
//
// What it proves: the challenge, that a genuine eGK is here; the X.509 certificate, that such a person is insured. That both are of one card only the
// pair says: the X.509 certificate is read in the open, and whoever has another person's could put it beside the own card's answers. A PoPP service has
// a list of all pairs from the insurers and refuses a card that is not on it. Where there is no such list (Trust.Pairs nil) Insured.Pair is Unknown,
// and the verifier decides what that is worth: a practice, which sees who stands at its desk, may take it.
//
// Check digits of KVNR and IK are not looked at: the insurer's signature stands for them. The X.509 chain is not asked about at an OCSP responder;
// revocation lists stand in Trust.Roots.
//
// # Pairs
//
//	both on the list, together                      Match
//	neither                                         Unknown
//	one of them, or both with others                Mismatch    ErrPair
//	either is of a blocked card                     Blocked     ErrBlocked
//
// # Measured
//
// On two cores of a shared machine: a dialogue with a virtual card 3 ms, of which its signature is the most; Verify 3 ms of computing, three signatures
// over brainpoolP256r1 and one of the X.509 CA.
//
// # Tests
//
// The dialogue is had with gematik's published test card, and Verify takes what it says (package published): its certificates are real, those of their
// issuers were rebuilt of the keys that follow from their signatures. No real card has been asked yet.
package egk
