package booking

import (
	"errors"
	"fmt"
	"time"

	"pieks/gossip/wire"
)

// Reason is why the answer is no. A text never travels: each side has its own sentences.
type Reason uint8

// The refusal codes.
const (
	ReasonTaken     Reason = 1  // no such open slot here, or no longer
	ReasonWait      Reason = 2  // a draw is going on, or the booking is under way: send the same message again at Until
	ReasonExpired   Reason = 3  // no hold stands for this key: ask again with a new key
	ReasonCommit    Reason = 4  // n_p does not open the commitment: the hold is void
	ReasonLimit     Reason = 5  // too many holds from one source: confirm or wait until Until
	ReasonMalformed Reason = 6  // not a message of this protocol
	ReasonVersion   Reason = 7  // a version that this side does not speak
	ReasonBusy      Reason = 8  // could not be written down: send the same message again later
	ReasonUnknown   Reason = 9  // the desk has no booking under this key
	ReasonLate      Reason = 10 // the visit has begun or was attended: no change any more
	ReasonSignature Reason = 11 // the signature is not by the key named
	ReasonPatient   Reason = 12 // name, birth date or phone is not acceptable
	ReasonAction    Reason = 13 // this practice does not do that
	ReasonReused    Reason = 14 // this key already asks for something else: take a new one
)

// Errors of a refusal, one a code. errors.Is finds them in a RefusedError.
var (
	ErrTaken     = errors.New("this appointment is taken: choose another one")
	ErrWait      = errors.New("the practice has not decided yet: the request stays in the draw, ask again later")
	ErrExpired   = errors.New("the appointment is no longer held for you: search again")
	ErrCommit    = errors.New("the confirmation does not belong to this offer, so the hold was given up: search again")
	ErrLimit     = errors.New("too many appointments are held from here: confirm one or wait until a hold ends")
	ErrMalformed = errors.New("the practice could not read the message: update this program")
	ErrBusy      = errors.New("the practice could not write the booking down: try again in a minute")
	ErrUnknown   = errors.New("the practice has no booking under this key")
	ErrLate      = errors.New("the visit has already begun or is over: call the practice")
	ErrSignature = errors.New("the practice refused the signature of the message")
	ErrPatient   = errors.New("name, birth date or phone number is not acceptable: check them")
	ErrAction    = errors.New("this practice does not offer that: call it")
	ErrReused    = errors.New("this booking key is already used for another request: start again")
)

var refusalErrors = map[Reason]error{
	ReasonTaken: ErrTaken, ReasonWait: ErrWait, ReasonExpired: ErrExpired, ReasonCommit: ErrCommit, ReasonLimit: ErrLimit,
	ReasonMalformed: ErrMalformed, ReasonVersion: ErrVersion, ReasonBusy: ErrBusy, ReasonUnknown: ErrUnknown, ReasonLate: ErrLate,
	ReasonSignature: ErrSignature, ReasonPatient: ErrPatient, ReasonAction: ErrAction, ReasonReused: ErrReused,
}

// RefusedError is a refusal that arrived. Until is zero or says when to ask again.
type RefusedError struct {
	Reason Reason
	Until  time.Time
}

func (e *RefusedError) Error() string {
	if e.Until.IsZero() {
		return e.Unwrap().Error()
	}
	return fmt.Sprintf("%v (until %s)", e.Unwrap(), e.Until.In(berlin).Format("15:04:05"))
}

func (e *RefusedError) Unwrap() error { return refusalErrors[e.Reason] }

// Refuse is the message that says no.
func Refuse(reason Reason, until time.Time) []byte {
	r := Refusal{Version: Version, Reason: reason}
	if !until.IsZero() {
		r.Until = uint64(until.Unix())
	}
	body, err := wire.Marshal(r)
	if err != nil {
		return nil // cannot be: a flat struct of three numbers
	}
	raw, err := Encode(KindRefusal, body)
	if err != nil {
		return nil // cannot be: below 32 bytes
	}
	return raw
}

// RefusalIn reads the refusal in a reply. It is nil when the reply is something else.
func RefusalIn(reply []byte) *RefusedError {
	m, err := Decode(reply)
	if err != nil || m.Kind != KindRefusal {
		return nil
	}
	refused, err := readRefusal(m.Body)
	if err != nil {
		return nil
	}
	return refused
}

// RetryAt says when the message that got this reply is to be handled again: while a draw goes on. Whoever took
// the message out of a mailbox keeps it there until then.
func RetryAt(reply []byte) (time.Time, bool) {
	refused := RefusalIn(reply)
	if refused == nil || refused.Reason != ReasonWait {
		return time.Time{}, false
	}
	return refused.Until, true
}

func readRefusal(body []byte) (*RefusedError, error) {
	var r Refusal
	if err := wire.Unmarshal(body, &r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	if r.Version != Version || refusalErrors[r.Reason] == nil || r.Until > maxUnix {
		return nil, fmt.Errorf("%w: refusal %d", ErrMessage, r.Reason)
	}
	refused := &RefusedError{Reason: r.Reason}
	if r.Until != 0 {
		refused.Until = unix(r.Until)
	}
	return refused, nil
}
