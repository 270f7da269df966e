// Package popp is what gematik's Proof of Patient Presence has in common on all sides: identifiers, the QR code, the token and its verification, and
// the states of its generation.
package popp

import (
	"errors"
	"time"
)

// TelematikID names an institution of the Telematikinfrastruktur: at most 128 characters, sector, dash, the rest.
type TelematikID string

// ParseTelematikID takes one as a person or a code gives it.
func ParseTelematikID(s string) (TelematikID, error) { return "", errSketch }

// KVNR is the unchangeable part of an insurance number, IK the number of an insurer.
type (
	KVNR string
	IK   string
)

// ParseKVNR and ParseIK check form and check digit: for what people type. CheckForm is for protocols, whose examples have wrong check digits.
func ParseKVNR(s string) (KVNR, error) { return "", errSketch }
func ParseIK(s string) (IK, error)     { return "", errSketch }
func (k KVNR) CheckForm() error        { return errSketch }
func (i IK) CheckForm() error          { return errSketch }

// WorkplaceID names a workplace or a process of an institution: 1 to 64 code points. "" is none.
type WorkplaceID string

// ParseWorkplaceID takes one that is there.
func ParseWorkplaceID(s string) (WorkplaceID, error) { return "", errSketch }

// QR is the static code at a reception.
type QR struct {
	TelematikID TelematikID
	Workplace   WorkplaceID // "" is none
}

// ParseQR reads the text of a code strictly.
func ParseQR(text []byte) (QR, error) { return QR{}, errSketch }

// Text is what stands in the code.
func (q QR) Text() string { return "" }

// State of a token's generation.
type State string

const (
	Success  State = "success"
	Pending  State = "pending"
	Canceled State = "canceled" // also read as "cancelled"
)

// Status is StatusPoPPTokenGeneration.
type Status struct {
	State   State  `json:"state"`
	Message string `json:"message"`
	ID      string `json:"id"` // UUID
}

// ProofMethod is how presence was proved, one of nine.
type ProofMethod string

const (
	ProofHealthID    ProofMethod = "healthid"
	ProofProviderCVC ProofMethod = "ehc-provider-cvc-authenticated"
)

// Claims are those of a PoPP token; others are ignored.
type Claims struct {
	Version            string      `json:"version"`
	Issuer             string      `json:"iss"`
	IssuedAt           int64       `json:"iat"`
	ProofMethod        ProofMethod `json:"proofMethod"`
	PatientProofTime   int64       `json:"patientProofTime"`
	PatientID          string      `json:"patientId"`
	InsurerID          string      `json:"insurerId"`
	ActorID            string      `json:"actorId"`
	ActorProfessionOID string      `json:"actorProfessionOid"`
}

// Kind is which of the two tokens it is, by its typ.
type Kind string

const (
	KindPoPP     Kind = "popp"     // typ vnd.telematik.popp+jwt, ES256, of a PoPP service
	KindPresence Kind = "presence" // typ vnd.pieks.presence+jwt, EdDSA, of a practice's own node; never a PoPP token
)

// Presence are the claims that only a presence token has.
type Presence struct {
	ID        string `json:"jti"` // the check-in
	Workplace string `json:"workplace,omitempty"`
	Challenge string `json:"challenge"` // "practice": the card answered a challenge of the practice's own; "statement": it signed a statement while the practice was away
	Pair      string `json:"pair,omitempty"`
}

// Token is a token that was verified.
type Token struct {
	Kind     Kind
	KeyID    string
	Claims   Claims
	Presence Presence // of KindPresence
	Hash     [32]byte // SHA-256 of the compact form: tokens have no number of their own
}

// Rules of a verification.
type Rules struct {
	At     time.Time
	Leeway time.Duration // zero: 60 seconds
	Actor  TelematikID   // own Telematik-ID; "" takes any
	Issuer string        // wanted iss; "" takes any
}

// KeySet are keys by their id.
type KeySet struct{}

// ParseKeySet reads a JWK Set: P-256 keys of PoPP services, Ed25519 keys of practices.
func ParseKeySet(json []byte) (*KeySet, error) { return nil, errSketch }

// Verify checks a compact token, quarter rule and actor included.
func Verify(token string, keys *KeySet, r Rules) (*Token, error) { return nil, errSketch }

var errSketch = errors.New("not built yet")
