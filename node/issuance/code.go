package issuance

import (
	"errors"
	"fmt"

	"pieks/card"
)

// Code is a relay's answer.
type Code uint8

// Codes of the error table in the package documentation.
const (
	CodeOK         Code = 0
	CodeMalformed  Code = 1
	CodeVersion    Code = 2
	CodeSignature  Code = 3
	CodeStale      Code = 4
	CodeReplay     Code = 5
	CodeKey        Code = 6
	CodeEnrolment  Code = 7
	CodeExpired    Code = 8
	CodeProfession Code = 9
	CodeRevoked    Code = 10
	CodeQuota      Code = 11
	CodeBusy       Code = 12
	CodeFailed     Code = 13
)

// Errors that a relay's code becomes at the practice.
var (
	ErrMalformed  = errors.New("the issuer did not understand the request: update Pieks")
	ErrVersion    = errors.New("the issuer speaks another version of the pass protocol: update Pieks")
	ErrSignature  = errors.New("the issuer did not accept the device's signature")
	ErrStale      = errors.New("the issuer's clock differs by more than ten minutes: check this computer's clock")
	ErrReplay     = errors.New("the issuer has seen this very request before: ask again")
	ErrKey        = errors.New("the issuer does not sign with this key: fetch the newest network bundle")
	ErrEnrolment  = errors.New("the issuer did not accept the enrolment: enrol again with the practice's card")
	ErrExpired    = errors.New("the enrolment or the card has expired: enrol again with the practice's card")
	ErrProfession = errors.New("the profession on the card may not offer appointments in this network")
	ErrRevoked    = errors.New("this network has revoked the practice's device: ask its operators")
	ErrQuota      = errors.New("the issuer has given this practice all its passes of the week: ask another issuer")
	ErrBusy       = errors.New("the issuer has too much to do: ask again in some minutes")
	ErrFailed     = errors.New("the issuer could not answer: ask another one")
)

var codeErrors = map[Code]error{
	CodeMalformed: ErrMalformed, CodeVersion: ErrVersion, CodeSignature: ErrSignature, CodeStale: ErrStale,
	CodeReplay: ErrReplay, CodeKey: ErrKey, CodeEnrolment: ErrEnrolment, CodeExpired: ErrExpired,
	CodeProfession: ErrProfession, CodeRevoked: ErrRevoked, CodeQuota: ErrQuota, CodeBusy: ErrBusy, CodeFailed: ErrFailed,
}

func (c Code) err() error {
	if c == CodeOK {
		return nil
	}
	if err, ok := codeErrors[c]; ok {
		return err
	}
	return fmt.Errorf("%w (unknown code %d)", ErrFailed, c)
}

// codeOfCard says what a practice is told about its enrolment. More would help who tries out what passes.
func codeOfCard(err error) Code {
	switch {
	case err == nil:
		return CodeOK
	case errors.Is(err, card.ErrRevoked):
		return CodeRevoked
	case errors.Is(err, card.ErrExpired), errors.Is(err, card.ErrStatementExpired):
		return CodeExpired
	case errors.Is(err, card.ErrProfession), errors.Is(err, card.ErrNoAdmission):
		return CodeProfession
	}
	return CodeEnrolment
}
