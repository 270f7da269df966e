// Package card reads the smart cards of the health professions, lets them sign, and checks what they signed. A practice
// enrols with it: its card signs a statement that names the practice and its device key D. Patients, relays and issuers
// check that enrolment offline.
//
//	Statement --CBOR--> content --card signs--> CMS message (the enrolment)   Enrol, EnrolVirtual
//	enrolment + Roots of the network bundle --> Licence                       VerifyEnrolment, VerifyFreshEnrolment
//
//	Channel (PC/SC connection, Virtual)  <--APDUs--  Card (HealthCard, made by Open)
//
// Nothing here keeps or logs a PIN, repeats a command, or reads a clock: times are handed in. PIN hides itself when printed,
// as a value or in an exported field. Errors name neither holder nor practice, since relays log them.
//
// # Statement
//
// A CBOR map with unsigned keys in the core deterministic encoding of RFC 8949 section 4.2.1; any other encoding,
// unknown, missing or doubled keys and trailing bytes are refused. All keys are always there. Text is printable UTF-8 (no
// control, format or direction characters, no blank but U+0020, none at the ends); lengths are in bytes.
//
//	key  type         meaning
//	1    uint         version, 1
//	2    bytes, 32    device key D: Ed25519, not zero; identity of the practice's desk host
//	3    bytes, 32    sealing key of D: X25519, not zero
//	4    text, 1-96   name of the practice
//	5    text, 1-96   street and number
//	6    text, 5      postcode, five ASCII digits
//	7    text, 1-64   place
//	8    text, 0-32   phone
//	9    text, 0-240  directions
//	10   text, 1-128  Telematik-ID, PrintableString characters only
//	11   uint         not before, seconds since 1970-01-01T00:00:00Z, below 2^32
//	12   uint         not after, later than 11 by at most 7,776,000 (90 days)
//
// The content that is signed is the 18 bytes "pieks/enrolment/1" 00, then the map. Example, the map alone:
//
//	ac0101025820020202020202020202020202020202020202020202020202020202020202020203582003030303030303
//	0303030303030303030303030303030303030303030303030304735072617869732044722e20426569737069656c0569
//	446f6d7374722e20310665353036363707654bc3b66c6e0869303232312031323334097818322e2053746f636b2c2045
//	696e67616e6720696d20486f660a7821312d534d432d422d546573746b617274652d3838333131303030303132333435
//	360b1a6b0164980c1a6b780b98
//
// The file testdata/enrolment.hex is a whole enrolment with this statement, signed at 2026-11-21T09:30:00Z. Its CA is
// NewTestCA with a seed of 32 bytes 01 at that time, its card the virtual one with a seed of 32 bytes 04. The tests make it again.
//
// # CMS profile
//
// An enrolment is CMS SignedData (RFC 5652) of at most 2,600 bytes; other messages of this profile have at most 16 KiB.
// The profile is one form, so that nothing is left to interpretation. In the order of the message:
//
//	whole message           one DER element, no byte after it       ErrBER, ErrTrailing, ErrMalformed, ErrTooLarge
//	contentType             id-signedData                           ErrNotSignedData
//	version                 1                                       ErrVersion
//	digestAlgorithms        exactly SHA-256, parameters absent      ErrDigestAlgorithm
//	eContentType, eContent  id-data, present                        ErrContent
//	certificates            1 to 3, the signer's among them         ErrNoCertificate, ErrCertificates
//	crls                    absent                                  ErrRevocationList
//	signerInfos             exactly one, of version 1               ErrSigners, ErrVersion
//	sid                     issuerAndSerialNumber                   ErrSignerID
//	digestAlgorithm         SHA-256, parameters absent              ErrDigestAlgorithm
//	signedAttrs             present: contentType = id-data,         ErrNoSignedAttributes, ErrSignedAttributes
//	                        signingTime (UTCTime to the second, Z),
//	                        messageDigest; each once, one value,
//	                        no others, in this (DER) order
//	signatureAlgorithm      ecdsa-with-SHA256, parameters absent    ErrSignatureAlgorithm
//	signature               ECDSA-Sig-Value over the DER of the     ErrSignature
//	                        attributes as SET OF
//	unsignedAttrs           absent                                  ErrUnsignedAttributes
//	messageDigest           SHA-256 of eContent                     ErrMessageDigest
//	eContent                begins with the domain string           ErrDomain
//
// Signed attributes must be there and the content must begin with the domain string: either alone stops a message whose
// content is the DER of another message's attributes ("attribute confusion"), which OpenSSL and others take.
//
// # Certificates
//
// Read here and not with crypto/x509, which refuses brainpool and knows no admissions. Curves stand in one table; now P-256.
// The signer's certificate is X.509 version 3 with ecdsa-with-SHA256 and
//
//	uncompressed point on a known curve                                    ErrPoint, ErrCurve
//	no doubled and no unknown critical extension; known are basic          ErrExtension
//	  constraints, both key usages, policies, admission and key identifiers
//	basicConstraints absent or no CA                                       ErrCASigner
//	keyUsage with digitalSignature                                         ErrKeyUsage
//	extendedKeyUsage absent or with clientAuth                             ErrExtendedKeyUsage
//	certificatePolicies with exactly one of the types                      ErrCertificateType
//	  1.2.276.0.76.4.75 (C.HP.AUT, HBA), 1.2.276.0.76.4.77 (C.HCI.AUT, SMC-B)
//	admission (1.3.36.8.3.3), of which every ProfessionInfo is looked at   ErrAdmission, ErrNoAdmission
//	a ProfessionInfo with a professionOID in Roots.Professions             ErrProfession
//	  whose registrationNumber is the statement's Telematik-ID             ErrTelematikID
//	a chain to one of Roots.CAs, with at most two CAs between that the     ErrUntrusted, ErrNotCA,
//	  message carries; all valid at the time of receipt                    ErrCertificateSignature, ErrExpired, ErrNotYetValid
//
// CAs of the bundle are trusted as they are, roots or not, as long as they are valid CAs; a root that only the message carries never is.
//
// # Times
//
// "At" is the verifier's time; the signing time is only the signer's claim and never stands in for it.
//
//	at is not more than 10 minutes before NotBefore                        ErrStatementNotYetValid
//	at is not after NotAfter                                               ErrStatementExpired
//	signing time at most 30 minutes after at, and at most 30 minutes       ErrSigningTime
//	  before NotBefore
//	at the first presentation to an issuer (VerifyFreshEnrolment):         ErrNotFresh
//	  signing time within 30 minutes of at
//	D is not in Roots.Revoked                                              ErrRevoked
//
// Statement errors proper are ErrStatement, ErrStatementVersion and ErrStatementSpan. What is cheap is checked first, the two
// signatures last: an enrolment costs 0.17 ms, a refusal before the signatures 0.015 ms.
//
// # Cards
//
// HBA and SMC-B have the same layout below different roots (gemSpec_HBA_ObjSys, gemSpec_SMC-B_ObjSys G2.1):
//
//	MF           application identifier D27600014601 (HBA), D27600014606 (SMC-B)
//	DF.ESIGN     A000000167455349474E
//	  EF.C.HP.AUT.E256, EF.C.HCI.AUT.E256     short file identifier 06: the certificate
//	  PrK.HP.AUT.E256, PrK.HCI.AUT.E256       key reference 86, algorithm 00 (signECDSA), needs the PIN
//	PIN.CH, PIN.SMC                           reference 01, six to eight digits, three tries
//
// and the dialogue
//
//	SELECT root, to find the kind     00A4040C 06 <identifier>
//	SELECT DF.ESIGN                   00A4040C 0A A000000167455349474E
//	READ BINARY                       00B08600 00, then 00B0<offset> 00
//	GET PIN STATUS                    80200001                       63Cx: x tries left
//	VERIFY                            00200001 08 <format 2 block>   63Cx: wrong, x tries left; 6983: blocked
//	MSE SET                           002241B6 06 840186 800100
//	PSO COMPUTE DIGITAL SIGNATURE     002A9E9A 20 <SHA-256> 00       r and s side by side
//
// A format 2 block is 2, the number of digits, the digits, and F to the end, in half bytes: 26123456FFFFFFFF.
// Virtual answers these as a card does, and refuses everything else with the status words of gemSpec_COS. Its key and certificate follow
// from seed, holder and CA alone.
//
// # Test networks
//
// TestCA certifies virtual cards. A test network's bundle carries its private key, so that every practice without a reader enrols itself
// (EnrolVirtual). Holding such a CA in Roots of a real network would let anybody enrol: what builds Roots from a bundle must
// take it only from one that is marked as a test. Certificates of virtual cards say TEST-ONLY in their names.
package card
