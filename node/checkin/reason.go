package checkin

import (
	"errors"
	"fmt"

	"pieks/node/control"
)

// Reason is why a desk did not do what it was asked for. Those below 14 are told in a refusal, which changes nothing: the same check-in can be tried
// again. The others end a check-in, in an outcome.
type Reason uint8

// The reasons of the protocol.
const (
	reasonNone      Reason = 0
	reasonMalformed Reason = 1
	reasonVersion   Reason = 2
	reasonBusy      Reason = 3
	reasonLimit     Reason = 4
	reasonClosed    Reason = 5
	reasonSignature Reason = 6
	reasonElsewhere Reason = 7
	reasonClock     Reason = 8
	reasonSession   Reason = 9
	reasonOrder     Reason = 10
	reasonReplay    Reason = 11
	reasonCard      Reason = 12
	reasonForeign   Reason = 13
	reasonGiveUp    Reason = 14
	reasonUnproven  Reason = 15
	reasonExpired   Reason = 16
	reasonBlocked   Reason = 17
	reasonPair      Reason = 18
	reasonHealthID  Reason = 19
	reasonLogin     Reason = 20
)

// Errors of a check-in, each with what to do next.
var (
	ErrMessage   = errors.New("not a check-in message: update this program, or ask the practice to")
	ErrVersion   = errors.New("the practice speaks another version of the check-in: update this program or ask it to update")
	ErrBusy      = errors.New("the practice could not write the check-in down: try again in a minute")
	ErrLimit     = errors.New("too many check-ins from here: try again in a minute, or tell the reception")
	ErrClosed    = errors.New("the practice takes no check-ins at the moment: tell the reception")
	ErrNotSigned = errors.New("the message was not signed by the key that it names: begin the check-in again")
	ErrElsewhere = errors.New("the check-in is for another practice: look the practice up again")
	ErrClock     = errors.New("the check-in comes from the future: set the clock of this computer")
	ErrSession   = errors.New("the answer belongs to another dialogue, or to one that is over: begin the proof again")
	ErrOrder     = errors.New("the answer came before its command: begin the proof again")
	ErrReplay    = errors.New("this answer or check-in was used before: begin a new check-in")
	ErrRefused   = errors.New("the card refused a command: put it onto the reader again")
	ErrForeign   = errors.New("this card is no eGK that can prove itself: use the patient's card")
	ErrGiveUp    = errors.New("the practice did not answer in time: check in again")
	ErrUnproven  = errors.New("the practice could not verify the card: tell the reception")
	ErrExpired   = errors.New("the card has run out: ask the insurer for a new one")
	ErrBlocked   = errors.New("the card is blocked: ask the insurer for a new one")
	ErrPair      = errors.New("the certificates of the card do not belong together: tell the reception")
	ErrHealthID  = errors.New("this practice takes no GesundheitsID: use the card")
	ErrLogin     = errors.New("the practice could not verify the login: log in again, or use the card")

	// ErrUnknown: a desk has nothing under this check-in.
	ErrUnknown = errors.New("the practice does not know this check-in: it was not delivered yet, or nothing came of it")
	// ErrTooLong: what the card or the identity provider said does not fit into a letter.
	ErrTooLong = errors.New("the proof is too long to be left for the practice: try again while it is reachable")
)

// reasons has for each number its error and its code of node/control. Where there is no code the sentence says it all.
var reasons = map[Reason]struct {
	err  error
	code string
}{
	reasonMalformed: {ErrMessage, ""},
	reasonVersion:   {ErrVersion, ""},
	reasonBusy:      {ErrBusy, ""},
	reasonLimit:     {ErrLimit, control.CodeCheckinLimit},
	reasonClosed:    {ErrClosed, ""},
	reasonSignature: {ErrNotSigned, control.CodeSession},
	reasonElsewhere: {ErrElsewhere, control.CodeNoInstitution},
	reasonClock:     {ErrClock, control.CodeCheckinClock},
	reasonSession:   {ErrSession, control.CodeSession},
	reasonOrder:     {ErrOrder, control.CodeSession},
	reasonReplay:    {ErrReplay, control.CodeReplay},
	reasonCard:      {ErrRefused, control.CodeCardRefused},
	reasonForeign:   {ErrForeign, control.CodeCardForeign},
	reasonGiveUp:    {ErrGiveUp, control.CodeGiveUp},
	reasonUnproven:  {ErrUnproven, control.CodeCardUnproven},
	reasonExpired:   {ErrExpired, control.CodeCardExpired},
	reasonBlocked:   {ErrBlocked, control.CodeCardBlocked},
	reasonPair:      {ErrPair, control.CodeCardUnproven},
	reasonHealthID:  {ErrHealthID, control.CodeNoHealthID},
	reasonLogin:     {ErrLogin, control.CodeLogin},
}

// err is the error for a reason that came from the other side.
func (r Reason) err() error {
	if known, ok := reasons[r]; ok {
		return known.err
	}
	return fmt.Errorf("%w: reason %d", ErrVersion, r)
}

// code is the word that programs translate.
func (r Reason) code() string { return reasons[r].code }

// Code is the code of node/control for an error of this package, "" where there is none: the desk was not reached, or has a passing trouble.
func Code(err error) string {
	for _, known := range reasons {
		if errors.Is(err, known.err) {
			return known.code
		}
	}
	return ""
}
