// Package checkin is how somebody checks in at a practice and proves that they, or at least their card, are there: gematik's online check-in (PoPP), spoken
// peer to peer. This page is the protocol /pieks/checkin/1 between a patient's program and the desk of a practice; both ends are here, and what
// the practice writes down. What both sides have in common with a PoPP service is in package popp, the dialogue with a card in card/egk.
//
// # Parties and keys
//
//	D     device of the practice: Ed25519 (identity of the desk host) and X25519; known from its listing (package directory)
//	C     key of one check-in at the patient: Ed25519 and X25519, made for it and used for nothing else; also the box for the answer
//	card  the eGK: its CV certificate and key (AUT_CVC) prove that it is there, its X.509 certificate says whose it is
//
// # Sequence
//
// The practice is there; one stream is one dialogue:
//
//	patient                     card                          practice (desk D)
//	   | the user agrees          |                               |
//	   | open: statement, COSE by C ----------------------------->|  admit it; draw session and challenge
//	   |<------------------------------------- step 0: command    |
//	   | command, unchanged ----->|                               |
//	   |<----------------- answer |                               |
//	   | answer to step 0 --------------------------------------->|
//	   |<------------------------------------- step 1: command    |
//	   |          ... nine commands, the last has the challenge signed ...
//	   | answer to step 8 --------------------------------------->|  verify; arrival, token, id, pair: one transaction, fsync, then
//	   |<------------------------------------- outcome, COSE by D |
//
// The practice is away; the patient's program drives the same dialogue by itself, with a challenge that follows from the statement:
//
//	patient                     card                          relay                practice
//	   | nine commands <--------->|                               |                    |
//	   | proof, sealed to D's X25519 key -- box D --------------->|                    |
//	   |                                                          |<------ is back ----|
//	   |                                                          |------ envelope --->|  verify; write down, fsync, then
//	   |<----------------------------------------- box C ---------|<------ outcome ----|  COSE by D, sealed to C's X25519 key
//
// With the GesundheitsID the patient's program logs in first, with a nonce that follows from the statement, and hands the ID token over: a proof, on a
// stream or by mail.
//
// Nothing is said before the user agreed (A_27621): an attempt that was made has sent nothing. The program passes commands to the card and answers back
// unchanged (A_28517) and stops at a status word that the step does not list.
//
// # Ways
//
// On a stream each message is a frame (pieks/gossip/wire) of at most 3,900 bytes. The stream goes to the host whose identity is D, mostly through a
// circuit, which the hosts encrypt end to end; it has to be allowed on a limited connection. It ends after 45 s without a message, after 2
// minutes in any case, and after every reply that is no step. By mail (node/mailbox) go proof and outcome alone: box D, sealed to D's X25519
// key, at the relays of the listing; box C, sealed to C's, at those of the statement. Content of an envelope is the message without the length of a frame.
//
// A message is the map of node/booking, whose letters come into the same box:
//
//	1 version  uint   1
//	2 kind     uint   32 open, 33 answer, 34 proof, 35 status, 40 step, 41 outcome, 42 refusal
//	3 body     bytes  CBOR map (32, 33, 34, 40, 42) or COSE_Sign1 (35, 41)
//
// Instants are Unix seconds and at most 7,258,118,400 (the year 2200).
//
// # Messages
//
// Statement: COSE_Sign1 by C with AAD "pieks/checkin-statement/1", at most 1,100 bytes, of
//
//	 1 version      uint       1
//	 2 id           bytes[16]  a random UUID (version 4): what this check-in is called everywhere, popprecordid in PoPP
//	 3 device       bytes[32]  D
//	 4 Telematik-ID text       of the practice, as its listing has it
//	 5 workplace    text       optional: 1 to 64 code points, none of \ / : * ? " < > | (A_28629)
//	 6 time         uint       of the patient's clock
//	 7 until        uint       given up after it; at most seven days after 6
//	 8 key          bytes[32]  C, Ed25519
//	 9 sealing      bytes[32]  C, X25519
//	10 relays       array of at most 3 texts: peer IDs, where box C is kept
//	11 random       bytes[16]
//
// It names nobody. Its hash is SHA-256("pieks/checkin-statement/1" 0 statement), where statement is the payload of the COSE_Sign1: the first 24 bytes
// are the challenge of a card that proves itself while the practice is away, base64url of all 32 without padding is the nonce of a login.
//
// Open, kind 32:
//
//	1 statement  bytes
//
// Step, kind 40. Session is random, of this stream alone:
//
//	1 session   bytes[16]
//	2 seq       uint       0, and one more each time; below 32
//	3 command   bytes      4 to 512: goes to the card as it is
//	4 expected  array of 1 to 8 uint: status words
//
// Answer, kind 33:
//
//	1 session   bytes[16]
//	2 seq       uint       of the step
//	3 response  bytes      2 to 2,048: data and status word
//
// Proof, kind 34. Either 2 or 3 is there:
//
//	1 statement  bytes
//	2 answers    map        of card/egk: 1 EF.Version2, 2 EF.GDO, 3 Sub-CA's and 4 card's CV certificate, 5 X.509 certificate, 6 signature
//	3 ID token   text       at most 2,700 bytes
//
// Status, kind 35: COSE_Sign1 by C with AAD "pieks/checkin-status/1" of
//
//	1 version  uint 1,  2 id,  3 key C,  4 device D,  5 nonce bytes[16], random
//
// Outcome, kind 41: COSE_Sign1 by D with AAD "pieks/checkin-outcome/1" of
//
//	1 version  uint       1
//	2 id       bytes[16]
//	3 key      bytes[32]  C
//	4 device   bytes[32]  D
//	5 state    uint       1 success, 2 canceled, 3 unknown (only to a status)
//	6 reason   uint       0, but with canceled
//	7 time     uint       when it came to stand so
//	8 nonce    bytes[16]  optional: with unknown, of the question
//
// Refusal, kind 42, not signed: nothing was changed.
//
//	1 reason   uint
//
// # Reasons
//
// Of the middle column, r is told in a refusal on a stream: the same check-in can be tried again. o ends the check-in, in an outcome. By mail all are
// outcomes, but that a desk keeps a letter that it cannot handle now (3, 5) and drops what is no proof for it (1, 2, 6, 7 by its device).
//
//	 1 malformed  r  no message of this protocol, or a field out of its bounds               update
//	 2 version    r  a version that this side does not speak                                 update
//	 3 busy       r  could not be written down, or the login not be checked, now             later, or by mail
//	 4 limit      r  too many from here, or 16 times today with one card                     later; tell the reception
//	 5 closed     r  the practice's own card does not hold                                   tell the reception
//	 6 signature  r  not by the key that the object names                                    a new check-in
//	 7 elsewhere  r  for another device or Telematik-ID                                      look the practice up again
//	 8 clock      r  more than ten minutes from the future                                   set the clock
//	 9 session    r  an answer of another session, without one, or after its two minutes     the proof again
//	10 order      r  an answer before its command; anything else within a dialogue           the proof again
//	11 replay     o  an answer that was given before, a session that is over (both r),       a new check-in
//	                 a signature that was taken for another challenge, an id that was used
//	                 for another statement
//	12 card       r  a status word that was not expected, or an answer without sense         put the card back
//	13 foreign    r  no eGK of generation 2.1                                                another card
//	14 give up    o  the practice came back after until                                      a new check-in
//	15 unproven   o  challenge, chain, use or numbers do not hold                            tell the reception
//	16 expired    o  the card has run out                                                    a new card
//	17 blocked    o  the card is revoked                                                     a new card
//	18 pair       o  one of its certificates was here before with another                    tell the reception
//	19 healthid   r  no GesundheitsID is taken here                                          the card
//	20 login      o  the ID token does not hold                                              log in again
//
// Code gives for each the word of node/control. Tests: TestOrder, TestBadCards, TestRefusedLetters.
//
// # What holds
//
//	A challenge is drawn for one dialogue, is good for two minutes by the practice's clock, and dies with the stream.
//	Success is told only when arrival, id, token and pair are on the disk, in one transaction (TestKilledBeforeItAnswered).
//	The same statement again, on any way and however often, gets the recorded outcome byte by byte, and adds no arrival.
//	An id stands for one statement, for 30 days; a statement is refused a week after its time at the latest.
//	What was not a success is not recorded: strangers cannot fill the disk, and who failed tries again.
//	A relay sees stream sizes and times, box ids and envelopes of one size (TestRelaySeesNothing): no command, answer, number, name, token, workplace.
//
// # What a check-in proves
//
// With the practice's challenge (claim challenge "practice"): the card's key signed a random number within the last two minutes, so a genuine eGK that is
// not revoked was on a reader that its holder let speak with the practice. Not that its holder is at the reception: PoPP's online check-in proves
// presence of the card, not of the person, and the code on the wall can be scanned from a photograph. Reception sees who stands there.
//
// With the statement's (claim "statement", marked late): a genuine card signed this statement before the practice read it. That it was signed at the time that
// the statement names is the patient's word: whoever has a card in hand for a minute can have statements signed for later. A practice that wants more
// lets them present the card again. The time on it is the claimed one, at most seven days old, and never in the future; certificates are held against that
// time, revocation against now.
//
// With a login (claim "login"): an identity provider that the practice trusts says that this person authenticated for this check-in.
//
// In each case that X.509 and CV certificate are one card's is known to insurers alone. A practice remembers which came together: the first time a card
// says "unknown" (popp.md 3.2), later "match"; another combination is refused. Somebody with their own genuine card and the X.509 certificate of
// another person, neither of which was here before, would be taken for that person. The arrival says "unknown" for that reason.
//
// # Presence token
//
// The outcome of a check-in for the practice's other programs is a JWS with the claims of a PoPP token (popp.SignPresence): typ
// vnd.pieks.presence+jwt, EdDSA by D, iss "pieks:" and the thumbprint of D, actorId and actorProfessionOid those of the practice card. It is not a PoPP
// token, and says so; nothing of the Telematikinfrastruktur takes it. Its key set carries the enrolment, so that it is verified down to the practice card.
//
// # What the practice keeps
//
//	checkin/ids       id -> statement's hash, C, outcome             30 days
//	checkin/arrivals  day and id -> workplace, name, numbers, proof  30 days, as bookings; with the token
//	checkin/tokens    hidden hash of a token -> id                   30 days: a token of a PoPP service counts once, too (AddToken)
//	checkin/waiting   tokens of a PoPP service, not verified yet      a week; then or with their arrival they go
//	checkin/pairs     hidden hashes of certificates                  two years after the card's last visit
//	checkin/counts    hidden day and number                          two days
//
// # Limits
//
// A peer opens 12 streams at once and one in 5 s after that, a subnet 96 and one a second, where all who come through one relay are one subnet; 128
// dialogues go on at once. A card arrives 16 times a day (UTC), all together 4,000 times.
//
// # Requirements of gemSpec_PoPP_Modul 1.0.0_CC
//
// All of them. "mesh" is this protocol: the practice's desk is in the place of the PoPP service, a stream or a letter in that of an HTTP request. "popp" is the
// client of a PoPP service (package popp/client); paths are below node/checkin where none is given in full.
//
//	A_27220  TLS to the service: name, validity, stapled status     popp/zeta/transport.go, staple.go. Mesh: hosts prove their keys to each other, no TLS names.
//	         Membership in the CAB Forum is the system's list of roots
//	A_27595  code: own schema only, no link followed, sent to staff popp/qr.go; node/web/patient/checkinstart.go, templates/checkin_bad.html. The camera is the browser's,
//	                                                                not the operating system's dialogue: the pages are the app
//	A_27605  single sign-on (KANN)                                  not used: each check-in has a login of its own
//	A_27621  consent before the insurance number goes out           attempt.go (an attempt sends nothing); node/patient/checkinrules.go; node/web/patient/consent.go
//	A_28488  show kind, name, alias, address; only institutions;    directory/kind.go, entry.go; vzd/read.go; node/web/patient/consent.go. Pages show it, not an
//	         cancel without a hit                                   interface of the operating system
//	A_28501  POST with Telematik-ID and workplace, GesundheitsID    mesh: statement.go; popp: popp/client/healthid.go
//	A_28502  its authorization details                              mesh: nonce of the statement; popp: popp/client/healthid.go, golden in testdata
//	A_28503  its call-back: success, pending, canceled              mesh: outcome.go; popp: popp/client/status.go. A Go method returns what a call-back would be told
//	A_28507  initialise the ZETA client at the start                popp/zeta/guard.go; node/patient/checkinservice.go does it with the first use of the service
//	A_28508  execute with a login                                   popp/client/healthid.go, popp/zeta/login.go
//	A_28509  no GesundheitsID offered where none is set up          healthid/config.go (nil); node/patient/checkinrules.go. There is no authenticator module to ask: set
//	                                                                up is what the settings name
//	A_28510  call the calling app's address with the outcome        appcall/callback.go; node/web/patient/caller.go. The browser is sent there when its user says so
//	A_28511  history with name and address                          node/patient/checkinrecord.go; node/web/patient/outcome.go
//	A_28512  favourites, own names, no new look-up                  node/patient/checkinfind.go; node/web/patient/favourites.go
//	A_28513  help to set a GesundheitsID up                         node/web/patient/templates/checkin_outcome.html: a link to the insurer, as the settings name it
//	A_28514  request with a search for the directory                vzd/request.go, prepare.go; popp/client/directory.go
//	A_28515  search institutions and DiGAs                          directory/search.go; vzd/client.go; node/web/patient/checkinfind.go
//	A_28516  show the outcome in plain words                        node/web/patient/outcome.go, text/checkin.de.toml (texts of 7.4)
//	A_28517  dialogue with the card, commands unchanged             mesh: session.go, dialogue.go; popp: popp/client/egk.go; node/patient/checkincard.go
//	A_28518  POST with Telematik-ID and workplace, card             mesh: statement.go; popp: popp/client/egk.go
//	A_28519  its authorization details                              mesh: dialogue.go (session and number of the step); popp: popp/client/egk.go, golden in testdata
//	A_28576  HTTP interface for other apps                          appcall/request.go; node/web/landing.go, node/web/patient/caller.go. Its name is this computer, not an
//	                                                                insurer's: Pieks is no insurer's app
//	A_28600  call-back of the directory request                     popp/client/directory.go returns it; vzd/read.go reads it
//	A_28618  directory request through ZETA                         popp/client/directory.go
//	A_28619  dialogue with the card through ZETA                    popp/client/egk.go, popp/zeta/execute.go
//	A_28629  workplace                                              popp/workplace.go; desk.go
//	A_28645  interface for apps with the module in them             node/patient/checkinapp.go (Go), node/control/api_checkin.go (JSON)
//	A_28675  GesundheitsID and eGK                                  verify.go; popp/client; healthid; card/egk
//	A_28677  ask for the status (KANN)                              mesh: session.go (Ask), desk.go; popp: popp/client/status.go
//
// A_26961 and A_26962 of the PoPP service, that the token names the authenticated institution and has claims only after the proof, are met by verify.go. Of the
// spec's table of filters (7.3.2) map, specialisation and what is for pharmacies alone are not there.
//
// # Example
//
// C has the Ed25519 seed 44 x 32 and the X25519 key 45 x 32, D the Ed25519 seed 07 x 32; TestDocExamples makes them again. The payload of a statement:
//
//	ab01010250237cc7b7f85e42c3981cad7f9d97ddca035820ea4a6c63e29c520a
//	bef5507b132ec5f9954776aebebe7b92421eea691446d22c046b312d32333435
//	3637383930056b52455a455054494f4e2d31061a6b003640071a6b042ac00858
//	20d759793bbc13a2819a827c76adb6fba8a49aee007f49f2d0992d99b825ad2c
//	480958203286894cd2845a6db6a28fbf0677605f80e5a62385bf4e10a790ae5f
//	de36736b0a816f313244334b6f6f574d61696c626f780b505555555555555555
//	5555555555555555
//
// Its challenge, and its nonce for a login:
//
//	70c9ef54825f0fb5c72bfabaeeb53fc1f0227b51a8586dd2
//	cMnvVIJfD7XHK_q67rU_wfAie1GoWG3Su5lQdPEt2ao
//
// The outcome, a message:
//
//	a301010218290358b0d28443a10127a05865a701010250237cc7b7f85e42c398
//	1cad7f9d97ddca035820d759793bbc13a2819a827c76adb6fba8a49aee007f49
//	f2d0992d99b825ad2c48045820ea4a6c63e29c520abef5507b132ec5f9954776
//	aebebe7b92421eea691446d22c05010600071a6b00367c5840121d873b5ad132
//	5229d2f691c2b475624f2056854e6bd0191573b14b8351cd701b68e4e8098dd3
//	c3546b4f7bc8b4e533b521581f2f4d76cc97fa74d02a1d280b
package checkin
