package patient

import (
	"context"
	"errors"

	"pieks/card/pace"
)

// Cards are the card readers of this computer, for a patient's own card.
type Cards interface {
	// Readers says which readers there are and what is in them, and sees to it for some seconds that pages are told when that changes. Nothing is read
	// of a card but what it is. The error is one of all readers, such as pcsc.ErrNoService.
	Readers(ctx context.Context) ([]Reader, error)
	// Prove opens the card in the reader of a name, without contacts by its access number, and drives it: step is asked for the first command with a
	// nil response, and then with what the card answered, until it gives no command. Its errors end it and come back as they are. Others, which can be
	// told apart by errors.Is; whatever happened, the same card can be tried again, and nothing is tried twice here:
	//
	//	pace.ErrCAN                      an access number that is not six digits: nothing was sent to the card
	//	pace.ErrWrongCAN                 an access number that is not the card's
	//	card.ErrContactless              a card without contacts, and "" for its access number
	//	egk.ErrNotEGK                    another kind of card
	//	pace.ErrAgreement, ErrUnsecured  a card or something between that does not keep to the protocol: lay it down again
	//	pcsc.ErrNoCard                   no card is in the reader
	//	pcsc.ErrRemoved, pcsc.ErrReset   the card went, or another program took it, in the middle
	//	pcsc.ErrMute, pcsc.ErrInUse      a card that does not answer, or that another program has
	//	pcsc.ErrHung, pcsc.ErrLost       reader or card stopped answering
	//	pcsc.ErrNoService and others     of all readers
	//	ErrBusy                          this program works with a card already
	Prove(ctx context.Context, reader string, can pace.CAN, step Step) error
}

// Step takes what the card answered, nil at first, and gives the next command; no command and no error ends the dialogue. contactless says how the card
// was opened.
type Step = func(ctx context.Context, response []byte, contactless bool) (command []byte, err error)

// ErrBusy says that the terminal, or another tab, works with a card.
var ErrBusy = errors.New("a card is being used at this computer already, in the app or in a terminal: finish there, then retry")

// Reader is a reader and whether there is a card in it.
type Reader struct {
	Name        string // as the system has it; no two are alike
	Card        bool
	Contactless bool  // the card in it wants its access number
	Err         error // why the card in it cannot be used
}
