package booking

import (
	"errors"
	"fmt"
	"time"

	"pieks/gossip"
	"pieks/gossip/wire"
)

// Version is the only version of these messages.
const Version = 1

// Kind says what a message is.
type Kind uint8

// The kinds of messages. Numbers from 16 belong to the desk.
const (
	KindRequest Kind = 1
	KindOffer   Kind = 2
	KindConfirm Kind = 3
	KindReceipt Kind = 4
	KindRefusal Kind = 5
	KindOrder   Kind = 16
	KindNotice  Kind = 17
)

// External AADs of the signed objects.
const (
	TypeOffer      = "pieks/offer/1"
	TypeOfferFront = "pieks/offer-front/1"
	TypeConfirm    = "pieks/confirm/1"
	TypeReceipt    = "pieks/receipt/1"
	TypeOrder      = "pieks/desk/1"
	TypeNotice     = "pieks/notice/1"
)

var (
	// ErrMessage says that bytes are no message of this protocol, or one with a field out of its bounds.
	ErrMessage = errors.New("not a booking message: nothing was changed")
	// ErrVersion says that a message has a version that this program does not speak.
	ErrVersion = errors.New("the other side speaks another version of the booking protocol: update this program or ask it to update")
)

// Message is the outer form of everything that is said, on a stream or sealed in a mailbox.
type Message struct {
	Version uint8  `cbor:"1,keyasint"`
	Kind    Kind   `cbor:"2,keyasint"`
	Body    []byte `cbor:"3,keyasint"` // CBOR map for a request and a refusal, COSE_Sign1 for all others
}

// Encode returns the message of kind around body.
func Encode(kind Kind, body []byte) ([]byte, error) {
	raw, err := wire.Marshal(Message{Version: Version, Kind: kind, Body: body})
	if err != nil {
		return nil, err
	}
	if len(raw) > MaxMessage {
		return nil, fmt.Errorf("%w: %d bytes, limit %d", ErrMessage, len(raw), MaxMessage)
	}
	return raw, nil
}

