// Package service is a double of a PoPP service with its ZETA guard: for tests, demonstrations and scenarios. It is no PoPP service. It is bound to
// loopback, has no attestation of apps, no SM-B, no VAU, no hash database but the one that it is given, and what it signs says TEST-ONLY in its entity
// statement. Whoever trusts its tokens has put its keys there by hand.
//
// It serves the six interfaces of gematik/api-popp, tag US-2_CC1 (gematik GmbH, Apache-2.0); package client has them in a table, with the contradictions
// between documents. Requests are taken in all readings: both verbs, parameters in address, form or JSON in any case, the card's answer under all three
// names, the identity provider under all names and forms. Answers are those of the OpenAPI files; Compat changes the spelling of "canceled" and the rule
// for workplaces.
//
// # Check-in
//
//	client                     guard                         service
//	  | token, proof  ------->| checks both
//	  | request ------------->| takes x-kvnr, x-iknr off, adds those of a login -->| record: pending
//	  |                                                        | practice online: token, success
//	  |<------------------------------------------------------ | Status
//	practice
//	  | pull  ------------------------------------------------>| pending records get tokens: success
//	  |<------------------------------------------------------ | tokens of one workplace, X-WorkplaceID; again until []
//
// A practice is online for a minute after it pulled, or as SetOnline says. Success is said when the token lies ready for a practice that is online; tokens
// that nobody fetched go with their quarter. A record that is pending for GiveUp (72 h) is canceled, and who it was is forgotten then, as it is with the
// token.
//
// A dialogue with a card belongs to a session of the guard (an access token), lives for 2 minutes, and has a nonce of its own. An answer before a command,
// of another session, for another place, or after the end is 79511. A practice's WebSocket has both scenarios, OPEN_EGK and AUTH_G2, also for a card with
// contacts, where a real service would open a trusted channel; Konnektor connections and a second Start are 79513, a wrong number of answers is 79511.
//
// # Errors
//
//	400 malformedRequest, 79030 (user agent), 79031 (media type), 79511, 79513    401 unauthorized    403 invalAuth, 79205 (nobody logged in)
//	403 79116, 79117, 79118, 79500, 79501, 79503, 79504, 79506, 79510, 79514: what is wrong with a card       404 noResource    500, 503 internalError
//
// # Guard
//
// Access tokens are names without content, and live for 300 s. Proofs of possession are taken once, for their request and token, within a minute. A
// practice proves itself by a key that the double was given (Subject).
package service
