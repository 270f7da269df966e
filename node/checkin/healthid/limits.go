package healthid

import "time"

const (
	// maxList: 96 insurers with names and logo addresses have 40 KiB.
	maxList = 1 << 20
	// maxInsurers: there are 100 insurers by law and 40 private ones.
	maxInsurers = 1000
	// maxName: in bytes, of an insurer.
	maxName = 128
	// maxConfiguration: openid-configuration; real ones have 4 KiB.
	maxConfiguration = 64 << 10
	// maxJWKS: as popp.MaxKeySet.
	maxJWKS = 256 << 10
	// maxAnswer: of a pushed request and of a token request.
	maxAnswer = 64 << 10
	// MaxIDToken: with all claims of a person 2 KiB; it has to fit into a sealed message besides.
	MaxIDToken = 8 << 10
	// maxRequestURI: "urn:ietf:params:oauth:request_uri:" and a random part.
	maxRequestURI = 512
	// maxCode: what a browser's address carries for sure.
	maxCode = 2048
	// minNonce, maxNonce: 16 random bytes in base64url have 22 characters.
	minNonce = 22
	maxNonce = 128
	// maxAMR: methods of one login, and the length of each; real ones have one of 25 characters.
	maxAMR     = 8
	maxAMRText = 64

	// maxLogins: one person tries again some times; the oldest is forgotten.
	maxLogins = 16
	// loginTime: with an app on another phone, a card and a PIN letter.
	loginTime = 10 * time.Minute
	// leeway: for clocks, as with tokens.
	leeway = time.Minute
	// maxSkew: design.md 17, how far a patient's clock may be off from that of a provider.
	maxSkew = 10 * time.Minute
	// refreshAfter: a provider's keys and addresses.
	refreshAfter = time.Hour
	// retryAfter: how often one provider is asked again at most, whatever tokens come.
	retryAfter = 5 * time.Minute
	// plainLife: list and configuration that say no end of their own.
	plainLife = 24 * time.Hour
)
