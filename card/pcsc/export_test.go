//go:build pcsc

package pcsc

import (
	"context"
	"time"
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
