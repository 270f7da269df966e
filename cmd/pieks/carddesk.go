package main

import (
	"context"
	"errors"
	"sync"

	"pieks/card"
	"pieks/card/egk"
	"pieks/card/pace"
	"pieks/card/pcsc"
	"pieks/node/control"
	"pieks/node/web/patient"
	"pieks/node/web/reception"
)

// cardDesk is where this process works with cards: one piece of work at a time, of the terminal or of the app. Whoever comes second is told so
// at once, and not after the ten seconds for which a reader would be waited for.
type cardDesk struct{ mu sync.Mutex }

// use opens the card in a reader for one piece of work. No other program gets in between, and the card forgets the PIN afterwards: unreset says
// that it may not have.
func (d *cardDesk) use(ctx context.Context, which string, do func(card.Card) error) (unreset, err error) {
	return d.channel(ctx, which, func(ch card.Channel) error {
		c, err := card.Open(ctx, ch)
		if err == nil {
			err = do(c)
		}
		return err
	})
}

// channel is use for who knows what card to expect.
func (d *cardDesk) channel(ctx context.Context, which string, do func(card.Channel) error) (unreset, err error) {
	if !d.mu.TryLock() {
		return nil, control.Errorf(control.KindConflict, "%w", reception.ErrBusy)
	}
	defer d.mu.Unlock()
	conn, err := pcsc.Open(ctx, which)
	if err != nil {
		return nil, err
	}
	err = do(conn)
	return conn.Close(), err
}

// prove is patient.Cards.Prove, for a reader by its name, its number, or "" for the only one with a card.
func (d *cardDesk) prove(ctx context.Context, which string, can pace.CAN, step patient.Step) error {
	_, err := d.channel(ctx, which, func(ch card.Channel) error { // no PIN was verified: a card that could not be reset gives nothing away
		opened, contactless, err := egk.Open(ctx, ch, can)
		if err != nil {
			return err
		}
		var response []byte
		for {
			command, err := step(ctx, response, contactless)
			if err != nil || command == nil {
				return err
			}
			if response, err = opened.Transmit(ctx, command); err != nil {
				return err
			}
		}
	})
	if errors.Is(err, reception.ErrBusy) {
		return control.Errorf(control.KindConflict, "%w", patient.ErrBusy)
	}
	return err
}

// proveWithCard drives the patient's card in a reader for a command, as the app does for a page. Its errors are those of patient.Cards.Prove.
func (a *app) proveWithCard(ctx context.Context, reader string, can pace.CAN, step patient.Step) error {
	return a.cards.prove(ctx, reader, can, step)
}
