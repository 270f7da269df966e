package booking

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"pieks/card"
	"pieks/gossip"
	"pieks/gossip/wire"
)

// Errors of a patient's attempt. What the practice refused is a *RefusedError.
var (
	ErrSlots   = errors.New("choose one appointment, or two different ones of the same practice")
	ErrStep    = errors.New("this step does not follow now: search for an appointment first")
	ErrOffer   = errors.New("the offer does not belong to the request, so nothing was sent to the practice: choose another appointment")
	ErrLicence = errors.New("the practice showed no valid practice card, so nothing was sent to it: choose another appointment")
	ErrShutOut = errors.New("the network has revoked it") // beside ErrLicence
	ErrArea    = errors.New("the practice is not in the area that the appointment was listed for, so nothing was sent to it: choose another appointment")
	ErrReceipt = errors.New("the answer is not by this practice or not for this booking: ask again")
	ErrDetails = errors.New("a name, a birth date like 1950-03-01 and, if given, a phone number are needed")
)

// Attempt is one booking at the patient, from the request to the visit. Write it down (Marshal) BEFORE what it gave is
// sent. Every step may be repeated after a crash and gives the same bytes. Not for use by several goroutines.
type Attempt struct {
	d       attemptData
	key     ed25519.PrivateKey // of d.Seed
	sealing *ecdh.PrivateKey   // of d.Sealing
}

// attemptData is what is written down.
type attemptData struct {
	Version     uint8         `cbor:"1,keyasint"`
	ID          BookingID     `cbor:"2,keyasint"`
	State       State         `cbor:"3,keyasint"`
	Created     uint64        `cbor:"4,keyasint"`
	Front       [32]byte      `cbor:"5,keyasint"` // P
	FrontSeal   [32]byte      `cbor:"6,keyasint"` // H
	FrontRelays []string      `cbor:"7,keyasint"`
	Area        string        `cbor:"8,keyasint"`
	Expires     uint64        `cbor:"9,keyasint"` // of the sheet
	Slots       []gossip.Slot `cbor:"10,keyasint"`
	Relays      []string      `cbor:"11,keyasint"` // of B's mailbox
	Seed        [32]byte      `cbor:"12,keyasint"` // of B
	Sealing     [32]byte      `cbor:"13,keyasint"` // X25519 private key of B
	Nonce       [32]byte      `cbor:"14,keyasint"` // n_p; zero once booked
	Wait        uint64        `cbor:"15,keyasint,omitempty"`
	Reason      Reason        `cbor:"16,keyasint,omitempty"`
	Offer       []byte        `cbor:"17,keyasint,omitempty"` // body of the offer that was verified
	Shown       *shownCard    `cbor:"18,keyasint,omitempty"`
	DeskRelays  []string      `cbor:"19,keyasint,omitempty"`
	Confirm     []byte        `cbor:"20,keyasint,omitempty"` // message; empty once booked
	Receipt     *Receipt      `cbor:"21,keyasint,omitempty"`
	Codes       []Code        `cbor:"22,keyasint,omitempty"`
	Unconfirmed bool          `cbor:"23,keyasint,omitempty"` // no confirm ever left
	Times       []listedTime  `cbor:"30,keyasint,omitempty"` // of Slots, when they are from a practice's own list; P is D then
}

// shownCard is what was verified of the practice card when the offer came.
type shownCard struct {
	Statement      card.Statement `cbor:"1,keyasint"`
	Profession     string         `cbor:"2,keyasint"`
	ProfessionName string         `cbor:"3,keyasint"`
	TelematikID    string         `cbor:"4,keyasint"`
	Holder         string         `cbor:"5,keyasint"`
	NotAfter       uint64         `cbor:"6,keyasint"`
}