// Decode reads the outer form. It gives ErrMessage or ErrVersion.
func Decode(raw []byte) (Message, error) {
	var m Message
	if len(raw) > MaxMessage {
		return m, fmt.Errorf("%w: %d bytes, limit %d", ErrMessage, len(raw), MaxMessage)
	}
	if err := wire.Unmarshal(raw, &m); err != nil {
		return m, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	if m.Version != Version {
		return m, fmt.Errorf("%w: version %d", ErrVersion, m.Version)
	}
	return m, nil
}

// Request asks for a hold on one slot, or on two of the same practice.
type Request struct {
	Tokens     []gossip.TokenID `cbor:"1,keyasint"` // 1 or 2, the first dose first
	Key        [32]byte         `cbor:"2,keyasint"` // B, Ed25519: this booking's key and mailbox
	Sealing    [32]byte         `cbor:"3,keyasint"` // X25519 of B: what answers in the mailbox are sealed to
	Commitment [32]byte         `cbor:"4,keyasint"` // Commit(tokens, B, n_p)
	Relays     []string         `cbor:"5,keyasint"` // peer IDs of the relays that keep B's mailbox
}

// Offer is what the practice holds for the patient: signed by D, and that again by P.
type Offer struct {
	Version   uint8        `cbor:"1,keyasint"`
	Key       [32]byte     `cbor:"2,keyasint"` // B of the request
	Front     [32]byte     `cbor:"3,keyasint"` // P that the slot was published under
	Visits    []OfferVisit `cbor:"4,keyasint"` // in the order of the request's tokens
	Zone      string       `cbor:"5,keyasint"` // "Europe/Berlin"
	Nonce     [32]byte     `cbor:"6,keyasint"` // n_d
	Until     uint64       `cbor:"7,keyasint"` // unix seconds: the hold ends
	Device    [32]byte     `cbor:"8,keyasint"` // D: identity of the desk host
	Relays    []string     `cbor:"9,keyasint"` // peer IDs of the relays where the desk keeps circuits and its mailbox
	Enrolment []byte       `cbor:"10,keyasint"`
}

// OfferVisit is one appointment with its exact time.
type OfferVisit struct {
	Token      gossip.TokenID `cbor:"1,keyasint"`
	Start      uint64         `cbor:"2,keyasint"` // unix seconds
	End        uint64         `cbor:"3,keyasint"` // unix seconds
	Vaccine    string         `cbor:"4,keyasint"`
	Dose       uint8          `cbor:"5,keyasint"`
	Transcript [32]byte       `cbor:"6,keyasint"` // Transcript(token, B, commitment, n_d)
}

// Confirm accepts an offer; signed by B. It is the first message with personal data.
type Confirm struct {
	Version uint8    `cbor:"1,keyasint"`
	Key     [32]byte `cbor:"2,keyasint"` // B
	Offer   [32]byte `cbor:"3,keyasint"` // SHA-256 of the offer's body
	Nonce   [32]byte `cbor:"4,keyasint"` // n_p, which opens the commitment
	Patient Patient  `cbor:"5,keyasint"`
}

// Patient is who comes to the visit.
type Patient struct {
	Name      string `cbor:"1,keyasint"`
	BirthDate string `cbor:"2,keyasint"` // 1950-03-01
	Phone     string `cbor:"3,keyasint,omitempty"`
}

// BookingID names a booking at its practice.
type BookingID [16]byte

// Receipt is the state of a booking, signed by D: the answer to a confirm and to every order.
type Receipt struct {
	Version  uint8          `cbor:"1,keyasint"`
	Key      [32]byte       `cbor:"2,keyasint"` // B
	Booking  BookingID      `cbor:"3,keyasint"`
	State    State          `cbor:"4,keyasint"` // Booked, Cancelled or Attended
	Revision uint64         `cbor:"5,keyasint"` // from 1; the highest is the truth
	Issued   uint64         `cbor:"6,keyasint"` // unix seconds
	Visits   []ReceiptVisit `cbor:"7,keyasint"`
	Device   [32]byte       `cbor:"8,keyasint"` // D
	Relays   []string       `cbor:"9,keyasint"` // where the desk is reached
	Reason   string         `cbor:"10,keyasint,omitempty"`
}

// ReceiptVisit is one appointment of a booking.
type ReceiptVisit struct {
	Start   uint64 `cbor:"1,keyasint"`
	End     uint64 `cbor:"2,keyasint"`
	Vaccine string `cbor:"3,keyasint"`
	Dose    uint8  `cbor:"4,keyasint"`
	State   State  `cbor:"5,keyasint"`
	Room    []byte `cbor:"6,keyasint,omitempty"` // RoomKey, of a visit that was attended
}

// Refusal says that the answer is no, and until when.
type Refusal struct {
	Version uint8  `cbor:"1,keyasint"`
	Reason  Reason `cbor:"2,keyasint"`
	Until   uint64 `cbor:"3,keyasint,omitempty"` // unix seconds; for Wait and Limit: ask again then
}

// Action is what a patient wants of the desk.
type Action uint8

// The actions of an order. Move and CheckIn are numbers that later versions of a practice answer.
const (
	ActionStatus  Action = 1
	ActionCancel  Action = 2
	ActionMove    Action = 3
	ActionCheckIn Action = 4
)

// Order is a later message to the desk about a booking; signed by B.
type Order struct {
	Version uint8    `cbor:"1,keyasint"`
	Key     [32]byte `cbor:"2,keyasint"` // B
	Action  Action   `cbor:"3,keyasint"`
	Issued  uint64   `cbor:"4,keyasint"` // unix seconds
}

// Notice is a receipt that the practice sends to B's mailbox unasked: its own AAD says so.
type Notice = Receipt

func unix(t uint64) time.Time { return time.Unix(int64(t), 0).UTC() }
