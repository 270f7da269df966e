package card

import (
	"context"
	"errors"
)

// Open finds out by the applications that answer what card is at the other end, and gives the driver for it: ErrForeignCard if none
// that Pieks knows. Readers' names and answers to reset are not looked at: cards of one kind come with many.
func Open(ctx context.Context, ch Channel) (Card, error) {
	t := newTransport(ch)
	for _, open := range []func(context.Context, *transport) (Card, error){openHealth, openPIV, openPKCS15} {
		c, err := open(ctx, t)
		if err == nil {
			return c, nil
		}
		if !errors.Is(err, errOtherCard) {
			return nil, err
		}
	}
	return nil, ErrForeignCard
}

// errOtherCard is what a driver says of a card that is not its own.
var errOtherCard = errors.New("card of another kind")

// selectApplication is SELECT by application identifier, without an answer.
func selectApplication(id []byte) Command { return Command{INS: 0xa4, P1: 0x04, P2: 0x0c, Data: id} }

// opening tells a refusal to open an application, which another kind of card gives, from a failure.
func opening(err error) error {
	sw, refused := refusal(err)
	switch {
	case !refused:
		return err
	case sw == swSecurity:
		return ErrContactless
	}
	return errOtherCard
}
