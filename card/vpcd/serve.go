package vpcd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// Card is what is inserted. Virtual cards of package card are such.
type Card interface {
	// Transmit answers one command. It is called by one goroutine, and ctx ends when the card is pulled. An error pulls the card
	// out and inserts it again.
	Transmit(ctx context.Context, command []byte) (response []byte, err error)
	// Reset forgets what a card forgets without power.
	Reset()
	// ATR is the answer to reset, 1 to 33 bytes.
	ATR() []byte
}

// What cannot work, now or later.
var (
	ErrAddress = errors.New("not the address of a virtual reader: give host and port, such as 127.0.0.1:35963")
	ErrATR     = errors.New("this card cannot be inserted: its answer to reset must have 1 to 33 bytes")
)

// errSelf: the dialler was given the port that it dials.
var errSelf = errors.New("connected with itself")

// Serve inserts c into the virtual reader at addr and answers for it until ctx ends, which pulls it: then it gives nil. A reader
// that is not there yet, or that ends, is dialled again. The card is reset whenever it is pulled.
func Serve(ctx context.Context, addr string, c Card) error {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return fmt.Errorf("%w: %q", ErrAddress, addr)
	}
	if n := len(c.ATR()); n < 1 || n > maxATR {
		return fmt.Errorf("%w, not %d", ErrATR, n)
	}
	pause := redialMin
	for {
		if conn, err := dial(ctx, net.Dialer{Timeout: dialTimeout}, addr); err == nil {
			began := time.Now()
			_ = converse(ctx, conn, c)
			if time.Since(began) > redialMax {
				pause = redialMin
			}
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
			pause = min(2*pause, redialMax)
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}

// dial never gives a connection with itself (TCP simultaneous open, crypto.md 5.6 trap 1).
func dial(ctx context.Context, d net.Dialer, addr string) (net.Conn, error) {
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if conn.LocalAddr().String() == conn.RemoteAddr().String() {
		conn.Close()
		return nil, errSelf
	}
	return conn, nil
}

// converse answers one connection until it, the card or ctx ends. It reads on while the card works, so that a card learns at once that
// its reader is gone.
func converse(ctx context.Context, conn net.Conn, c Card) error {
	ctx, pulled := context.WithCancelCause(ctx)
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	frames := make(chan []byte)
	go func() {
		defer close(frames)
		in := reader(conn)
		for {
			frame, err := readFrame(in)
			if err != nil {
				pulled(err)
				return
			}
			select {
			case frames <- frame:
			case <-ctx.Done():
				return
			}
		}
	}()
	c.Reset()
	for frame := range frames {
		if ctx.Err() != nil {
			continue // pulled: the reader's goroutine ends
		}
		if err := answerTo(ctx, conn, frame, c); err != nil {
			pulled(err)
		}
	}
	c.Reset()
	stop()
	conn.Close()
	return context.Cause(ctx)
}

// answerTo handles one frame, and wipes it: it may have been a VERIFY.
func answerTo(ctx context.Context, conn net.Conn, frame []byte, c Card) error {
	defer clear(frame)
	answer, err := respond(ctx, frame, c)
	if err != nil || answer == nil {
		return err
	}
	if err := conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	return writeFrame(conn, answer)
}

// respond gives the answer to a frame, nil where there is none.
func respond(ctx context.Context, frame []byte, c Card) ([]byte, error) {
	if len(frame) > 1 {
		return c.Transmit(ctx, frame)
	}
	switch frame[0] {
	case controlOff, controlOn, controlReset:
		c.Reset()
		return nil, nil
	case controlATR:
		return c.ATR(), nil
	}
	return nil, errControl
}
