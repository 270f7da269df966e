package checkin

import (
	"fmt"

	"pieks/card/egk"
	"pieks/gossip/wire"
)

const version = 1

// kind says what a message is. They are counted on from those of node/booking, which come into the same box of a desk.
type kind uint8

const (
	kindOpen    kind = 32
	kindAnswer  kind = 33
	kindProof   kind = 34
	kindStatus  kind = 35
	kindStep    kind = 40
	kindOutcome kind = 41
	kindRefusal kind = 42
)

// message is the outer form of everything that is said, on a stream or sealed in a mailbox, and is that of node/booking.
type message struct {
	Version uint8  `cbor:"1,keyasint"`
	Kind    kind   `cbor:"2,keyasint"`
	Body    []byte `cbor:"3,keyasint"`
}

func encode(k kind, body []byte) ([]byte, error) {
	raw, err := wire.Marshal(message{version, k, body})
	if err != nil {
		return nil, err
	}
	if len(raw) > MaxMessage {
		return nil, fmt.Errorf("%w: %d bytes, limit %d", ErrTooLong, len(raw), MaxMessage)
	}
	return raw, nil
}

func encodeObject(k kind, v any) ([]byte, error) {
	body, err := wire.Marshal(v)
	if err != nil {
		return nil, err
	}
	return encode(k, body)
}

func decode(raw []byte) (message, error) {
	var m message
	if len(raw) > MaxMessage {
		return m, fmt.Errorf("%w: %d bytes, limit %d", ErrMessage, len(raw), MaxMessage)
	}
	if err := wire.Unmarshal(raw, &m); err != nil {
		return m, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	if m.Version != version {
		return m, fmt.Errorf("%w: version %d", ErrVersion, m.Version)
	}
	return m, nil
}

// IsMail says whether a message out of a desk's box is for this protocol.
func IsMail(msg []byte) bool {
	var m message
	return len(msg) <= MaxMessage && wire.Unmarshal(msg, &m) == nil && m.Kind >= kindOpen && m.Kind <= kindRefusal
}

// open begins a dialogue with a card.
type open struct {
	Statement []byte `cbor:"1,keyasint"` // COSE_Sign1 by C
}

// answer is what the card said to a step.
type answer struct {
	Session  [16]byte `cbor:"1,keyasint"`
	Seq      uint16   `cbor:"2,keyasint"` // of the step
	Response []byte   `cbor:"3,keyasint"` // data and status word
}

// proof has it all at once. Exactly one of Answers and IDToken is there.
type proof struct {
	Statement []byte       `cbor:"1,keyasint"`
	Answers   *egk.Answers `cbor:"2,keyasint,omitempty"`
	IDToken   string       `cbor:"3,keyasint,omitempty"`
}

// step is the next command for the card.
type step struct {
	Session  [16]byte `cbor:"1,keyasint"`
	Seq      uint16   `cbor:"2,keyasint"` // from 0, one more each
	Command  []byte   `cbor:"3,keyasint"`
	Expected []uint16 `cbor:"4,keyasint"`
}

// refusal changes nothing.
type refusal struct {
	Reason Reason `cbor:"1,keyasint"`
}

func refuse(r Reason) []byte {
	msg, err := encodeObject(kindRefusal, refusal{r})
	if err != nil {
		panic(err) // a map of one number
	}
	return msg
}

func readBody(m message, v any) error {
	if err := wire.Unmarshal(m.Body, v); err != nil {
		return fmt.Errorf("%w: %w", ErrMessage, err)
	}
	return nil
}

// readProof reads a proof and its statement.
func readProof(m message) (*proof, *signedStatement, error) {
	var p proof
	if err := readBody(m, &p); err != nil {
		return nil, nil, err
	}
	if (p.Answers == nil) == (p.IDToken == "") || len(p.IDToken) > maxIDToken {
		return nil, nil, fmt.Errorf("%w: not one proof", ErrMessage)
	}
	s, err := readStatement(p.Statement)
	return &p, s, err
}

// readStep reads a step and checks its bounds: it goes to the card as it is.
func readStep(m message) (step, error) {
	var s step
	if err := readBody(m, &s); err != nil {
		return s, err
	}
	if len(s.Command) < 4 || len(s.Command) > maxCommand || len(s.Expected) == 0 || len(s.Expected) > maxExpected || s.Seq >= maxSteps {
		return s, fmt.Errorf("%w: a step is out of its bounds", ErrMessage)
	}
	return s, nil
}
