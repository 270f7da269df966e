package admission

import (
	"errors"
	"fmt"

	"pieks/card"
)

// Code is a relay's answer to a hello.
type Code uint8

// Codes of the error table in the package documentation.
const (
	CodeOK         Code = 0
	CodeMalformed  Code = 1
	CodeVersion    Code = 2
	CodeRegion     Code = 3
	CodePass       Code = 4
	CodePeer       Code = 5
	CodeEnrolment  Code = 6
	CodeExpired    Code = 7
	CodeProfession Code = 8
	CodeRevoked    Code = 9
	CodeBusy       Code = 10
	CodeNoBundle   Code = 11
)

// Errors that a relay's code becomes at the asker.
var (
	ErrMalformed  = errors.New("the relay did not understand the hello: update Pieks")
	ErrVersion    = errors.New("the relay speaks another version of the admission protocol: update Pieks")
	ErrRegion     = errors.New("the relay does not show these regions: ask for your own region and at most three of its neighbours, or try another relay")
	ErrPass       = errors.New("the relay did not accept the pass: it may be of another epoch, or the relay's network bundle is old")
	ErrPeer       = errors.New("the relay expects the identity that the pass or enrolment names")
	ErrEnrolment  = errors.New("the relay did not accept the enrolment: enrol again with the practice's card")
	ErrExpired    = errors.New("the enrolment or the card has expired: enrol again with the practice's card")
	ErrProfession = errors.New("the profession on the card may not offer appointments in this network")
	ErrRevoked    = errors.New("this network has revoked the practice's device: ask its operators")
	ErrBusy       = errors.New("the relay admits nobody else at the moment: try another relay, or again in some minutes")
	ErrNoBundle   = errors.New("the relay has no valid network bundle: try another relay")
)

var codeErrors = map[Code]error{
	CodeMalformed: ErrMalformed, CodeVersion: ErrVersion, CodeRegion: ErrRegion, CodePass: ErrPass, CodePeer: ErrPeer,
	CodeEnrolment: ErrEnrolment, CodeExpired: ErrExpired, CodeProfession: ErrProfession, CodeRevoked: ErrRevoked,
	CodeBusy: ErrBusy, CodeNoBundle: ErrNoBundle,
}

func (c Code) err() error {
	if c == CodeOK {
		return nil
	}
	if err, ok := codeErrors[c]; ok {
		return err
	}
	return fmt.Errorf("%w (unknown code %d)", ErrBusy, c)
}

// codeOfCard says what a desk is told about its enrolment.
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
