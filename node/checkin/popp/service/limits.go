package service

import "time"

const (
	// giveUp: A_28503 has 72 h as its example; OpenAPI has 48 h and spec 7.4 has 120 h.
	giveUp = 72 * time.Hour
	// onlineFor: a practice's program asks every few seconds.
	onlineFor = time.Minute

	// maxBody: a card's answer of 65,538 bytes in hex, in a JSON string, and the rest.
	maxBody = 192 << 10
	// maxHeader: an access token, a proof and a dozen headers.
	maxHeader = 32 << 10
	// maxParameter: an address; a search request.
	maxParameter = 4 << 10
	// maxBundle: as the client's limit, before it is escaped.
	maxBundle = 2 << 20
	// maxAnswer: a response APDU (ISO 7816-3 section 12.1.3).
	maxAnswer = 65538
	// maxJWT: assertions and proofs have some 600 bytes.
	maxJWT = 8 << 10

	headerTimeout  = 5 * time.Second
	requestTimeout = 40 * time.Second
	idleTimeout    = time.Minute

	// maxClients, maxSessions, maxSeen, maxLogins, maxCodes, maxDialogues, maxRecords: a double of one computer; some hundred bytes each, but a dialogue of 2 KiB.
	maxClients   = 4096
	maxSessions  = 16384
	maxSeen      = 65536
	maxLogins    = 1024
	maxCodes     = 1024
	maxDialogues = 1024
	maxRecords   = 16384
	// maxSockets: readers of practices at work at the same time.
	maxSockets = 64

	// tokenLife: ZETA's access tokens live for 300 s.
	tokenLife = 300 * time.Second
	// codeLife: codes and request_uris live for 90 s (ZETA).
	codeLife = 90 * time.Second
	// loginLife: as long as an insurer's page takes.
	loginLife = 10 * time.Minute
	// clockSlack: of the iat of proofs and assertions.
	clockSlack = time.Minute
	// maxAssertion: how long an assertion may live.
	maxAssertion = 5 * time.Minute
	// dialogueLife: a card lies on the reader for seconds; a nonce is for one session of minutes (popp.md 10).
	dialogueLife = 2 * time.Minute

	// maxTokens: as many as the client takes in one answer.
	maxTokens = 256

	// maxMessage: six answers of a card, the longest of some 800 bytes in hex; a stranger may send 63 of any length.
	maxMessage = 1 << 20
	// messageTimeout: a card in a practice's reader takes a second or two, and somebody may have to put it there.
	messageTimeout = time.Minute
	// span: what a scenario says of how long the next one takes, in milliseconds.
	span = 10000

	// statementLife: of an entity statement (popp.md 1.5).
	statementLife = 24 * time.Hour
)