// NewAttempt takes one or two slots of one sheet, first dose first, and the relays that keep the mailbox of the new booking key.
func NewAttempt(sheet *gossip.Signed, slots []gossip.SlotID, relays []string, now time.Time) (*Attempt, error) {
	if len(slots) < 1 || len(slots) > maxTokens || len(slots) == 2 && slots[0] == slots[1] {
		return nil, ErrSlots
	}
	if len(relays) > maxRelays {
		relays = relays[:maxRelays]
	}
	d := attemptData{
		Version: Version, State: Pending, Created: uint64(now.Unix()),
		Front: sheet.Sheet.Pass.P, FrontSeal: sheet.Sheet.Pass.H, FrontRelays: slices.Clone(sheet.Sheet.Relays),
		Area: sheet.Sheet.Area, Expires: sheet.Sheet.Expires, Relays: slices.Clone(relays), Unconfirmed: true,
	}
	for _, id := range slots {
		i := slices.IndexFunc(sheet.Sheet.Slots, func(s gossip.Slot) bool { return s.ID == id })
		if i < 0 {
			return nil, fmt.Errorf("%w: not in the sheet any more", ErrSlots)
		}
		d.Slots = append(d.Slots, sheet.Sheet.Slots[i])
	}
	return begun(d)
}

// begun draws the secrets of an attempt.
func begun(d attemptData) (*Attempt, error) {
	rand.Read(d.ID[:])
	rand.Read(d.Seed[:])
	rand.Read(d.Sealing[:])
	rand.Read(d.Nonce[:])
	return withKeys(d)
}

// withKeys makes the keys ready for use.
func withKeys(d attemptData) (*Attempt, error) {
	sealing, err := ecdh.X25519().NewPrivateKey(d.Sealing[:])
	if err != nil {
		return nil, fmt.Errorf("make a booking key: %w", err)
	}
	return &Attempt{d: d, key: ed25519.NewKeyFromSeed(d.Seed[:]), sealing: sealing}, nil
}

// Marshal gives the attempt as CBOR. It holds private keys and personal data: keep it sealed.
func (a *Attempt) Marshal() ([]byte, error) { return wire.Marshal(a.d) }

// UnmarshalAttempt reads what Marshal gave.
func UnmarshalAttempt(data []byte) (*Attempt, error) {
	var d attemptData
	if err := wire.Unmarshal(data, &d); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	if d.Version != Version || len(d.Slots) < 1 || len(d.Slots) > maxTokens || d.State.String() == "unknown" || d.State == 0 ||
		len(d.Times) != 0 && len(d.Times) != len(d.Slots) {
		return nil, ErrMessage
	}
	if len(d.Offer) != 0 {
		offer, _, err := readOffer(d.Offer, d.Front)
		if err != nil || len(offer.Visits) != len(d.Slots) || d.Shown == nil {
			return nil, ErrMessage
		}
	}
	if d.Receipt != nil && (checkReceipt(d.Receipt) != nil || len(d.Receipt.Visits) != len(d.Slots) || len(d.Codes) > len(d.Slots)) {
		return nil, ErrMessage
	}
	return withKeys(d)
}

// ID is a random local name of the attempt, which never leaves the patient.
func (a *Attempt) ID() BookingID { return a.d.ID }

// State is how far it has come.
func (a *Attempt) State() State { return a.d.State }

// Err is the sentence for an attempt that the practice refused, nil otherwise.
func (a *Attempt) Err() error {
	if a.d.Reason == 0 {
		return nil
	}
	return refusalErrors[a.d.Reason]
}

// Created is when the attempt was made.
func (a *Attempt) Created() time.Time { return unix(a.d.Created) }

// Front is P, where request and confirm go: peer ID of a stream and box of the mailbox. sealing is its X25519 key,
// relays are those of its sheet.
func (a *Attempt) Front() (key, sealing [32]byte, relays []string) {
	return a.d.Front, a.d.FrontSeal, a.d.FrontRelays
}

// Desk is D, where orders go. It is known once an offer was verified.
func (a *Attempt) Desk() (key, sealing [32]byte, relays []string, known bool) {
	if a.d.Shown == nil {
		return
	}
	return a.d.Shown.Statement.Device, a.d.Shown.Statement.Sealing, a.d.DeskRelays, true
}

// Box is B: it signs for this booking and owns its mailbox.
func (a *Attempt) Box() ed25519.PrivateKey { return a.key }

