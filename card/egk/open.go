package egk

import (
	"context"
	"errors"
	"fmt"

	"pieks/card"
	"pieks/card/pace"
)

// swSecurity is what a card without contacts answers to everything before PACE (popp.md 3.4).
const swSecurity = 0x6982

// Open finds out whether a reader speaks to an eGK with or without contacts, and opens one without by its CAN: opened is what a dialogue goes over, ch
// itself with contacts, where a CAN is not looked at. It is tried once.
//
//	card.ErrContactless    a card without contacts, and no CAN
//	pace.ErrCAN            one that is not six digits; nothing was sent with it
//	pace.ErrWrongCAN       one that is not this card's
//	ErrNotEGK              a card of another kind
//
// What ch says of reader and card, such as pcsc.ErrRemoved, is passed on.
func Open(ctx context.Context, ch card.Channel, can pace.CAN) (opened card.Channel, contactless bool, err error) {
	_, err = ask(ctx, ch, readGDO)
	refused, isRefused := errors.AsType[*card.StatusError](err)
	if err != nil && !isRefused {
		return nil, false, err
	}
	if isRefused && refused.SW == swSecurity {
		if ch, err = openField(ctx, ch, can); err != nil {
			return nil, true, err
		}
		contactless = true
	}
	if _, err = ask(ctx, ch, selectRoot); err != nil {
		if _, isRefused = errors.AsType[*card.StatusError](err); isRefused && !errors.Is(err, ErrNotEGK) {
			err = fmt.Errorf("%w (%w)", ErrNotEGK, err)
		}
		return nil, contactless, err
	}
	return ch, contactless, nil
}

// openField opens a card without contacts. One that has no PACE refuses for other reasons, and is no eGK: a CAN would not help.
func openField(ctx context.Context, ch card.Channel, can pace.CAN) (opened card.Channel, err error) {
	if can == "" {
		if err = pace.Offered(ctx, ch); err == nil {
			return nil, card.ErrContactless
		}
	} else {
		opened, err = pace.Open(ctx, ch, can)
	}
	if errors.Is(err, pace.ErrNotOffered) {
		return nil, fmt.Errorf("%w (%w)", ErrNotEGK, err)
	}
	return opened, err
}

// ask sends one command of a dialogue before there is one.
func ask(ctx context.Context, ch card.Channel, p planned) ([]byte, error) {
	response, err := ch.Transmit(ctx, p.command)
	if err != nil {
		return nil, fmt.Errorf("ask the card to %s: %w", p.doing, err)
	}
	if len(response) < 2 {
		return nil, fmt.Errorf("%w: %d bytes", ErrAnswer, len(response))
	}
	return p.open(response)
}

// Run drives a whole dialogue with a card that Open has opened. Its errors are the dialogue's and, as they are, ch's: after one of ch the card is to be
// presented again, and a new dialogue to be begun.
func Run(ctx context.Context, ch card.Channel, d *Dialogue) error {
	var response []byte
	for {
		step, done, err := d.Next(response)
		if err != nil || done {
			return err
		}
		if response, err = ch.Transmit(ctx, step.Command); err != nil {
			return fmt.Errorf("ask the card to prove itself: %w", err)
		}
	}
}
