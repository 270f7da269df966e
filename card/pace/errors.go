package pace

import "errors"

var (
	// ErrCAN is refused before anything is sent.
	ErrCAN = errors.New("an access number (CAN) has six digits: look at the front of the card")
	// ErrWrongCAN is an access number that is not the card's, which is another thing than no card. It was tried once.
	ErrWrongCAN = errors.New("the access number (CAN) is not this card's: it is printed on the front, six digits")
	// ErrNotOffered is a card that answers, but has no PACE as German health cards have it.
	ErrNotOffered = errors.New("this card is not opened by an access number (CAN): lay a German health card on the reader")
	// ErrAgreement is a card whose part in PACE is none.
	ErrAgreement = errors.New("card and reader could not agree on a key: take the card away, lay it down again and retry")
	// ErrUnsecured is an answer that was not secured as agreed. The channel that gives it is over.
	ErrUnsecured = errors.New("the card's answer was not secured as agreed: take the card away, lay it down again and retry")
)

// errObjects is what is wrong with secured bytes of the other side.
var errObjects = errors.New("secure messaging objects are damaged")
