package checkin

import (
	"crypto/ed25519"
	"fmt"
	"time"

	"pieks/gossip/wire"
	"pieks/node/checkin/popp"
)

// typeOutcome, typeStatus are the external AADs of what a desk says in the end, and of the question how it stands.
const (
	typeOutcome = "pieks/checkin-outcome/1"
	typeStatus  = "pieks/checkin-status/1"
)

// Outcome is what a practice said, signed by D.
type Outcome struct {
	State  popp.State
	Reason string // one of the codes of node/control, "" with success
	At     time.Time
	Err    error // the reason as a sentence, nil with success
}

// state of an outcome on the wire.
type state uint8

const (
	stateSuccess  state = 1
	stateCanceled state = 2
	stateUnknown  state = 3 // only to a question
)

// outcome is the signed form.
type outcome struct {
	Version uint8    `cbor:"1,keyasint"`
	ID      ID       `cbor:"2,keyasint"`
	Key     [32]byte `cbor:"3,keyasint"` // C
	Device  [32]byte `cbor:"4,keyasint"` // D
	State   state    `cbor:"5,keyasint"`
	Reason  Reason   `cbor:"6,keyasint"` // 0 but with canceled
	Time    uint64   `cbor:"7,keyasint"` // when it came to stand so
	Nonce   []byte   `cbor:"8,keyasint,omitempty"`
}

// question asks how a check-in stands; signed by C.
type question struct {
	Version uint8    `cbor:"1,keyasint"`
	ID      ID       `cbor:"2,keyasint"`
	Key     [32]byte `cbor:"3,keyasint"`
	Device  [32]byte `cbor:"4,keyasint"`
	Nonce   [16]byte `cbor:"5,keyasint"` // so that an answer of unknown is to this question
}

// signOutcome makes the message that tells one.
func signOutcome(device ed25519.PrivateKey, o outcome) ([]byte, error) {
	o.Version, o.Device = version, [32]byte(device.Public().(ed25519.PublicKey))
	cose, err := wire.SignObject(typeOutcome, device, o)
	if err != nil {
		return nil, err
	}
	return encode(kindOutcome, cose)
}

// readOutcome verifies one about a statement.
func readOutcome(m message, s *Statement) (outcome, error) {
	var o outcome
	if err := wire.VerifyObject(typeOutcome, ed25519.PublicKey(s.Device[:]), m.Body, &o); err != nil {
		return o, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	switch {
	case o.Version != version || o.Device != s.Device:
		return o, fmt.Errorf("%w: an outcome of another version or device", ErrMessage)
	case o.ID != s.ID || o.Key != s.Key:
		return o, fmt.Errorf("%w: the outcome of another check-in", ErrMessage)
	case o.Time > maxUnix || (o.State == stateCanceled) == (o.Reason == reasonNone):
		return o, fmt.Errorf("%w: an outcome out of its bounds", ErrMessage)
	}
	return o, nil
}

// told is an outcome as its patient sees it.
func (o *outcome) told() (Outcome, error) {
	out := Outcome{At: time.Unix(int64(o.Time), 0).UTC()}
	switch o.State {
	case stateSuccess:
		out.State = popp.Success
	case stateCanceled:
		out.State, out.Reason, out.Err = popp.Canceled, o.Reason.code(), o.Reason.err()
	case stateUnknown:
		return Outcome{}, ErrUnknown
	default:
		return Outcome{}, fmt.Errorf("%w: outcome %d", ErrVersion, o.State)
	}
	return out, nil
}

// readQuestion reads one and checks that its key signed it.
func readQuestion(m message) (question, error) {
	var q question
	env, err := wire.ParseSigned(m.Body)
	if err != nil {
		return q, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	if err := wire.Unmarshal(env.Payload, &q); err != nil {
		return q, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	if q.Version != version {
		return q, ErrVersion
	}
	if err := env.Verify(typeStatus, ed25519.PublicKey(q.Key[:])); err != nil {
		return q, fmt.Errorf("%w: %w", ErrNotSigned, err)
	}
	return q, nil
}
