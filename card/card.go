package card

import "context"

// Channel carries one command APDU (ISO 7816-4) to a card and its response APDU (data and two status bytes) back.
// Virtual is one; a PC/SC connection is another. An error means that the card did not answer: card or reader gone,
// or ctx ended. A status word other than 9000 is an answer, not an error.
//
// A Channel that knows its card's answer to reset has ATR() []byte, too; without, the card gets short commands only.
//
// A Channel never logs and never keeps a command: VERIFY carries the PIN.
type Channel interface {
	Transmit(ctx context.Context, command []byte) (response []byte, err error)
}

// Card is a smart card whose layout is known. Open makes one from a Channel.
// It keeps no PIN, repeats no command, and is not for concurrent use: a card has one security state.
type Card interface {
	Channel
	// Kind says what was found on the card.
	Kind() Kind
	// Certificate reads the authentication certificate, DER. It needs no PIN.
	Certificate(ctx context.Context) ([]byte, error)
	// PINTries says how many wrong PINs the card still takes before it blocks, 0 when it is blocked.
	// Asking costs no try.
	PINTries(ctx context.Context) (int, error)
	// VerifyPIN presents the PIN once. A wrong one is a *PINError with the tries left, a blocked one ErrPINBlocked,
	// one of the wrong shape ErrPINShape, which never reaches the card and costs no try.
	VerifyPIN(ctx context.Context, pin PIN) error
	// SignDigest signs a SHA-256 digest (32 bytes) with the authentication key. The result is ASN.1 DER,
	// ECDSA-Sig-Value of RFC 3279. It needs VerifyPIN before, else ErrPINNeeded.
	SignDigest(ctx context.Context, digest []byte) ([]byte, error)
}

// Kind is a kind of card, or of the certificate on it: a PIV card may carry the certificate of an HBA.
type Kind string

const (
	// HBA is a Heilberufsausweis: the card of a physician or another health professional, in person.
	HBA Kind = "hba"
	// SMCB is the card of a practice (Security Module Card type B).
	SMCB Kind = "smcb"
	// PIV is a card with the application of NIST SP 800-73. It is no certificate type.
	PIV Kind = "piv"
	// UZI is the card of a Dutch care provider, in person (UZI-pas, type Z), or any card with a PKCS #15 directory.
	UZI Kind = "uzi"
	// EGK is a patient's card (elektronische Gesundheitskarte), which offers no appointments.
	EGK Kind = "egk"
)

// Person says whether a certificate of type k is a professional's in person, and not a practice's.
func (k Kind) Person() bool { return k == HBA || k == UZI }
