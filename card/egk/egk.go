package egk

import (
	"crypto/sha256"
	"errors"
	"time"

	"pieks/card"
	"pieks/card/cvc"
)

// Nonce is what the card signs.
type Nonce [24]byte

// Answers are what a card said: files as they were read, and the signature over the nonce.
type Answers struct {
	Version2  []byte `cbor:"1,keyasint"`
	GDO       []byte `cbor:"2,keyasint"` // empty if it was not asked for
	SubCA     []byte `cbor:"3,keyasint"`
	EndEntity []byte `cbor:"4,keyasint"`
	X509      []byte `cbor:"5,keyasint"`
	Signature []byte `cbor:"6,keyasint"`
}

// Trust is what a verifier goes by.
type Trust struct {
	Roots card.Roots         // CAs of the X.509 certificates, and what was revoked
	CVC   []*cvc.Certificate // roots of the CV certificates
	Pairs Pairs              // nil: none is known
}

// Hash is SHA-256 of a certificate as it was read.
type Hash = [sha256.Size]byte

// Pairs says whether two certificates are one card's.
type Pairs interface {
	Check(cvc, x509 Hash) (Pair, error)
}

// Pair is what is known about two certificates.
type Pair string

const (
	Match    Pair = "match"
	Unknown  Pair = "unknown"  // neither is on the list
	Mismatch Pair = "mismatch" // only one is, or with another
	Blocked  Pair = "blocked"
)

// Insured is who a card belongs to.
type Insured struct {
	KVNR, IK            string
	Name                string // as the certificate has it
	NotBefore, NotAfter time.Time
	ICCSN               []byte
	Pair                Pair
	CVC, X509           Hash
}

// Errors of a card or of what it says. A *card.StatusError is a status word that was not expected.
var (
	ErrNotEGK    = errors.New("this card is not a patient's (eGK): insert one, and no other card")
	ErrOldCard   = errors.New("this eGK is of a generation that cannot prove itself: ask the insurer for a new one")
	ErrChallenge = errors.New("the card did not sign what it was asked to: try again, and tell the practice if it happens again")
	ErrPair      = errors.New("the certificates on the card do not belong together: ask the insurer")
	ErrBlocked   = errors.New("the insurer has blocked this card: ask them for a new one")
	ErrICCSN     = errors.New("the card's serial number and its certificate differ: ask the insurer")
)
