package disclosure

import (
	"errors"
	"fmt"
)

// Status is the code in a relay's answer.
type Status uint8

// Codes of the error table in the package documentation.
const (
	StatusOK         Status = 0
	StatusMalformed  Status = 1
	StatusVersion    Status = 2
	StatusTaken      Status = 3
	StatusUnknown    Status = 4
	StatusPending    Status = 5
	StatusRefused    Status = 6
	StatusBusy       Status = 7
	StatusClosed     Status = 8
	StatusSignature  Status = 9
	StatusPerson     Status = 10
	StatusProfession Status = 11
	StatusCommitment Status = 12
	StatusDigits     Status = 13
	StatusExpired    Status = 14
	StatusSpent      Status = 15
	StatusClock      Status = 16
	StatusFailed     Status = 17
)

// Errors that a relay's code becomes. Those from signature to clock are what the check of an authorisation gives, too, at all three ends.
var (
	ErrMalformed  = errors.New("the relay did not understand the message: update Pieks")
	ErrVersion    = errors.New("the relay speaks another version of the disclosure protocol: update Pieks")
	ErrTaken      = errors.New("another patient has these six digits at the moment: draw a new code")
	ErrUnknown    = errors.New("the relay knows no such code, or its half hour is over: let the patient's app show a new one")
	ErrPending    = errors.New("no card has signed yet: ask again in 5 seconds")
	ErrRefused    = errors.New("only an enrolled practice may look up codes and deliver signatures: enrol first")
	ErrBusy       = errors.New("the relay takes no more of these at the moment: try again in some minutes")
	ErrClosed     = errors.New("the relay's network file has expired, so it takes no new codes: ask its operator")
	ErrSignature  = errors.New("the signature is not one of a card that this network trusts: sign again")
	ErrPerson     = errors.New("a practice's card signed: take the card of a person (HBA)")
	ErrProfession = errors.New("the profession on the card may not authorise disclosures in this network")
	ErrSwapped    = errors.New("the relay had another data set signed: do not use it, and tell the network's operators")
	ErrDigits     = errors.New("the digits that were signed are not the ones on this screen: give the code again and have it signed once more")
	ErrExpired    = errors.New("the half hour of this signature is over: begin with a new code")
	ErrSpent      = errors.New("these data were posted before: nothing more is to do")
	ErrClock      = errors.New("the signature is from a time that has not come: check the clock of this computer")
	ErrFailed     = errors.New("the relay could not keep it: try again in some minutes")
)

var statusErrors = map[Status]error{
	StatusMalformed: ErrMalformed, StatusVersion: ErrVersion, StatusTaken: ErrTaken, StatusUnknown: ErrUnknown, StatusPending: ErrPending,
	StatusRefused: ErrRefused, StatusBusy: ErrBusy, StatusClosed: ErrClosed, StatusSignature: ErrSignature, StatusPerson: ErrPerson,
	StatusProfession: ErrProfession, StatusCommitment: ErrSwapped, StatusDigits: ErrDigits, StatusExpired: ErrExpired, StatusSpent: ErrSpent,
	StatusClock: ErrClock, StatusFailed: ErrFailed,
}

// err is nil for StatusOK.
func (s Status) err() error {
	if s == StatusOK {
		return nil
	}
	if err, ok := statusErrors[s]; ok {
		return err
	}
	return fmt.Errorf("%w (unknown code %d)", ErrFailed, s)
}

// statusOf is what a relay answers to an authorisation that does not pass.
func statusOf(err error) Status {
	for _, s := range []Status{StatusPerson, StatusProfession, StatusCommitment, StatusDigits, StatusExpired, StatusClock} {
		if errors.Is(err, statusErrors[s]) {
			return s
		}
	}
	return StatusSignature
}

// Errors that no relay answers.
var (
	ErrData   = errors.New("opaque data has 1 to 65,536 bytes")
	ErrRelay  = errors.New("not the peer ID of a relay: its key is not Ed25519")
	ErrAnswer = errors.New("the relay's answer makes no sense: update Pieks, or tell the network's operators")
	ErrTwo    = errors.New("two patients have these digits at two relays: scan the QR code, or let the patient's app show a new one")
	ErrOther  = errors.New("this QR code is of a patient of another relay")
)
