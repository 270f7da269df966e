// Package federation reads what services of the Telematikinfrastruktur publish about themselves: entity statements (OpenID Federation 1.0, section 3,
// as gematik's services use it) and signed key sets.
//
//	GET ISSUER/.well-known/openid-federation   entity statement: JWS, typ entity-statement+jwt, ES256 by a key of its own "jwks"
//	    iss == sub == ISSUER, iat, exp, jwks.keys, metadata.KIND.*
//	GET signed_jwks_uri of the metadata        JWS, typ jwk-set+jwt, ES256 by a key of the statement's: {"keys":[...]}, iss and exp where given
//
// A statement is signed by keys that stand in it. What makes it the issuer's is that it came from the issuer's own address over TLS. Superior
// statements (authority_hints) are not fetched: which issuers are trusted is configured here, or comes from a federation's list.
//
// All that is fetched is bounded and has a deadline. Redirects are refused, and so is an address without TLS that is not on this computer.
package federation
