// Package healthid logs insured persons in at the identity provider of their insurer (GesundheitsID), and checks what that says. It is an OpenID
// Connect relying party on the computer of an insured person, and the verifier at the practice that gets the ID token.
//
//	app                              provider                                          browser
//	  entity statement, signed keys  -->  (package federation; or openid-configuration and jwks_uri)
//	  PAR: scope, claims, acr_values,
//	    state, nonce, S256 challenge -->
//	                                 <--  request_uri
//	  address with client_id and request_uri  - - - - - - - - - - - - - - - - - - - ->  opens it
//	                                                                             <--->  login, or a refusal
//	                                                                     <- - - - - -   loopback address with state and code
//	  code and verifier              -->
//	                                 <--  ID token
//	  checks it, and hands it to the practice with the check-in whose nonce is in it
//
// # What is asked for
//
//	response_type code, scope "openid urn:telematik:versicherter", acr_values gematik-ehealth-loa-high,
//	claims: urn:telematik:claims:id and urn:telematik:claims:organization of the ID token, essential
//
// all of it in the pushed request (RFC 9126), so that the browser's address has client_id and request_uri only (RFC 9101). PKCE is S256 (RFC 7636). The
// redirect goes to this computer (RFC 8252 section 7.3). The nonce comes from the check-in: it is what binds the login to one practice.
//
// # What is checked of an ID token
//
//	ES256 by a key of its issuer, which has to be on the list            ErrInsurer, ErrTokenKey, jose.ErrSignature
//	iss, aud, exp, iat (a minute for clocks), nonce                      ErrIssuer, ErrAudience, ErrExpired, ErrFuture, ErrNonce
//	acr gematik-ehealth-loa-substantial or -high                         ErrLevel
//	urn:telematik:claims:id a KVNR, urn:telematik:claims:organization an IK, by their form     ErrPerson
//
// A practice that finds an ID token in its mailbox reads it long after its minutes: VerifyAt wants it to have been issued within the 10 minutes of a
// login after its check-in began (10 more each way for the patient's clock), in place of its end. That is no hole: its nonce is good for one check-in
// at one practice, which takes it once.
//
// # Where providers come from
//
// The federation's list, a JWS (typ idp-list+jwt) signed by a key of the entity statement at its own address, with iss, exp and idp_entity: [{iss,
// organization_name, user_type_supported}]; or the same as plain JSON over TLS; and providers that are named one by one.
//
// # What is not here
//
// Providers of the real federation talk only to relying parties that are registered with it: they want TLS client certificates and encrypt the ID
// token. Both need a registration that an app on a patient's computer cannot have; there the PoPP service's own ZETA Guard is the relying party. This
// package serves test federations and providers that take a public client (RFC 6749 section 2.1).
package healthid
