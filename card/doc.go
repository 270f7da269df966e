// Package card reads the smart cards of the health professions, lets them sign, and checks what they signed. A practice
// enrols with it: its card signs a statement that names the practice and its device key D. Patients, relays and issuers
// check that enrolment offline.
//
//	Statement --CBOR--> content --card signs--> CMS message (the enrolment)   Enrol, EnrolVirtual
//	enrolment + Roots of the network bundle --> Licence                       VerifyEnrolment, VerifyFreshEnrolment
//	certificate + Roots --> Signatory, before a PIN is asked for              CheckCertificate
//	certificate of a patient + Roots --> trusted or not                       Certificate.CheckPatient, for package egk
//
//	content --card signs, under a domain--> CMS message               SignMessage, SignCMS
//	CMS message + domain + Roots --> content, Signatory               VerifySigned; DomainOf tells the domain
//
//	Channel (PC/SC connection, Virtual)  <--APDUs--  transport  <--  Card (HealthCard, PIVCard, PKCS15Card), made by Open
//	Card --> Info (Inspect, without PIN), crypto.Signer (NewSigner)
//
// Nothing here keeps or logs a PIN, presents one twice, or reads a clock: times are handed in. PIN hides itself when printed,
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
//	10   text, 1-128  Telematik-ID (of a UZI card: UZI number), PrintableString characters only
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
// Domains are
//
//	"pieks/enrolment/1" 00    a practice's statement, this package
//	"pieks/disclosure/1" 00   a professional's authorisation of a disclosure, package disclosure
//	"pieks/file/1" 00         any file, signed on the command line. "openssl cms -verify" takes such a message; the file begins behind
//	                          the 13 bytes of the domain
//
// SignMessage refuses content for which 16 KiB have no room before it uses the PIN.
//
// Signed attributes must be there and the content must begin with the domain string: either alone stops a message whose
// content is the DER of another message's attributes ("attribute confusion"), which OpenSSL and others take.
//
// # Certificates
//
// Read here and not with crypto/x509, which refuses brainpool and knows no admissions. Curves stand in one table: P-256 and
// brainpoolP256r1, which German health cards have. The signer's certificate is X.509 version 3 with ecdsa-with-SHA256 and
//
//	uncompressed point on a known curve                                    ErrPoint, ErrCurve
//	no doubled and no unknown critical extension; known are basic          ErrExtension
//	  constraints, both key usages, policies, admission, alternative
//	  names and key identifiers
//	basicConstraints absent or no CA                                       ErrCASigner
//	keyUsage with digitalSignature                                         ErrKeyUsage
//	extendedKeyUsage absent or with clientAuth                             ErrExtendedKeyUsage
//	exactly one type, by certificatePolicies or alternative name           ErrCertificateType
//	  HBA   1.2.276.0.76.4.75 (C.HP.AUT)
//	  SMCB  1.2.276.0.76.4.77 (C.HCI.AUT)
//	  UZI   an otherName of type 2.5.5.5, see below                        ErrUZI
//	  EGK   1.2.276.0.76.4.70 (C.CH.AUT), or any profession                ErrPatientCard
//	        1.2.276.0.76.4.49 (insured person), whatever the list says
//	admission (1.3.36.8.3.3), of which every ProfessionInfo is looked at   ErrAdmission, ErrNoAdmission
//	a ProfessionInfo with a professionOID in Roots.Professions             ErrProfession
//	  whose registrationNumber is the statement's Telematik-ID             ErrTelematikID
//	a chain to one of Roots.CAs, with at most two CAs between that the     ErrUntrusted, ErrNotCA,
//	  message carries; all valid at the time of receipt                    ErrCertificateSignature, ErrExpired, ErrNotYetValid
//	nothing revoked in it                                                  ErrRevokedCard
//
// CAs of the bundle are trusted as they are, roots or not, as long as they are valid CAs; a root that only the message carries never is.
//
// The name of a UZI card, the Dutch professional's, is an IA5String of seven parts:
//
//	2.16.528.1.1003.1.3.5.5.2-1-900012345-Z-90000111-01.015-00000000
//	CA                        |  UZI        subscriber       AGB code
//	                          version     card type     role: title.specialism
//
// Taken are version 1, card type Z (the care provider's own), this CA number together with an issuer whose name has "UZI-register
// Zorgverlener CA", numbers of 9, 8 and 8 digits, and titles 01 02 03 04 16 17 25 30 31 81 82. Its profession is the CA number with the
// title as last arc, 2.16.528.1.1003.1.3.5.5.2.1 for a physician, its registration number the UZI number. Beside a German type or an
// admission it is nothing. UZI cards of today have RSA certificates, which are refused
// (ErrSignatureAlgorithm): what is here waits for their elliptic curve.
//
// # Revocation
//
// Roots.RevokedCards has SHA-256 hashes of certificates (DER). The holder of a certificate can write its signature (r, s) as (r, n-s), with
// another hash: that one is looked for, too.
//
// Roots.CRLs are lists of the CAs (RFC 5280 section 5), at most 4 MiB, read by ParseCRL where they are loaded: version 2,
// ecdsa-with-SHA256 over either curve, with thisUpdate and nextUpdate, without critical extensions (no delta, partial or indirect lists);
// else ErrCRL. They are held against every certificate of the chain, and against a trusted CA whose issuer is trusted, too:
//
//	list of another name, or of another key by its identifier              passed over
//	CA that may not sign lists (cRLSign)                                   ErrCRLIssuer
//	signature not the CA's                                                 ErrCRLSignature
//	serial number listed, however old the list                             ErrRevokedCard
//	no list of this CA is current, though there are some                   ErrCRLExpired, ErrCRLNotYetValid
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
// signatures last: an enrolment costs 0.11 ms over P-256 and 1.2 ms over brainpoolP256r1, a refusal before the signatures 0.01 ms.
//
// # Cards
//
// Open selects applications until one answers; reader names and answers to reset do not count. A refusal of all is ErrForeignCard.
//
//	D27600014606, D27600014601, D2760001448000   root of an SMC-B, HBA, eGK; then DF.ESIGN A000000167455349474E   HealthCard
//	A000000308000010000100                       PIV                                                             PIVCard
//	A000000063504B43532D3135                     PKCS #15, the layout of UZI cards                               PKCS15Card
//
// Commands go out once, short ones, and through one transport:
//
//	data beyond 255 bytes    in parts with CLA 10, unless the card's answer to reset says that it takes extended length
//	61xx                     GET RESPONSE 00C00000 xx, at most 24 times and no more than was wanted
//	6Cxx                     the same command with Le xx, once; never for VERIFY
//
// HBA, SMC-B and eGK have the same layout below different roots (gemSpec_HBA_ObjSys, gemSpec_SMC-B_ObjSys, gemSpec_eGK_ObjSys G2.1):
//
//	EF.C.HP.AUT.E256, EF.C.HCI.AUT.E256     short file identifier 06: the certificate; eGK: EF.C.CH.AUT.E256, 04
//	PrK.HP.AUT.E256, PrK.HCI.AUT.E256       key reference 86, algorithm 00 (signECDSA), needs the PIN
//	PIN.CH, PIN.SMC                         reference 01, six to eight digits, three tries
//
//	SELECT DF.ESIGN                   00A4040C 0A A000000167455349474E
//	READ BINARY                       00B08600 00, then 00B0<offset> 00
//	GET PIN STATUS                    80200001                       63Cx: x tries left
//	VERIFY                            00200001 08 <format 2 block>   63Cx: wrong, x tries left; 6983: blocked
//	MSE SET                           002241B6 06 840186 800100
//	PSO COMPUTE DIGITAL SIGNATURE     002A9E9A 20 <SHA-256> 00       r and s side by side
//
// A format 2 block is 2, the number of digits, the digits, and F to the end, in half bytes: 26123456FFFFFFFF. In a contactless field the card
// refuses with 6982 (ErrContactless) until PACE was done. An eGK is read and shown; it does not sign here (ErrNoSigning).
//
// PIV (NIST SP 800-73-4), certificate and key 9A, for authentication, over P-256:
//
//	SELECT                            00A40400 0B A000000308000010000100 00
//	GET DATA                          00CB3FFF 05 5C035FC105 00      53 { 70 certificate, 71 00, FE }
//	VERIFY without data               00200080                       63Cx: x tries left
//	VERIFY                            00200080 08 <digits, FF>       63Cx, 6983 as above
//	GENERAL AUTHENTICATE              0087119A 26 7C24 8200 8120 <SHA-256> 00    7C { 82 ECDSA-Sig-Value }
//
// PKCS #15 (ISO 7816-15): EF.ODF 5031 names the files of private keys, certificates and PINs. Taken is the first EC key whose usage has
// sign and not nonRepudiation (qualified signatures are never made), with a certificate of its identifier that is no CA's and the PIN
// that it names. That PIN says how it wants to be presented: ASCII or UTF-8, padded or not, or as a format 2 block. What cannot be used
// is ErrLayout.
//
//	SELECT a file                     00A4080C <path below 3F00>, 00A4020C <identifier>, 00A4090C <path>
//	READ BINARY                       00B0<offset> 00
//	VERIFY without data, VERIFY       002000<reference>
//	MSE SET                           002241B6 03 8401<reference>
//	PSO COMPUTE DIGITAL SIGNATURE     as above
//
// None of this has met a real card yet: it follows the specifications, and was tested with Virtual, which answers as they say and refuses
// everything else with their status words. A virtual eGK proves itself (package egk): with CV certificates of a root that follows from the key of
// its CA (TestCA.CVC), so that whoever trusts a test network's CA trusts it whole. Virtual HBAs, SMC-Bs and eGKs take chaining and extended length,
// PIV cards chaining only, and PKCS #15 cards neither, so that the transport has to do each. A virtual card's key and certificate follow from seed,
// holder and CA alone; NewVirtualOf makes one of any kind, each kind and curve with a CA of its own that says TEST-ONLY in its name. The
// certificate of a published test card of gematik's is read, and a signature with its published key verifies. OpenSC 0.23 recognised the virtual
// PIV card behind a real pcscd and read the directory of the PKCS #15 one as it is meant.
//
// # Test networks
//
// TestCA certifies virtual cards. A test network's bundle carries its private key, so that every practice without a reader enrols itself
// (EnrolVirtual). Holding such a CA in Roots of a real network would let anybody enrol: what builds Roots from a bundle must
// take it only from one that is marked as a test. The keys of the CAs of NewVirtualOf follow from their seed, which may be zero: they are no
// secret either. All of these CAs and the certificates of virtual cards say TEST-ONLY in their names, so that a real network can refuse them.
package card
