package patient

import (
	"context"

	"pieks/card/pace"
)

// Cards are the card readers of this computer, for a patient's own card.
type Cards interface {
	// Readers says which readers there are and what is in them, and sees to it for some seconds that pages are told when that changes. The
	// error is one of all readers, such as pcsc.ErrNoService.
	Readers(ctx context.Context) ([]Reader, error)
	// Prove opens the card in the reader of a name, without contacts by its access number, and drives it: step is asked for the first command with a
	// nil response, and then with what the card answered, until it gives no command. Its errors end it and come back as they are. Others are
	// pace.ErrWrongCAN (nothing is tried a second time), card.ErrContactless (a card without contacts and no access number), egk.ErrNotEGK, and
	// those of package pcsc.
	Prove(ctx context.Context, reader string, can pace.CAN,
		step func(ctx context.Context, response []byte, contactless bool) (command []byte, err error)) error
}

// Reader is a reader and whether there is a card in it.
type Reader struct {
	Name string // as the system has it; no two are alike
	Card bool
	Err  error // why the card in it cannot be used
}
