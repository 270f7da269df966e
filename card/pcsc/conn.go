//go:build pcsc

package pcsc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/ebfe/scard"

	"pieks/card"
)

// Conn is a card that this process has for itself, from Open to Close. It is not for concurrent use: a card has one security state.
type Conn struct {
	stack  stack
	link   *link
	reader Reader
	atr    []byte
	used   bool  // a command was answered: the card may have a state that a reset would lose
	over   error // why there is no connection any more
	left   bool  // a call was left behind, and the link with it
}

var _ card.Channel = (*Conn)(nil)

// stuck counts the connections whose call was left behind and still runs: then it is not another program that has the card.
var stuck atomic.Int32

// Open connects with the card in a reader: which is its number, its name or a part of it, or "" for the only one with a card.
// It waits for another program that is using the card, and gives ErrInUse when that takes too long.
func Open(ctx context.Context, which string) (*Conn, error) { return system.open(ctx, which) }

func (s stack) open(ctx context.Context, which string) (*Conn, error) {
	c := &Conn{stack: s, link: &link{}}
	_, err := s.call(ctx, func(lane int) error {
		err := c.connect(which, lane)
		if err != nil {
			_ = c.link.close()
		}
		return err
	}, c.link.leave, func() { _ = c.link.close() })
	if errors.Is(err, ErrHung) && c.link.blocked() && stuck.Load() == 0 {
		return nil, ErrInUse
	}
	if err != nil {
		return nil, translate(err)
	}
	return c, nil
}

func (c *Conn) connect(which string, lane int) error {
	if err := c.link.establish(); err != nil {
		return err
	}
	readers, err := c.link.list(lane)
	if err != nil {
		return c.link.why("", lane, err)
	}
	if c.reader, err = choose(readers, which); err != nil {
		return err
	}
	if !c.reader.HasCard() {
		return fmt.Errorf("%s: %w", c.reader.Name, ErrNoCard)
	}
	if err := c.link.connect(c.reader); err != nil {
		return c.link.why(c.reader.Name, lane, err)
	}
	c.atr, err = c.link.atr()
	return err
}

// Reader says what the card is in, as it was when the connection was opened.
func (c *Conn) Reader() Reader { return c.reader }

// ATR is the card's answer to reset.
func (c *Conn) ATR() []byte { return bytes.Clone(c.atr) }

// Transmit sends one command APDU and gives the answer. After an error the connection is over. The command is wiped from what is kept
// of it here: it may be a VERIFY.
func (c *Conn) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	if len(command) < minCommand || len(command) > maxCommand {
		return nil, ErrCommand
	}
	command = bytes.Clone(command) // a call that is left behind may read it after the caller has wiped its own
	var answer []byte
	used := c.used
	err := c.use(ctx, func() (err error) {
		defer clear(command)
		answer, err = c.link.transmit(command, used)
		return err
	})
	if err != nil {
		return nil, err
	}
	c.used = true
	return answer, nil
}

// Reset makes the card forget its verified PIN and its selections. The connection stays this process's own.
func (c *Conn) Reset(ctx context.Context) error {
	var atr []byte
	err := c.use(ctx, func() (err error) {
		if err = c.link.card.Reconnect(scard.ShareShared, scard.ProtocolAny, scard.ResetCard); err == nil {
			atr, err = c.link.atr()
		}
		return err
	})
	if err == nil {
		c.atr = atr
	}
	return err
}

// use runs one call of the connection, and ends the connection if it fails.
func (c *Conn) use(ctx context.Context, do func() error) error {
	if c.over != nil {
		return c.over
	}
	if err := ctx.Err(); err != nil {
		return err // nothing was sent: the connection is as it was
	}
	l, name := c.link, c.reader.Name
	left, err := c.stack.call(ctx, func(lane int) error {
		err := do()
		if err != nil {
			err = l.why(name, lane, err)
		}
		return err
	}, nothing, func() {
		_ = l.close()
		stuck.Add(-1)
	})
	if left {
		stuck.Add(1)
	}
	if err != nil {
		err = translate(err)
		c.over, c.left = err, left
	}
	return err
}

// Close resets the card and gives it back. A connection that hangs is given back as soon as its call ends. An error means that the card
// may still have a verified PIN: it has to be pulled.
func (c *Conn) Close() error {
	if c.left || errors.Is(c.over, ErrClosed) {
		return nil
	}
	c.over = ErrClosed
	_, err := c.stack.call(context.Background(), func(int) error { return c.link.close() }, nothing, nothing)
	if err == nil || serviceGone(err) || cardGone(err) {
		return nil // a card without power, or reset by another, has no verified PIN; a new pcscd resets it first
	}
	return translate(err)
}
