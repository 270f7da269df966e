//go:build pcsc

package pcsc

import (
	"context"
	"time"

	"github.com/ebfe/scard"
)

// MaxCalls is maxCalls.
const MaxCalls = maxCalls

// ReadersWithin is Readers with another limit than ten seconds.
func ReadersWithin(ctx context.Context, limit time.Duration) ([]Reader, error) {
	return stack{limit: limit}.readers(ctx)
}

// OpenWithin is Open with another limit for all calls of the connection.
func OpenWithin(ctx context.Context, limit time.Duration, which string) (*Conn, error) {
	return stack{limit: limit}.open(ctx, which)
}

// OpenWhile is Open, but between runs when the card is connected and the transaction has not begun. It says whether another program was in
// the way.
func OpenWhile(ctx context.Context, limit time.Duration, name string, between func()) (blocked bool, err error) {
	l := &link{}
	if err := l.establish(); err != nil {
		return false, err
	}
	card, err := l.context.Connect(name, scard.ShareShared, scard.ProtocolAny)
	if err != nil {
		return false, err
	}
	l.card = card
	between()
	_, err = stack{limit: limit}.call(ctx, func(int) error { return l.begin() }, l.leave, func() { _ = l.close() })
	return l.blocked(), err
}
