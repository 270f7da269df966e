package reception

import (
	"context"
	"errors"

	"pieks/card"
)

// Cards are the card readers of this computer. Errors are those of packages card and pcsc, and the two below.
type Cards interface {
	// Readers says what is in the readers, and sees to it for some seconds that pages are told when that changes. It touches no PIN. The error
	// is one of all readers, such as pcsc.ErrNoService.
	Readers(ctx context.Context) ([]Reader, error)
	// Sign has the card in the reader of a name sign an enrolment, and presents the PIN once. What is there beside ErrUnreset was signed.
	Sign(ctx context.Context, reader string, pin card.PIN, s card.Statement) (cms []byte, err error)
}

var (
	// ErrBusy says that the terminal, or another tab, works with a card.
	ErrBusy = errors.New("a card is being used at this computer already, in the app or in a terminal: finish there, then retry")
	// ErrUnreset says that a card was used and could not be reset.
	ErrUnreset = errors.New("take the card out of the reader: it may still know its PIN")
)

// Reader is a reader and what is in it.
type Reader struct {
	Name string // as the system has it; no two are alike
	Card *Card  // nil: there is none, or see Err
	Err  error  // why the card in it cannot be read
}

// Card is what a card tells without its PIN.
type Card struct {
	card.Info
	Certificate []byte // for authentication, DER
}
