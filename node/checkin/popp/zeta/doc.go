// Package zeta is the client of a ZETA guard, the part of a PoPP service that lets clients in (spec 5.3.3). The specification of the clients' API is a
// preview, and how an app without a user registers is open (OP-PoPP-3); this is OAuth 2.0 as far as gematik/zeta (docs/api/v1, 2026-07; Apache-2.0) and
// the flows of spec 10.2 have it, and what the double (package service) speaks. A service's real ZETA client takes its place behind client.ZETA.
//
// # Sequence
//
//	app         this package                          guard                          insurer's IDP
//	 | Init       | GET  .well-known/oauth-protected-resource (RFC 9728)               |
//	 |            | GET  .well-known/oauth-authorization-server (RFC 8414)             |
//	 |            | POST registration: a public key (RFC 7591), once  -->|             |
//	 | Execute    | POST token: client_credentials, assertion (RFC 7523), DPoP -->|    |
//	 |            | the request, Authorization: DPoP, DPoP (RFC 9449) -->| -> service  |
//
//	 | Execute of a Request with User
//	 |            | GET  authorize: PKCE, state, details  ------------->| PAR -------->|
//	 |<- LoginError: URL                             302 Location <-----|<- request_uri|
//	 | browser: URL ------------------------------------------------------------------>|
//	 | browser: comes back by way of the guard, with code and state <---|<- code ------|
//	 | LoggedIn   | POST token: authorization_code, verifier ---------->|              |
//	 |            | the request that waited  -------------------------->| -> service, with KVNR and IK from the ID token
//
// A login is good for the one request that waited for it: somebody else at this computer logs in anew (A_27605 would allow more). A practice has a proof
// of who it is in place of client_credentials (token exchange, RFC 8693).
//
// # TLS
//
// A_27220: crypto/tls checks the chain to the roots of this computer, the host name and the times of all certificates. The status of the service's
// certificate has to be stapled (OCSP), "good", in date, and signed by its issuer or by a responder that the issuer appointed. A certificate that names no
// OCSP responder has no such status, and none is asked of it; one that does and comes without is refused: A_27220 says that the service staples. Without
// TLS only this computer is spoken to.
//
// # Limits and secrets
//
// Redirects are not followed. Endpoints are on the origin of their issuer. Nothing here logs; an error names neither an address nor a token. The address
// of an authorization request names the insurer's identity provider (step 40), and no person. Registration holds a private key.
package zeta
