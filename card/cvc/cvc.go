// Package cvc reads, checks and, for tests, makes CV certificates of generation 2 (gemSpec_PKI), as health cards carry them.
package cvc

import (
	"errors"
	"time"
)

// Certificate is a CV certificate.
type Certificate struct {
	Raw  []byte // from tag 7F21
	CAR  [8]byte
	CHR  []byte // 8 bytes of a CA, 12 of an end entity
	From time.Time
	To   time.Time // last day, inclusive
}

// Parse reads one; what follows it in the file is not looked at, since cards pad their files.
func Parse(raw []byte) (*Certificate, error) { return nil, errSketch }

// Verify checks the chain end entity, Sub-CA, one of roots (each a self-signed CV certificate, or any CA's that is trusted as it is) at a time.
func Verify(ee, sub *Certificate, roots []*Certificate, at time.Time) error { return errSketch }

// ICCSN is the card's serial number in the reference of an end entity, 10 bytes.
func (c *Certificate) ICCSN() []byte { return nil }

// VerifyChallenge checks a card's answer to INTERNAL AUTHENTICATE with algorithm elcRoleAuthentication: r and s side by side over nonce and a zero byte.
func (c *Certificate) VerifyChallenge(nonce, signature []byte) bool { return false }

// TestPKI is a root and a Sub-CA for virtual cards, the same for the same seed and day.
type TestPKI struct{}

// NewTestPKI makes one, valid from the day before now for eight years.
func NewTestPKI(seed [32]byte, now time.Time) (*TestPKI, error) { return nil, errSketch }

// Root and SubCA are its certificates.
func (p *TestPKI) Root() []byte  { return nil }
func (p *TestPKI) SubCA() []byte { return nil }

var errSketch = errors.New("not built yet")
