package card

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"time"
)

var errUnbuilt = errors.New("not built yet")

// Statement is what a practice says about itself and signs with its card. See doc.go for the wire form.
type Statement struct {
	Version     uint8    `cbor:"1,keyasint"` // 1
	Device      [32]byte `cbor:"2,keyasint"` // D, Ed25519: identity of the desk host
	Sealing     [32]byte `cbor:"3,keyasint"` // X25519 key of D for sealed mail
	Name        string   `cbor:"4,keyasint"` // of the practice
	Street      string   `cbor:"5,keyasint"`
	PLZ         string   `cbor:"6,keyasint"` // five digits
	Place       string   `cbor:"7,keyasint"`
	Phone       string   `cbor:"8,keyasint"` // may be empty
	Directions  string   `cbor:"9,keyasint"` // may be empty
	TelematikID string   `cbor:"10,keyasint"`
	NotBefore   uint64   `cbor:"11,keyasint"` // Unix seconds
	NotAfter    uint64   `cbor:"12,keyasint"` // Unix seconds, at most 90 days after NotBefore
}

// Roots is what the network bundle says about cards.
type Roots struct {
	CAs         [][]byte   // DER of the CA certificates that are trusted as they are
	Professions []string   // accepted profession OIDs, dotted
	Revoked     [][32]byte // revoked device keys D
}

// Licence is a checked enrolment.
type Licence struct {
	Statement      Statement
	Profession     string // OID of the accepted profession
	ProfessionName string
	TelematikID    string
	Holder         string    // common name in the certificate
	Signed         time.Time // signing time as the signer claims it
	NotAfter       time.Time // the earlier of statement and certificate chain
}

// Enrol signs s with the card. An empty s.TelematikID is taken from the card's certificate.
func Enrol(ctx context.Context, c Card, pin PIN, s Statement, now time.Time) (cms []byte, err error) {
	return nil, errUnbuilt
}

// EnrolVirtual enrols with a virtual practice card made from seed, issued by the test network's CA.
// An empty s.TelematikID is filled with one derived from seed.
func EnrolVirtual(ca *TestCA, s Statement, seed [32]byte, now time.Time) (cms []byte, err error) {
	return nil, errUnbuilt
}

// VerifyEnrolment checks an enrolment that is received or read at the time at.
func VerifyEnrolment(cms []byte, roots Roots, at time.Time) (*Licence, error) {
	return nil, errUnbuilt
}

// VerifyFreshEnrolment is VerifyEnrolment for the first presentation to an issuer: the signing time must also be
// within 30 minutes of now.
func VerifyFreshEnrolment(cms []byte, roots Roots, now time.Time) (*Licence, error) {
	return nil, errUnbuilt
}

// TestCA issues certificates of virtual cards. Its private key is public within a test network.
type TestCA struct {
	cert []byte
	key  *ecdsa.PrivateKey
}

// NewTestCA makes a CA, the same for the same seed and time.
func NewTestCA(seed [32]byte, now time.Time) (*TestCA, error) { return nil, errUnbuilt }

// LoadTestCA loads what PrivateKey and Certificate gave.
func LoadTestCA(pkcs8, certificate []byte) (*TestCA, error) { return nil, errUnbuilt }

// Certificate is the CA certificate, DER: goes into Roots.CAs.
func (ca *TestCA) Certificate() []byte { return ca.cert }

// PrivateKey is the CA's private key, PKCS #8 DER.
func (ca *TestCA) PrivateKey() ([]byte, error) { return nil, errUnbuilt }

// Holder is what a virtual card's certificate says.
type Holder struct {
	Kind           Kind   // HBA or SMCB
	Name           string // common name
	TelematikID    string
	Profession     string // OID; empty: .30 for HBA, .50 for SMCB
	ProfessionName string // empty: the usual text of Profession
	Authority      string // admission authority; empty: none for SMCB, a test chamber for HBA
	NotBefore      time.Time
	NotAfter       time.Time
	PIN            PIN // empty: VirtualPIN
}

// VirtualPIN is the PIN of a virtual card that was given none.
const VirtualPIN PIN = "123456"

// Virtual is a card in process: a Channel that answers APDUs as an HBA or SMC-B does.
type Virtual struct{}

// NewVirtual makes a card with keys from seed and a certificate by ca: the same for the same arguments.
func NewVirtual(ca *TestCA, holder Holder, seed [32]byte) (*Virtual, error) { return nil, errUnbuilt }

// Transmit answers one command APDU.
func (v *Virtual) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	return nil, errUnbuilt
}

// Open finds out by its application identifiers what card is at the other end.
func Open(ctx context.Context, ch Channel) (Card, error) { return nil, errUnbuilt }
