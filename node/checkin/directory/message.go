package directory

import (
	"errors"
	"fmt"
)

// version is the only version of these messages.
const version = 1

// kind is what a stream is for.
type kind uint8

const (
	kindPut   kind = 1
	kindFetch kind = 2
)

// head is the first frame of a stream.
type head struct {
	Version uint8 `cbor:"1,keyasint"`
	Kind    kind  `cbor:"2,keyasint"`
}

// record is a listing on its way.
type record struct {
	Listing []byte `cbor:"1,keyasint"`           // COSE_Sign1; empty: it is gone
	Card    []byte `cbor:"2,keyasint,omitempty"` // CMS; absent when it is withdrawn, or was not wanted
}

// answer is the relay's first frame.
type answer struct {
	Version uint8 `cbor:"1,keyasint"`
	Code    code  `cbor:"2,keyasint"`
}

type code uint8

const (
	codeOK        code = 0
	codeMalformed code = 1
	codeVersion   code = 2
	codeBusy      code = 3
	codeClosed    code = 4
	codeForeign   code = 5
	codeListing   code = 6
	codeOlder     code = 7
	codeExpired   code = 8
	codeClock     code = 9
	codeCard      code = 10
	codeKind      code = 11
	codeFull      code = 12
	codeMany      code = 13
	codeFailed    code = 14
)

// Errors of the directory, each with what to do next.
var (
	ErrMalformed = errors.New("the relay does not understand the message: update this program")
	ErrVersion   = errors.New("the relay speaks another version: update this program or ask it to update")
	ErrBusy      = errors.New("the relay was asked too often: try again in a few minutes")
	ErrClosed    = errors.New("the relay takes no listings while its network file has expired: try again later")
	ErrForeign   = errors.New("a listing is taken from its own device only: connect with the practice's desk")
	ErrListing   = errors.New("this is not a listing: sign it again")
	ErrOlder     = errors.New("the relay has a newer listing of this device: sign it again")
	ErrExpired   = errors.New("the listing is over: sign it again")
	ErrClock     = errors.New("the listing is from the future: check the clock of this computer")
	ErrCard      = errors.New("the practice card in the listing is not good: enrol again")
	ErrKind      = errors.New("only institutions stand in the directory: enrol with the card of the practice (SMC-B), not with a person's")
	ErrFull      = errors.New("the relay's directory is full: ask its operator")
	ErrMany      = errors.New("this institution has too many listings: withdraw those of its other computers, or wait a week")
	ErrFailed    = errors.New("the relay could not write the listing down: try again in a few minutes")
	ErrAlias     = errors.New("the other name cannot be shown: shorten or retype it")
	ErrAnswer    = errors.New("the relay's answer is not of this protocol: try another relay")
)

// codes are all codes with their errors, to be read both ways.
var codes = map[code]error{
	codeMalformed: ErrMalformed, codeVersion: ErrVersion, codeBusy: ErrBusy, codeClosed: ErrClosed, codeForeign: ErrForeign,
	codeListing: ErrListing, codeOlder: ErrOlder, codeExpired: ErrExpired, codeClock: ErrClock, codeCard: ErrCard, codeKind: ErrKind,
	codeFull: ErrFull, codeMany: ErrMany, codeFailed: ErrFailed,
}

// codeOf is what the other side is told of an error.
func codeOf(err error) code {
	if err == nil {
		return codeOK
	}
	for c, sentinel := range codes {
		if errors.Is(err, sentinel) {
			return c
		}
	}
	return codeFailed
}

// check reads an answer.
func (a answer) check() error {
	if a.Version != version {
		return ErrVersion
	}
	if a.Code == codeOK {
		return nil
	}
	if err := codes[a.Code]; err != nil {
		return err
	}
	return fmt.Errorf("%w: code %d", ErrAnswer, a.Code)
}
