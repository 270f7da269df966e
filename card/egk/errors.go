package egk

import "errors"

// Errors of a dialogue.
var (
	ErrEarlyAnswer = errors.New("the card answered before it was asked: begin again")
	ErrNoAnswer    = errors.New("the card's answer is missing: begin again")
	ErrEnded       = errors.New("the dialogue with the card has ended: begin a new one")
	ErrAnswer      = errors.New("the card's answer makes no sense: take it away, present it again and retry")
	ErrG3          = errors.New("this eGK is of generation 3, which Pieks cannot ask yet: use the GesundheitsID instead, or ask at the reception")
)

// Errors of what a card said.
var (
	ErrExpired = errors.New("this eGK has expired: ask the insurer for a new one")
	ErrNoKVNR  = errors.New("the certificate on the card does not name one insured person: it is another than that for authentication")
	ErrNoIK    = errors.New("the certificate on the card does not name one insurer: ask the insurer")
)
