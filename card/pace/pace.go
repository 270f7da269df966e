// Package pace opens the contactless interface of a health card: PACE with the card's access number (CAN), and secure messaging after it. Both ends
// are here; the card's makes a contactless card of a virtual one.
package pace

import (
	"context"
	"errors"

	"pieks/card"
)

// CAN is a card access number: six digits. It hides itself when printed.
type CAN string

// Check refuses what is not six digits.
func (c CAN) Check() error { return errSketch }

// ErrWrongCAN is an access number that is not the card's, which is another thing than no card.
var ErrWrongCAN = errors.New("the access number (CAN) is not this card's: it is printed on the front, six digits")

// Open runs PACE over ch and gives the channel on which plain commands go out secured.
func Open(ctx context.Context, ch card.Channel, can CAN) (card.Channel, error) { return nil, errSketch }

// Contactless makes of a card with contacts one in a contactless field: nothing but EF.CardAccess is read before PACE.
func Contactless(inner card.Channel, can CAN) card.Channel { return nil }

var errSketch = errors.New("not built yet")
