package mailbox

import (
	"errors"
	"fmt"
)

// Code is a relay's answer in a done frame.
type Code uint8

// Codes of the error table in the package documentation.
const (
	CodeOK        Code = 0
	CodeMalformed Code = 1
	CodeVersion   Code = 2
	CodeSize      Code = 3
	CodeBoxFull   Code = 4
	CodeBusy      Code = 5
	CodeRefused   Code = 6
	CodeFailed    Code = 7
)

// Errors that a relay's code becomes at the client.
var (
	ErrMalformed = errors.New("the relay did not understand the mailbox message: update Pieks")
	ErrVersion   = errors.New("the relay speaks another version of the mailbox protocol: update Pieks")
	ErrSize      = errors.New("an envelope has exactly 1,024 or 4,096 bytes")
	ErrBoxFull   = errors.New("the mailbox is full: its owner has to fetch first, or try its other relay")
	ErrBusy      = errors.New("the relay takes no more mail at the moment: try another relay, or again in some minutes")
	ErrRefused   = errors.New("the relay did not accept the signature for this mailbox")
	ErrFailed    = errors.New("the relay could not store or read mail: try another relay")
)

var codeErrors = map[Code]error{
	CodeMalformed: ErrMalformed, CodeVersion: ErrVersion, CodeSize: ErrSize, CodeBoxFull: ErrBoxFull,
	CodeBusy: ErrBusy, CodeRefused: ErrRefused, CodeFailed: ErrFailed,
}

// err is nil for CodeOK.
func (c Code) err() error {
	if c == CodeOK {
		return nil
	}
	if err, ok := codeErrors[c]; ok {
		return err
	}
	return fmt.Errorf("%w (unknown code %d)", ErrFailed, c)
}
