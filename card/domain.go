package card

import (
	"bytes"
	"slices"
)

// A domain begins the content that a card signs, so that the signature says nothing about any other kind of message. It ends with a zero
// byte, so that none begins another.
const (
	// EnrolmentDomain is before a Statement.
	EnrolmentDomain = "pieks/enrolment/1\x00"
	// DisclosureDomain is before what a professional signs so that a patient may disclose its contacts; package disclosure says what.
	DisclosureDomain = "pieks/disclosure/1\x00"
	// FileDomain is before a file that somebody signed on the command line: its 13 bytes, then the file as it is. OpenSSL gives out both.
	FileDomain = "pieks/file/1\x00"
)

var domains = []string{EnrolmentDomain, DisclosureDomain, FileDomain}

// Domains are the kinds of messages that this version knows.
func Domains() []string { return slices.Clone(domains) }

// DomainOf says of what kind a message of the strict profile is, ErrDomain for one that is not known. It checks its form, not its signature.
func DomainOf(cms []byte) (string, error) {
	s, err := parseMessage(cms)
	if err != nil {
		return "", err
	}
	for _, d := range domains {
		if bytes.HasPrefix(s.Content, []byte(d)) {
			return d, nil
		}
	}
	return "", ErrDomain
}
