// Package issuance is how a practice gets the blind-signed passes of its coming pseudonyms.
package issuance
