// Package popp is what gematik's Proof of Patient Presence has in common on all sides: identifiers, the static QR code, the states of a
// token's generation, the token and its verification. It is written from gemSpec_PoPP_Modul V1.0.0_CC and the interfaces of api-popp
// (branch US-2_CC1). Package popp/keys fetches the keys of a service, popp/client and popp/service speak its interfaces.
//
// # Identifiers
//
//	Telematik-ID  at most 128 characters: one or two digits, '-', then letters, digits, '.', '_', '-'. Its prefix is a hint of the sector only.
//	KVNR          a letter and nine digits, the last of which checks the rest
//	IK            nine digits, the last of which checks those from the third on
//	workplace     1 to 64 code points without \ / : * ? " < > | (A_28629) and without what moves or hides text; blanks alone are none
//
// Check digits count where somebody types a number. In protocols they do not: the numbers in gematik's own examples have wrong ones.
//
// # QR code
//
//	{"tid":"1-234567890","typ":"popp-checkin","wpid":"REZEPTION-1"}
//
// One JSON object of at most 512 bytes, these members and no others, each once and a string, wpid optional. A link is no such object, so nothing
// that a code says can be followed (A_27595). Nothing in it is signed: that the institution is the right one is for its user to see.
//
// # Tokens
//
//	            PoPP token                        presence token
//	typ         vnd.telematik.popp+jwt            vnd.pieks.presence+jwt
//	alg         ES256 (P-256)                     EdDSA (Ed25519, RFC 8037)
//	kid         of the service's JWK Set          RFC 7638 thumbprint of the practice's device key D
//	iss         URL of the service, no path       "pieks:" and kid
//	issued by   a PoPP service                    the practice's own node
//
// A presence token says that this practice saw this card, or this login. It is no PoPP token and is never called one: no service of the
// Telematikinfrastruktur takes it. Both have these claims; others are ignored:
//
//	version             "1.0.0"
//	iat                 whole seconds, at most a minute ahead
//	proofMethod         one of nine
//	patientProofTime    whole seconds, not after iat (and a minute)
//	patientId           KVNR
//	insurerId           IK
//	actorId             Telematik-ID of the institution; for its own use it has to be the own one
//	actorProfessionOid  of the institution
//
// and a presence token has besides:
//
//	jti                 UUID of the check-in
//	workplace           if one was asked for
//	challenge           "practice": the card answered a challenge of the practice's own; "statement": it signed a statement while the practice
//	                    was away; "login": an identity provider bound the login to this check-in
//	pair                "match", "unknown", or absent: what the list of card pairs said
//
// Neither has an end or a number that all have. It holds until the last second of the UTC calendar quarter of iat, as gematik's own relying
// party has it, and a minute for clocks. Token.Hash tells one from another: it is over header and payload, since anybody can make a second
// signature of ECDSA from the first, which would hide a second use from a hash over all of it.
//
// A practice's key is chained to its card by its enrolment, which stands beside it in the JWK Set as "pieks_enrolment" (base64url of the CMS):
// CheckEnrolment wants its device key, Telematik-ID and profession to be those of the token.
//
// # Order of a verification, each refusal with its own error
//
//	size and form, crit      ErrTooLarge, ErrCompact, jose.ErrCritical
//	typ                      ErrType
//	alg none, other, kid     ErrUnsigned, ErrAlgorithm, ErrNoKeyID
//	key of the set           ErrUnknownKey, ErrKeyKind
//	signature                ErrSignature
//	claims                   ErrClaims, ErrVersion, ErrProofMethod, ErrIssuer
//	iat ahead, quarter over  ErrFuture, ErrQuarter
//	actor                    ErrActor
package popp
