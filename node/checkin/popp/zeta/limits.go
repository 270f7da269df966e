package zeta

import "time"

const (
	// requestTimeout: the service may ask a directory whose answers take 2 to 8 s (popp.md 6), or an insurer.
	requestTimeout = 30 * time.Second
	// dialTimeout, handshakeTimeout: of a line that is slow, not down.
	dialTimeout      = 10 * time.Second
	handshakeTimeout = 10 * time.Second
	// maxHeader: an access token of some kilobytes and a dozen headers.
	maxHeader = 64 << 10
	// maxMetadata: metadata and token answers are some kilobytes.
	maxMetadata = 64 << 10
	// maxToken: access tokens are JWTs of one or two kilobytes.
	maxToken = 16 << 10
	// maxClientID, maxCode: what somebody else chose and goes into our requests.
	maxClientID = 256
	maxCode     = 4096
	// maxURL: a request_uri and a client id; browsers take more.
	maxURL = 8 << 10

	// maxLogins: people who stand at an insurer's page at the same time, of one app.
	maxLogins = 16
	// loginLife: an insurer's login takes a minute or two. Codes and request_uris live for 90 s only.
	loginLife = 10 * time.Minute
	// maxSessions: dialogues with cards at the same time, of one app.
	maxSessions = 16
	// tokenSlack: a token that ends while a request travels is none.
	tokenSlack = 10 * time.Second
	// maxTokenLife bounds what a guard says of its tokens; ZETA's live for 300 s.
	maxTokenLife = 24 * time.Hour
	// assertionLife: of a client assertion (RFC 7523), used at once.
	assertionLife = time.Minute

	// maxStaple: an OCSP response with its responder's certificate is below 4 KiB.
	maxStaple = 16 << 10
	// stapleSlack: clocks differ.
	stapleSlack = 5 * time.Minute
	// maxStapleAge: RFC 5019 and the Baseline Requirements (4.9.10) have responses renewed within ten days.
	maxStapleAge = 10 * 24 * time.Hour

	// maxMessage: of a WebSocket; 63 commands with 65,544 bytes each are allowed by the interface, and none of them is longer than some hundred bytes.
	maxMessage = 1 << 20
)
