// Package testidp is an identity provider of an insurer for tests, scenarios and the demo: the other side of package healthid, with the same wire forms
// and the same refusals as a real one. Its insured persons are made up, its keys are made at its start, and whoever opens its page logs in as one of
// them by a click. Never a part of a real network.
//
//	GET  /federation/list                   idp-list+jwt: this provider alone; it is its own federation master
//	GET  /.well-known/openid-federation     entity statement
//	GET  /.well-known/openid-configuration  the same without a federation
//	GET  /.well-known/signed-jwks, /jwks    keys
//	POST /par                               pushed authorization request: 201 with request_uri, good for 90 seconds and one page
//	GET  /authorize?client_id&request_uri   page with a button for each insured person, and one to decline
//	POST /authorize                         request_uri and either insured (index) or decline: 303 to the app
//	POST /token                             code, redirect_uri and code_verifier: ID token; a code is good once, for a minute
//
// Pushed requests and codes are bounded; the oldest makes room.
package testidp