// Key is the public key of B.
func (a *Attempt) Key() [32]byte { return [32]byte(a.key[ed25519.SeedSize:]) }

// Sealing opens what arrives in B's mailbox.
func (a *Attempt) Sealing() *ecdh.PrivateKey { return a.sealing }

// Relays keep B's mailbox.
func (a *Attempt) Relays() []string { return a.d.Relays }

// Tokens are the slot tokens asked for.
func (a *Attempt) Tokens() []gossip.TokenID {
	var tokens []gossip.TokenID
	for _, s := range a.d.Slots {
		tokens = append(tokens, gossip.TokenOf(a.d.Front, s.ID))
	}
	return tokens
}

// Deadline is when the state ends by itself: the sheet's end for Pending, the hold's end for Offered and Confirmed, else zero.
func (a *Attempt) Deadline() time.Time {
	switch a.d.State {
	case Pending:
		return unix(a.d.Expires)
	case Offered, Confirmed:
		if offer, ok := a.offer(); ok {
			return unix(offer.Until)
		}
	}
	return time.Time{}
}

// Retry is when to send the request again, while the practice draws; zero when it does not.
func (a *Attempt) Retry() time.Time {
	if a.d.State != Pending || a.d.Wait == 0 {
		return time.Time{}
	}
	return unix(a.d.Wait)
}

// Expire ends an attempt whose time is over and says whether it did. A confirm that was sent is never given up here: only the practice
// knows whether it booked, ask its desk (ActionStatus). An offer's end is by the practice's clock, which may differ.
func (a *Attempt) Expire(now time.Time) bool {
	deadline := a.Deadline()
	if a.d.State == Offered {
		deadline = deadline.Add(maxSkew)
	}
	if a.d.State != Pending && a.d.State != Offered || !now.After(deadline) {
		return false
	}
	a.d.State, a.d.Reason = Expired, ReasonExpired
	return true
}

// Request is the message that asks for the hold: the same bytes each time.
func (a *Attempt) Request() ([]byte, error) {
	key, tokens := a.Key(), a.Tokens()
	r := Request{Tokens: tokens, Key: key, Sealing: [32]byte(a.sealing.PublicKey().Bytes()), Relays: a.d.Relays}
	if a.d.Nonce == ([32]byte{}) {
		return nil, ErrStep
	}
	r.Commitment = Commit(tokens, key, a.d.Nonce)
	body, err := wire.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("ask for an appointment: %w", err)
	}
	return Encode(KindRequest, body)
}

// Confirm accepts the offer for p. The first call fixes the message; later ones give the same bytes.
func (a *Attempt) Confirm(p Patient, now time.Time) ([]byte, error) {
	if a.d.State == Confirmed {
		return a.d.Confirm, nil
	}
	if a.d.State != Offered || a.Expire(now) {
		return nil, ErrStep
	}
	if err := checkPatient(p, now); err != nil {
		return nil, err
	}
	body, err := wire.SignObject(TypeConfirm, a.Box(), Confirm{
		Version: Version, Key: a.Key(), Offer: offerHash(a.d.Offer), Nonce: a.d.Nonce, Patient: p,
	})
	if err != nil {
		return nil, fmt.Errorf("confirm the offer: %w", err)
	}
	msg, err := Encode(KindConfirm, body)
	if err != nil {
		return nil, err
	}
	a.d.Confirm, a.d.State, a.d.Unconfirmed = msg, Confirmed, false
	return msg, nil
}

// Order is the message to the desk that asks for the state of the booking or cancels it.
func (a *Attempt) Order(action Action, now time.Time) ([]byte, error) {
	if a.d.Shown == nil || a.d.Unconfirmed {
		return nil, ErrStep
	}
	body, err := wire.SignObject(TypeOrder, a.Box(), Order{Version: Version, Key: a.Key(), Action: action, Issued: uint64(now.Unix())})
	if err != nil {
		return nil, fmt.Errorf("ask the practice: %w", err)
	}
	return Encode(KindOrder, body)
}
