package card

import (
	"errors"
	"fmt"
)

// PINError says that the card refused the PIN; Tries wrong ones are left before it blocks.
type PINError struct{ Tries int }

func (e *PINError) Error() string {
	if e.Tries == 1 {
		return "wrong PIN: one try left before the card blocks"
	}
	return fmt.Sprintf("wrong PIN: %d tries left before the card blocks", e.Tries)
}

// Errors of talking to a card.
var (
	ErrPINBlocked  = errors.New("the card's PIN is blocked: unblock it with the PUK in your card software")
	ErrPINShape    = errors.New("a card PIN has six to eight digits: nothing was sent to the card")
	ErrPINNeeded   = errors.New("the card wants its PIN before it signs")
	ErrForeignCard = errors.New("this card is neither an HBA nor an SMC-B: insert the practice's card")
)
