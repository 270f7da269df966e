//go:build !pcsc

package pcsc

import "context"

// Built says whether this program can use card readers.
const Built = false

// Conn is a connection to a card: here there are none.
type Conn struct{}

// Readers gives ErrNotBuilt.
func Readers(context.Context) ([]Reader, error) { return nil, ErrNotBuilt }

// Open gives ErrNotBuilt.
func Open(context.Context, string) (*Conn, error) { return nil, ErrNotBuilt }

// WaitForCard gives ErrNotBuilt.
func WaitForCard(context.Context, string) (Reader, error) { return Reader{}, ErrNotBuilt }

// WaitForRemoval gives ErrNotBuilt.
func WaitForRemoval(context.Context, string) error { return ErrNotBuilt }

// Reader is the zero Reader.
func (*Conn) Reader() Reader { return Reader{} }

// ATR is nil.
func (*Conn) ATR() []byte { return nil }

// Transmit gives ErrNotBuilt.
func (*Conn) Transmit(context.Context, []byte) ([]byte, error) { return nil, ErrNotBuilt }

// Reset gives ErrNotBuilt.
func (*Conn) Reset(context.Context) error { return ErrNotBuilt }

// Close has nothing to do.
func (*Conn) Close() error { return nil }
