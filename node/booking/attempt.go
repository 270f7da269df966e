package booking

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"errors"
	"time"

	"pieks/card"
	"pieks/gossip"
)

// Errors of a patient's attempt. What the practice refused is a *RefusedError.
var (
	ErrSlots   = errors.New("choose one appointment, or two different ones of the same practice")
	ErrStep    = errors.New("this step does not follow: search for an appointment first")
	ErrOffer   = errors.New("the offer does not belong to the request, so nothing was sent to the practice: search again")
	ErrLicence = errors.New("the practice could not show a valid practice card, so nothing was sent to it: choose another appointment")
	ErrArea    = errors.New("the practice is not in the area that the appointment was listed for, so nothing was sent to it")
	ErrReceipt = errors.New("the receipt is not of this practice or not for this booking: ask again")
	ErrDetails = errors.New("a name, a birth date like 1950-03-01 and, if given, a phone number are needed")
)

// Check is how an offer's practice card is verified; the roles fill it from the network bundle.
type Check struct {
	Licence func(enrolment []byte, at time.Time) (*card.Licence, error) // chain, profession, times
	Revoked func(device [32]byte) bool
	InArea  func(plz, area string) bool // whether a postcode lies in a sheet's area
}

// Attempt is one booking at the patient, from the request to the visit. It is a value to be written down
// (Marshal) BEFORE what it gives out is sent. Every step may be repeated after a crash and gives the same bytes.
type Attempt struct{}

// NewAttempt takes one or two slots of one sheet, first dose first, and the relays that keep the mailbox of the new booking key.
func NewAttempt(sheet *gossip.Signed, slots []gossip.SlotID, relays []string, now time.Time) (*Attempt, error) {
	return nil, ErrSlots
}

// UnmarshalAttempt reads what Marshal gave.
func UnmarshalAttempt(data []byte) (*Attempt, error) { return nil, ErrMessage }

// Marshal gives the attempt as CBOR. It holds private keys and personal data: keep it sealed.
func (a *Attempt) Marshal() ([]byte, error) { return nil, ErrMessage }

// ID is a random local name of the attempt, which never leaves the patient.
func (a *Attempt) ID() BookingID { return BookingID{} }

// State is how far it has come.
func (a *Attempt) State() State { return 0 }

// Front is P, where request and confirm go: peer ID of a stream and box of the mailbox. Sealing is its X25519 key,
// relays are those of its sheet.
func (a *Attempt) Front() (key, sealing [32]byte, relays []string) { return }

// Desk is D, where orders go, once an offer was verified.
func (a *Attempt) Desk() (key, sealing [32]byte, relays []string, ok bool) { return }

// Box is B's signing key, the key of its mailbox; Sealing opens what arrives there; Relays keep it.
func (a *Attempt) Box() ed25519.PrivateKey    { return nil }
func (a *Attempt) Sealing() *ecdh.PrivateKey  { return nil }
func (a *Attempt) Relays() []string           { return nil }
func (a *Attempt) Tokens() []gossip.TokenID   { return nil }
func (a *Attempt) Created() time.Time         { return time.Time{} }
func (a *Attempt) Deadline() time.Time        { return time.Time{} }
func (a *Attempt) Request() ([]byte, error)   { return nil, ErrStep }
func (a *Attempt) View() (OfferView, bool)    { return OfferView{}, false }
func (a *Attempt) Visits() []Visit            { return nil }
func (a *Attempt) Receipted() (Receipt, bool) { return Receipt{}, false }
func (a *Attempt) Expire(now time.Time) bool  { return false }

// OfferView is a verified offer, for the user to decide on.
type OfferView struct {
	Visits  []Visit
	Until   time.Time
	Licence card.Licence // practice, profession, as verified when the offer came
}

// Offer reads the reply to the request and verifies all of it before anything personal can leave: both signatures, the
// transcript, that times fit the slots, the practice card, revocation and area. A refusal is a *RefusedError.
func (a *Attempt) Offer(reply []byte, check Check, now time.Time) (OfferView, error) {
	return OfferView{}, ErrStep
}

// Confirm accepts the offer for p. The first call fixes the message; later ones give the same bytes.
func (a *Attempt) Confirm(p Patient, now time.Time) ([]byte, error) { return nil, ErrStep }

// Receipt reads the reply to a confirm or an order.
func (a *Attempt) Receipt(reply []byte, now time.Time) (Receipt, error) { return Receipt{}, ErrStep }

// Take reads any message that came for this attempt, on whatever way: offer, receipt, notice or refusal.
func (a *Attempt) Take(msg []byte, check Check, now time.Time) (Kind, error) { return 0, ErrStep }

// Order is the message to the desk that asks for the state of the booking or cancels it.
func (a *Attempt) Order(action Action, now time.Time) ([]byte, error) { return nil, ErrStep }
