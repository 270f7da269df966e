package main

import (
	"context"
	"sync"

	"pieks/card"
	"pieks/card/pcsc"
	"pieks/node/control"
	"pieks/node/web/reception"
)

// cardDesk is where this process works with cards: one piece of work at a time, of the terminal or of the app. Whoever comes second is told so
// at once, and not after the ten seconds for which a reader would be waited for.
type cardDesk struct{ mu sync.Mutex }

// use opens the card in a reader for one piece of work. No other program gets in between, and the card forgets the PIN afterwards: unreset says
// that it may not have.
func (d *cardDesk) use(ctx context.Context, which string, do func(card.Card) error) (unreset, err error) {
	if !d.mu.TryLock() {
		return nil, control.Errorf(control.KindConflict, "%w", reception.ErrBusy)
	}
	defer d.mu.Unlock()
	conn, err := pcsc.Open(ctx, which)
	if err != nil {
		return nil, err
	}
	c, err := card.Open(ctx, conn)
	if err == nil {
		err = do(c)
	}
	return conn.Close(), err
}
