package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pieks/card"
	"pieks/card/pcsc"
	"pieks/node/web/reception"
)

// appCards are the readers for a practice's pages: with what a card tells without its PIN.
type appCards struct {
	*appReaders[reception.Reader]
	desk *cardDesk
}

// openCards gives a practice's app the readers: nil when this program was built without.
func openCards(desk *cardDesk, changed func()) *appCards {
	if !pcsc.Built {
		return nil
	}
	a := &appCards{desk: desk}
	a.appReaders = newReaders(changed, func(name string, _ bool, err error) reception.Reader { return reception.Reader{Name: name, Err: err} }, a.inspect)
	return a
}

// Close ends the watch and waits for it.
func (a *appCards) Close() {
	if a != nil {
		a.close()
	}
}

// inspect reads the card in a reader.
func (a *appCards) inspect(ctx context.Context, reader string) (out reception.Reader, stays bool) {
	out.Name = reader
	var told reception.Card
	_, err := a.desk.use(ctx, reader, func(c card.Card) (err error) {
		if told.Info, err = card.Inspect(ctx, c); err != nil {
			return err
		}
		told.Certificate, err = c.Certificate(ctx)
		return err
	})
	if out.Err = err; err == nil {
		out.Card = &told
	}
	return out, err == nil || errors.Is(err, card.ErrForeignCard) || errors.Is(err, card.ErrContactless) || errors.Is(err, card.ErrLayout)
}

// Sign has the card in a reader sign an enrolment. How many tries its PIN has left is read again after that.
func (a *appCards) Sign(ctx context.Context, reader string, pin card.PIN, s card.Statement) (cms []byte, err error) {
	unreset, err := a.desk.use(ctx, reader, func(c card.Card) (err error) {
		tries, err := c.PINTries(ctx)
		if err != nil {
			return err
		}
		if tries == 0 {
			return card.ErrPINBlocked
		}
		cms, err = card.Enrol(ctx, c, pin, s, time.Now())
		return err
	})
	a.forget(reader)
	if unreset != nil {
		err = errors.Join(err, fmt.Errorf("%w: %w", reception.ErrUnreset, unreset))
	}
	return cms, err
}
